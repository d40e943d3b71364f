"""Counts by note and hour, and promises, against the tables of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.app import api
from simulator.app.trial import TINY
from simulator.contracts.events import HOUR_S
from simulator.metrics.journeys import exposure_by_hour, promises
from simulator.results.folder import RunFolder
from simulator.results.result import Result


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return a tiny run whose policy promises impressions."""
    place = tmp_path_factory.mktemp("runs")
    return api.run({**TINY, "policies": [{"type": "quota"}]}, out=place)


def test_counts_are_those_of_the_log(run: Result) -> None:
    window = 6.0 * HOUR_S
    found = exposure_by_hour(RunFolder(run.folder), window)
    events = run.events(["note_id", "note_age_s"], f"note_age_s < {window}")
    assert found["impressions"].sum() == len(events)
    assert found["hour"].between(0, 5).all()
    note = int(found["note_id"].iloc[0])
    ages = events.loc[events["note_id"] == note, "note_age_s"].to_numpy(float)
    hours, n = np.unique(ages // HOUR_S, return_counts=True)
    own = found[found["note_id"] == note]
    assert own["hour"].tolist() == hours.tolist()
    assert own["impressions"].tolist() == n.tolist()


def test_promises_are_those_of_one_note(run: Result) -> None:
    some: Path = next((run.folder / "quotas").iterdir())
    import pandas as pd

    table = pd.read_parquet(some)
    note = int(table.loc[table["event"] == 0, "note_id"].iloc[0])
    found = promises(RunFolder(run.folder), note)
    assert len(found) >= 1
    assert (found["deadline_t"] > found["t"]).all()
    assert (found["target"] > 0).all()
    assert promises(RunFolder(run.folder), 10**8).empty
