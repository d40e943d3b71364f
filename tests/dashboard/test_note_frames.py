"""One note beside its peers, from tiny runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.frames import note as frames
from simulator.results.result import Result


@pytest.fixture(scope="module")
def runs(full_workspace: Path) -> tuple[Result, Result]:
    """Return the run without and the run with a boost."""
    natural, boosted = sorted((full_workspace / "runs").iterdir(), reverse=True)
    return Result.open(natural), Result.open(boosted)


def test_curves_end_at_the_impressions_of_the_window(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    table, notes = frames.curves(run), frames.judged(run)
    assert table.index.equals(notes.index)
    assert (np.diff(table.to_numpy(), axis=1) >= 0).all()
    np.testing.assert_array_equal(table[frames.window_h(run)], notes["impressions_24h"])


def test_best_and_worst_are_what_they_say(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    notes = frames.judged(run)
    best, worst = frames.choose(run, "best"), frames.choose(run, "worst")
    assert notes.loc[best, "impressions_24h"] == notes["impressions_24h"].max()
    missed = notes[notes["reached_target_t"].isna()]
    assert notes.loc[worst, "impressions_24h"] == missed["impressions_24h"].min()
    drawn = {frames.choose(run, "random", seed) for seed in range(20)}
    assert len(drawn) > 1
    assert drawn <= set(notes.index)


def test_a_journey_counts_up(runs: tuple[Result, Result]) -> None:
    run = runs[1]
    best = frames.choose(run, "best")
    assert best is not None
    found = frames.journey(run, best)
    assert len(found) == frames.judged(run).loc[best, "impressions_24h"]
    assert found["hour"].is_monotonic_increasing
    assert found["clicks"].iloc[-1] == frames.judged(run).loc[best, "clicks_24h"]
    assert ((found["low"] <= found["ctr"]) & (found["ctr"] <= found["high"])).all()
    path = frames.steps(found, frames.window_h(run))
    assert path["impressions"].iloc[[0, -1]].tolist() == [0, len(found)]


def test_the_coefficient_is_that_of_the_policy(runs: tuple[Result, Result]) -> None:
    natural, boosted = runs
    for run, expected in ((natural, 1.0), (boosted, 4.0)):
        best = frames.choose(run, "best")
        assert best is not None
        found = frames.journey(run, best)
        helped = found["coefficient"].to_numpy()[found["helped"] == (expected > 1)]
        assert helped.size
        np.testing.assert_allclose(helped, expected, rtol=1e-5)


def test_channels_are_counted_by_their_bits(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    best = frames.choose(run, "best")
    assert best is not None
    found = frames.journey(run, best)
    counts = frames.channel_counts(found, run.manifest.channels).set_index("channel")
    bits = [int(x).bit_count() for x in found["channels"]]
    assert counts["impressions"].sum() == sum(bits)


def test_peers_share_what_they_are_said_to_share(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    note = frames.choose(run, "best")
    assert note is not None
    notes = frames.judged(run)
    same = frames.peers(run, note, "category")
    assert set(notes.loc[same, "category"]) <= {notes.loc[note, "category"]}
    everybody = frames.peers(run, note, "all")
    assert len(everybody) == len(notes) - 1
    band = frames.band(run, everybody)
    assert (band["low"] <= band["median"]).all()
    assert (band["median"] <= band["high"]).all()
    assert frames.band(run, everybody[:0]).empty


def test_without_a_promise_the_path_is_the_even_pace(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    note = frames.choose(run, "best")
    assert note is not None
    path, promised = frames.quota_path(run, note)
    assert not promised
    assert path["impressions"].tolist() == [0, frames.target(run)]


def test_a_note_is_found_again_by_creator_and_instant(runs: tuple[Result, Result]) -> None:
    natural, boosted = runs
    kinds = set()
    for note in frames.notes_of(natural).index:
        found = frames.match(natural, int(note), boosted)
        kinds.add(found.how)
        if found.how != "same":
            continue
        assert found.note_id is not None
        here, there = (
            frames.facts_of(run, i) for run, i in ((natural, int(note)), (boosted, found.note_id))
        )
        for name in ("creator_id", "published_t", "category", "is_video", "title"):
            assert here[name] == there[name]
    assert "same" in kinds


def test_a_note_matches_itself(runs: tuple[Result, Result]) -> None:
    note = int(frames.notes_of(runs[0]).index[0])
    assert frames.match(runs[0], note, runs[0]) == frames.Match(note, "same")


def test_every_missed_quota_has_a_reason(runs: tuple[Result, Result]) -> None:
    run = runs[0]
    worst, best = frames.choose(run, "worst"), frames.choose(run, "best")
    assert worst is not None
    assert best is not None
    main, lags = frames.reason(run, worst)
    assert main == lags.loc[lags["times"].idxmin(), "factor"]
