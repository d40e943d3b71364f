"""Shocks: what changes at a simulated time, and what must not change."""

import numpy as np
import pytest

from simulator.app.loading import validate
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.engine.replication import Hooks
from tests.support.small_runs import TINY, logged, prepare, simulate

NOON_S = 12 * HOUR_S


def tables(folder, shocks, **overrides):
    prepare(folder, {"shocks": shocks, **overrides}).run(Hooks())
    return logged(folder, "events"), logged(folder, "notes")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return tables(tmp_path_factory.mktemp("plain"), [])


@pytest.mark.parametrize(
    "shock",
    [
        {"type": "score", "factor": 1.7},
        {"type": "scatter", "factor": 0.3},
        {"type": "outage", "until": "20h"},
        {"type": "publishing", "factor": 3},
        {"type": "traffic", "factor": 0.5},
    ],
    ids=lambda shock: shock["type"],
)
def test_nothing_changes_before_a_shock_begins(tmp_path, plain, shock):
    events, _ = tables(tmp_path, [{**shock, "at": "12h"}])
    before = [frame[frame["t"] < NOON_S] for frame in (events, plain[0])]
    if shock["type"] == "publishing":
        # Notes of a day have their rows in order of time, so the rows before noon are the same.
        assert before[0]["note_id"].equals(before[1]["note_id"])
    else:
        assert before[0].equals(before[1])
    assert not events.equals(plain[0])


def test_a_channel_joins_when_its_shock_begins(tmp_path):
    shock = {"type": "channel", "channel": "popular", "at": "12h"}
    recall = [{"type": "category", "k": 20, "per_category": 5}, {"type": "popular", "k": 20}]
    events, _ = tables(tmp_path, [shock], recall=recall)
    found = (events["channels"] & 2).astype(bool)
    assert not found[events["t"] < NOON_S].any()
    assert found[events["t"] >= NOON_S].any()


def test_nobody_is_served_during_an_outage(tmp_path, plain):
    events, _ = tables(tmp_path, [{"type": "outage", "at": "18h", "until": "20h"}])
    inside = (events["t"] >= 18 * HOUR_S) & (events["t"] < 20 * HOUR_S)
    usual = (plain[0]["t"] >= 18 * HOUR_S) & (plain[0]["t"] < 20 * HOUR_S)
    assert usual.any()
    assert not inside.any()
    assert (events["t"] >= 20 * HOUR_S).any()


def test_half_of_the_requests_fail_in_half_an_outage(tmp_path, plain):
    events, _ = tables(tmp_path, [{"type": "outage", "at": "0h", "share": 0.5}])
    n_first = plain[0].query("session_no == 0")["reader_id"].nunique()
    assert 0 < events["request_id"].nunique() < 0.8 * plain[0]["request_id"].nunique()
    assert n_first > 0


@pytest.mark.parametrize(("factor", "low", "high"), [(3, 2.9, 3), (1.5, 1.3, 1.7), (0.5, 0.3, 0.7)])
def test_creators_publish_more_or_less(tmp_path, factor, low, high):
    surge = [{"type": "publishing", "at": "0h", "factor": factor}]
    usual, now = (
        tables(tmp_path / name, shocks, **{"world.readers.n": 800})[1].query(
            f"0 <= published_t < {DAY_S}"
        )
        for name, shocks in (("usual", []), ("now", surge))
    )
    assert low * len(usual) <= len(now) <= high * len(usual)
    assert now["published_t"].is_monotonic_increasing
    if factor >= 1:
        known = set(zip(now["creator_id"], now["published_t"], strict=True))
        assert set(zip(usual["creator_id"], usual["published_t"], strict=True)) <= known


def test_traffic_is_thinned_session_by_session(tmp_path, plain):
    events, _ = tables(tmp_path, [{"type": "traffic", "at": "0h", "factor": 0.5}])
    sessions = [frame.groupby("reader_id")["session_no"].nunique().sum() for frame in
                (events, plain[0])]  # fmt: skip
    assert 0.35 < sessions[0] / sessions[1] < 0.65


def test_a_common_factor_on_all_values_moves_no_slate(tmp_path, plain):
    events, _ = tables(tmp_path, [{"type": "score", "at": "0h", "factor": 2.0}])
    assert events["note_id"].equals(plain[0]["note_id"])
    np.testing.assert_allclose(events["final_value"], 2 * plain[0]["final_value"], rtol=1e-6)


def test_a_shock_survives_a_stop(tmp_path):
    shocks = [
        {"type": "scatter", "at": "6h", "factor": 0.3},
        {"type": "publishing", "at": "0h", "factor": 2},
        {"type": "outage", "at": "10h", "until": "11h", "share": 0.7},
    ]
    whole = simulate(tmp_path / "whole", {"shocks": shocks})
    stops = iter([False] * 60 + [True] * 1_000)
    with pytest.raises(Exception, match="stopped"):
        simulate(
            tmp_path / "part", {"shocks": shocks}, hooks=Hooks(should_stop=lambda: next(stops))
        )
    assert simulate(tmp_path / "part", {"shocks": shocks}, resume=True) == whole


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        ({"type": "channl", "at": "1h"}, "Did you mean 'channel'"),
        ({"type": "channel", "channel": "popula", "at": "1h"}, "did you mean 'popular'"),
        ({"type": "outage", "at": "5d"}, "not before the horizon"),
        ({"type": "outage", "at": "5h", "until": "4h"}, "is not after"),
        ({"type": "traffic", "at": "5h", "factor": 2}, "Allowed: 0 to 1"),
        ({"type": "traffic"}, "at"),
    ],
)
def test_shocks_out_of_place_are_refused(shock, words):
    findings = validate({**TINY, "shocks": [shock]})
    assert len(findings) == 1
    assert words in str(findings[0])
