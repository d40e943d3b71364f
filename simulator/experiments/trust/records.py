"""What the checks are told of a test, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from simulator.experiments.analysis.srm import SRM_ALPHA
from simulator.experiments.errors import AnalysisError, check_share

CheckName = Literal[
    "sample_ratio",
    "contamination",
    "outliers",
    "peeking",
    "novelty",
    "metric_fishing",
    "thin_pool",
    "shared_quota",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a check raises its flag.

    Attributes:
        sample_ratio: p-value of the sizes of the arms, below.
        leverage: share of the variance of the primary difference that one unit holds, above.
        false_positives: false-positive rate of the looks that were planned, above.
        drift: p-value of "the effect is the same on all days", below.
        unplanned: adjusted p-value that a metric which was not the primary one must reach.
        pool: share of the platform's notes that readers of an arm may be shown, below.
        load: impressions that treated readers give to promises over their fair part, above, with
            the lower end of a 99 % interval.
    """

    sample_ratio: float = SRM_ALPHA
    leverage: float = 0.2
    false_positives: float = 0.075
    drift: float = 0.001
    unplanned: float = 0.01
    pool: float = 0.9
    load: float = 1.1


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a test besides its table; a check without its part is not made.

    Attributes:
        primary: metric that was agreed on before the test.
        claimed: metric that the result is claimed on; the primary one by default.
        control: label of the control arm; by default "control" or the first in sorted order.
        share: share of units meant to be treated.
        day: column of the day of a row, whole numbers; None when rows are totals of the test.
        looks: fractions of the planned data at which the test was to be looked at and could have
            been stopped, rising, in (0, 1].
        sequential: whether the rule of stopping allows for these looks.
        alpha: level of the test.
        pools: one row an arm with `new_share` and `old_share`, the shares of the platform's notes
            that its readers may be shown; `pool_thickness` returns it.
        ledger: one row a promise to a note: `promised` impressions of the whole platform, and
            `treatment`, what treated readers gave of them.
    """

    primary: str
    claimed: str | None = None
    control: object | None = None
    share: float = 0.5
    day: str | None = None
    looks: tuple[float, ...] = (1.0,)
    sequential: bool = False
    alpha: float = 0.05
    pools: pd.DataFrame | None = None
    ledger: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        check_share(self.share, "share")
        check_share(self.alpha, "alpha")

    def shares(self, labels: list[object]) -> Mapping[object, float]:
        """Return label -> share meant for it; control comes first.

        Raises:
            AnalysisError: there are not two arms.
        """
        if len(labels) != 2:
            raise AnalysisError(f"the checks need two arms, found {labels!r}")
        return {labels[0]: 1.0 - self.share, labels[1]: self.share}


@dataclass(frozen=True, slots=True)
class TrustCheck:
    """Answer of one check.

    Attributes:
        name: name of the check.
        flagged: whether the test should not be believed as it stands.
        value: what was found; NaN when the check could not be made.
        limit: where the flag is raised.
        finding: one sentence.
    """

    name: CheckName
    flagged: bool
    value: float
    limit: float
    finding: str
