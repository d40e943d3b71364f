"""How many notes an arm may be shown: a thinner pool changes the outcomes of any design."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.contracts.events import DAY_S, Arm
from simulator.contracts.plugins import ExperimentDesign

if TYPE_CHECKING:
    from simulator.results.result import Result


def pool_thickness(test: Result, design: ExperimentDesign[Any]) -> pd.DataFrame:
    """Return the shares of the platform's notes that each arm of readers may be shown.

    Notes count as new when they were published in the test. Arms of a test whose share of old
    notes is whole but whose share of new ones is not face more competition for a new note than
    readers would after a launch.

    Args:
        test: the run of the design.
        design: the design, set up.

    Returns:
        One row an arm, control first: `arm`, `new_share`, `old_share`, in [0, 1]; NaN where the
        platform has no such notes.
    """
    seen = design.visible()
    visible = np.ones((len(Arm), len(Arm)), np.bool_) if seen is None else seen
    start_t = test.manifest.params.warm_up_days * DAY_S
    arm = test.notes["note_arm"].to_numpy(np.int64)
    is_new = test.notes["published_t"].to_numpy() >= start_t
    new, old = (
        np.bincount(arm[rows], minlength=len(Arm)).astype(np.float64) for rows in (is_new, ~is_new)
    )
    rows = [
        (label, _share(new, visible[int(of)]), _share(old, visible[int(of)]))
        for label, of in (("control", Arm.CONTROL), ("treatment", Arm.TREATMENT))
    ]
    return pd.DataFrame(rows, columns=["arm", "new_share", "old_share"])


def normaliser(test: Result, design: ExperimentDesign[Any]) -> tuple[float, float] | None:
    """Return what outcomes of a note are multiplied by in each arm; None where nothing is.

    A feed of so many new notes a reader gives a note of an arm N_a x / n_a impressions, with N_a
    readers and the n_a new notes that they may be shown, and N x / n in the whole platform. The
    factor is (n_a / n) / (N_a / N).

    Args:
        test: the run of the design.
        design: the design, set up.
    """
    if not getattr(design, "normalises", False):
        return None
    days = test.readers[test.readers["day"] >= 0]
    arm = days.drop_duplicates("reader_id")["reader_arm"].to_numpy(np.int64)
    n_readers = np.bincount(arm, minlength=len(Arm))
    new = pool_thickness(test, design)["new_share"].to_numpy(np.float64)
    if not n_readers[:2].all() or not (new > 0).all():
        return None
    found = new / (n_readers[:2] / n_readers.sum())
    return float(found[0]), float(found[1])


def normalised(
    table: pd.DataFrame, arm: str, test: Result, design: ExperimentDesign[Any]
) -> pd.DataFrame:
    """Return a table of notes or meetings with sums over pairs multiplied by their arm's factor."""
    factors = normaliser(test, design)
    if factors is None:
        return table
    by_row = np.append(factors, 1.0)[table[arm].to_numpy(np.int64)]
    return table.assign(**{name: table[name] * by_row for name in PAIR_SUMS})


PAIR_SUMS: Final = ("impressions_24h", "clicks_24h")
"""Outcomes of notes that are sums over readers."""


def _share(counts: np.ndarray[Any, Any], shown: np.ndarray[Any, Any]) -> float:
    total = float(counts.sum())
    return float(counts[shown].sum()) / total if total else float("nan")
