"""Finished run folders with drawn event logs: what commands that read them are tested on."""

import shutil
from pathlib import Path

import numpy as np

from simulator.results import MetricParams, build_unit_tables
from tests.support.run_tables import drawn_columns, new_run

PARAMS = MetricParams(warm_up_days=1, measured_days=2, threshold_scale=0.1)
CHANNELS = ("category", "item_cf", "shadow.swing")


def finished_run(
    path: Path, *, n_events: int = 2_000, keep_events: bool = True, only_warm_up: bool = False
) -> Path:
    """Write the folder of a finished run and return it.

    Args:
        path: the folder.
        n_events: impressions, spread over all days.
        keep_events: whether to keep the event log.
        only_warm_up: whether nothing is shown after the warm-up.
    """
    columns = drawn_columns(PARAMS, n_events, 100, seed=2)
    columns["events"]["channels"] = (1 + np.arange(n_events) % 7).astype(np.uint32)
    for name in ("like", "collect", "comment", "share"):
        columns["events"][f"p_{name}"] = np.full(n_events, 0.05, np.float32)
    columns["events"]["p_dwell_s"] = np.full(n_events, 30, np.float32)
    if only_warm_up:
        early = columns["events"]["day"] < 0
        columns["events"] = {name: column[early] for name, column in columns["events"].items()}
    with new_run(path, PARAMS, channels=CHANNELS) as run:
        for name, writer in run.writers().items():
            if name in columns:
                writer.append(columns[name])
                writer.flush()
        build_unit_tables(run, PARAMS)
        run.finish(impressions=n_events)
    if not keep_events:
        shutil.rmtree(path / "events")
    return path
