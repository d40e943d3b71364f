"""Tables of the funnel, from tiny runs and against other tables of theirs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dashboard.frames import funnel as frames
from simulator.metrics.channels import channel_tables
from simulator.metrics.failures import STAGES
from simulator.results.folder import RunFolder
from simulator.results.result import Result


@pytest.fixture(scope="module")
def run(full_workspace: Path) -> Result:
    """Return the run with a boost."""
    return Result.open(min((full_workspace / "runs").iterdir()))


def test_no_stage_lets_more_through_than_it_got(run: Result) -> None:
    found = frames.stages(run)
    assert found["stage"].tolist() == list(STAGES)
    assert (found["kept"].dropna() <= 1).all()
    assert found["reached"].is_monotonic_decreasing
    np.testing.assert_allclose(
        found["requests"].iloc[0] * found["kept"].dropna().prod(), found["requests"].iloc[-1]
    )


def test_losses_are_shares_of_what_missed(run: Result) -> None:
    n, missed = frames.n_judged(run)
    found = frames.losses(run)
    assert 0 < missed <= n
    assert found["notes"].sum() == missed
    assert found["share"].sum() == pytest.approx(1)


def test_channels_agree_with_the_metrics_of_channels(run: Result) -> None:
    other = channel_tables(RunFolder(run.folder))
    shown = other.shown
    whole = shown[(shown["age"] == "all") & (shown["exposure"] == "all")].set_index("channel")
    found = frames.channel_table(run, new_only=False).set_index("channel")
    np.testing.assert_array_equal(found["found"], whole.loc[found.index, "found"])
    np.testing.assert_allclose(found["share"], whole.loc[found.index, "share"])
    np.testing.assert_allclose(found["alone_share"], whole.loc[found.index, "alone_share"])
    ours, theirs = frames.overlap(run, new_only=False), other.overlap
    np.testing.assert_allclose(ours["share"], theirs["of_channel"])


def test_new_notes_are_a_part_of_all(run: Result) -> None:
    everything = frames.channel_table(run, new_only=False)["found"]
    new = frames.channel_table(run, new_only=True)["found"]
    assert (new <= everything).all()
    events = run.events(["note_age_s"], "day >= 0 AND note_age_s < 86400")
    table = frames.masks(run)
    assert table.loc[table["is_new"], "impressions"].sum() == len(events)


def test_channels_say_what_they_were_asked_for(run: Result) -> None:
    found = frames.channel_table(run, new_only=False)
    assert found["asked"].notna().all()
    limits = frames.limits(run)
    assert limits["recalled"] == found["asked"].sum()
    assert limits["passed_pre_rank"] >= limits["passed_rank"] >= limits["placed"]


def test_costs_are_those_of_the_profile(run: Result) -> None:
    seconds = json.loads((run.folder / "profile.json").read_text())["seconds"]
    found = frames.costs(run).set_index("stage")
    recall = sum(s for name, s in seconds.items() if name.partition(".")[0] == "recall")
    assert found.loc["recall", "seconds"] == pytest.approx(recall)
    assert found["share"].sum() == pytest.approx(1)
    whole = found["micros"].sum() * run.manifest.impressions / 1e6
    assert whole == pytest.approx(sum(seconds.values()))


@pytest.mark.parametrize("text", [None, "{", "[]", '{"seconds": {"rank": "much"}}'])
def test_a_run_without_a_profile_has_no_costs(
    run: Result, tmp_path: Path, text: str | None
) -> None:
    place = tmp_path / run.folder.name
    shutil.copytree(run.folder, place, ignore=shutil.ignore_patterns("events", frames.PROFILE))
    if text is not None:
        (place / frames.PROFILE).write_text(text)
    assert frames.costs(Result.open(place)).empty
