"""What a run must say about the trainings of its learners."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulator.results.tables import TABLES


def training_remarks(folder: Path) -> dict[str, str]:
    """Return, by learner, what went wrong: trainings that diverged, learners that never learned.

    Args:
        folder: run folder with its table of trainings.
    """
    import pyarrow.parquet as pq

    columns = ["learner", "status", "detail"]
    parts = [pq.read_table(path, columns=columns) for path in TABLES["trainings"].files(folder)]
    if not parts:
        return {}
    learner, status, detail = (
        np.concatenate([part[name].to_numpy() for part in parts]) for name in columns
    )
    remarks = {}
    for name in dict.fromkeys(learner.tolist()):
        own, words = status[learner == name], detail[learner == name]
        n_diverged = int((own == "diverged").sum())
        if n_diverged:
            first = words[own == "diverged"][0]
            remarks[name] = f"{n_diverged} of {own.size} trainings diverged, the first: {first}"
        elif not (own == "ok").any():
            remarks[name] = f"none of {own.size} trainings had anything to learn from: {words[-1]}"
    return remarks
