"""Every defect on many seeds, and which checks raise a flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.experiments.defects import implants
from simulator.experiments.defects.clean import Shape, TestTables
from simulator.experiments.errors import AnalysisError
from simulator.experiments.trust import CheckName, trust_checks


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of broken test.

    Attributes:
        name: name of the row.
        check: check that has to find it; None for the clean test.
        implant: seed and sizes -> the test with the defect.
    """

    name: str
    check: CheckName | None
    implant: Callable[[int, Shape], TestTables]

    @property
    def what(self) -> str:
        """What is wrong, in words."""
        return (self.implant.__doc__ or "").strip().splitlines()[0]


CLEAN: Final = Defect("clean", None, implants.clean)

DEFECTS: Final = (
    Defect("sample ratio", "sample_ratio", implants.sample_ratio),
    Defect("contamination", "contamination", implants.contamination),
    Defect("whale", "outliers", implants.whale),
    Defect("peeking", "peeking", implants.peeking),
    Defect("novelty", "novelty", implants.novelty),
    Defect("metric fishing", "metric_fishing", implants.metric_fishing),
    Defect("thin pool", "thin_pool", implants.thin_pool),
    Defect("shared quota", "shared_quota", implants.shared_quota),
    CLEAN,
)


@dataclass(frozen=True, slots=True)
class Row:
    """What the checks say of one kind of test.

    Attributes:
        defect: name of the row.
        what: what is wrong, in words.
        check: check that has to find it, None for the clean test.
        n: seeds.
        rates: check -> share of seeds with its flag.
        found: share of seeds in which its own check raises its flag; in the clean row, any check.
        others: share of seeds in which any other check raises a flag.
        example: finding of its own check at the first seed; of all checks together none.
    """

    defect: str
    what: str
    check: str | None
    n: int
    rates: dict[str, float]
    found: float
    others: float
    example: str

    @property
    def is_right(self) -> bool:
        """Whether a defect is found in 95 % of seeds, or the clean test is left alone in 95 %."""
        return self.found <= 0.05 if self.check is None else self.found >= 0.95


def run_defects(n_seeds: int = 100, first_seed: int = 1, shape: Shape = Shape()) -> list[Row]:  # noqa: B008
    """Implant every defect on every seed and run all checks on it.

    Args:
        n_seeds: number of seeds.
        first_seed: the first of them.
        shape: sizes of the tests.

    Returns:
        One row a defect, the clean test last.

    Raises:
        AnalysisError: no seed.
    """
    if n_seeds < 1:
        raise AnalysisError(f"needs one seed or more (got {n_seeds})")
    return [_row(defect, range(first_seed, first_seed + n_seeds), shape) for defect in DEFECTS]


def _row(defect: Defect, seeds: range, shape: Shape) -> Row:
    flags, example = [], ""
    names: list[str] = []
    for seed in seeds:
        test = defect.implant(seed, shape)
        found = trust_checks(test.table, test.metrics, "reader", "arm", test.record)
        names = [check.name for check in found]
        flags.append([check.flagged for check in found])
        if not example and defect.check is not None:
            example = next(check.finding for check in found if check.name == defect.check)
    raised = np.array(flags, np.bool_)
    own = np.array([name == defect.check for name in names])
    any_other = float(raised[:, ~own].any(axis=1).mean())
    hit = float(raised[:, own].any(axis=1).mean()) if defect.check else any_other
    rates = {name: float(rate) for name, rate in zip(names, raised.mean(axis=0), strict=True)}
    return Row(defect.name, defect.what, defect.check, len(seeds), rates, hit, any_other, example)
