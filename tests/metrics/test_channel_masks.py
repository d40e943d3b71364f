"""Counts by set of channels, against the event log."""

from __future__ import annotations

from pathlib import Path

from simulator.app import api
from simulator.app.trial import TINY
from simulator.metrics.channel_masks import channel_masks
from simulator.results.folder import RunFolder


def test_counts_are_those_of_the_log(tmp_path: Path) -> None:
    run = api.run({**TINY, "warm_up": "1d"}, out=tmp_path)
    found = channel_masks(RunFolder(run.folder))
    events = run.events(["channels", "note_age_s", "click"], "day >= 0")
    assert found["impressions"].sum() == len(events)
    assert found["clicks"].sum() == events["click"].sum()
    events["is_new"] = events["note_age_s"] < 86_400
    counts = events.groupby(["channels", "is_new"])["click"].agg(["size", "sum"]).reset_index()
    assert found["channels"].tolist() == counts["channels"].tolist()
    assert found["is_new"].tolist() == counts["is_new"].tolist()
    assert found["impressions"].tolist() == counts["size"].tolist()
    assert found["clicks"].tolist() == counts["sum"].tolist()
