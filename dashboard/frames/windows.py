"""Which notes of a run can be judged: those with a whole window inside the measured days."""

from __future__ import annotations

import pandas as pd

from simulator.results.result import Result


def published(run: Result) -> pd.DataFrame:
    """Return the notes that were published on measured days."""
    days = run.notes["published_day"]
    return run.notes[(days >= 0) & (days < run.manifest.params.measured_days)]


def whole_window(run: Result, window_s: float) -> pd.DataFrame:
    """Return the notes of measured days that have their first `window_s` seconds inside the run."""
    notes = published(run)
    return notes[notes["published_t"] <= run.manifest.params.end_t - window_s]
