"""Did serving keep to the design? Impressions that an arm should not have had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.cells import Cells


@dataclass(frozen=True, slots=True)
class Leaks:
    """Impressions of the test that break its design; all are 0 in a sound test.

    Attributes:
        impressions: impressions of the test in all.
        hidden: impressions of notes that the reader's arm must not be shown.
        treated_control: impressions of untreated pairs that the treatment's policies helped.
        untreated_treatment: impressions of treated pairs that control's policies helped.
    """

    impressions: int
    hidden: int
    treated_control: int
    untreated_treatment: int

    @property
    def total(self) -> int:
        """Return all of them."""
        return self.hidden + self.treated_control + self.untreated_treatment


def leaks_of(cells: Cells, design: ExperimentDesign[Any]) -> Leaks:
    """Count what the log holds against the design.

    Args:
        cells: sums of the test's event log.
        design: the design, set up.
    """
    seen, by_control, by_treatment = np.moveaxis(cells.log, -1, 0)
    treated = np.array([design.treated(day) for day in range(seen.shape[0])])
    visible = design.visible()
    if getattr(design, "merging", None) is not None:
        # Two rankings are merged: each is helped by its own policies, whatever the pair.
        by_treatment, by_control = np.zeros_like(seen), np.zeros_like(seen)
    return Leaks(
        int(seen.sum()),
        0 if visible is None else int(seen[:, ~visible].sum()),
        int(by_treatment[~treated].sum()),
        int(by_control[treated].sum()),
    )
