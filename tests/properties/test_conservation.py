"""Impressions are neither lost nor made between log, unit tables, metrics and manifest."""

import numpy as np
import pytest

import simulator
from simulator.results.result import Result
from tests.support.small_runs import TINY, logged, simulate

TABLES = ("notes", "readers", "creators")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Result:
    """Return a finished run with a day of warm-up and two measured days."""
    changes = {
        "warm_up": "1d",
        "horizon": "2d",
        "serving_window_s": 120,
        "policies": [{"type": "boost", "coefficient": 2.0, "until_impressions": 6}],
    }
    return simulator.run({**TINY, **changes}, out=tmp_path_factory.mktemp("conserved"))


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_every_impression(run, table):
    events = run.events(["click", "like", "hide"])
    frame = getattr(run, table)
    assert frame["impressions"].sum() == len(events) == run.manifest.impressions
    assert frame["clicks"].sum() == events["click"].sum()


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("notes", ["note_id"]),
        ("readers", ["day", "reader_id"]),
        ("creators", ["day", "creator_id"]),
    ],
)
def test_every_unit_has_its_own_impressions(run, table, keys):
    counted = run.events(keys).value_counts()
    frame = getattr(run, table).set_index(keys)["impressions"]
    shown = frame[frame > 0]
    index = [key if len(keys) > 1 else key[0] for key in counted.index]
    assert shown.to_dict() == dict(zip(index, counted.tolist(), strict=True))


def test_metrics_count_measured_days_only(run):
    metrics, events = run.metrics, run.events(["day", "click", "note_age_s", "view_s", "dwell_s"])
    assert sorted(events["day"].unique()) == [-1, 0, 1]
    measured = events[events["day"] >= 0]
    visits = (run.readers["day"] >= 0).sum()
    assert metrics["dau"] * 2 == pytest.approx(visits)
    assert metrics["impressions_per_dau"] * visits == pytest.approx(len(measured))
    assert metrics["ctr"] == pytest.approx(measured["click"].mean())
    is_new = measured["note_age_s"] < 86_400
    assert metrics["new_note_impression_share"] == pytest.approx(is_new.mean())
    assert metrics["new_note_ctr"] == pytest.approx(measured.loc[is_new, "click"].mean())
    minutes = (measured["view_s"] + measured["dwell_s"]).sum() / 60
    assert metrics["time_spent_min_per_dau"] * visits == pytest.approx(minutes, rel=1e-4)
    published = run.notes["published_day"].between(0, 1).sum()
    assert metrics["notes_per_dau"] * visits == pytest.approx(published)


def test_days_add_up_to_the_whole(run):
    daily = run.daily
    assert daily.index.tolist() == [0, 1]
    weights = daily["dau"] * daily["impressions_per_dau"]
    assert np.average(daily["ctr"], weights=weights) == pytest.approx(run.metrics["ctr"])
    assert daily["dau"].mean() == pytest.approx(run.metrics["dau"])


def test_grants_are_counted_where_they_were_logged(run):
    granted = run.events(["note_id"], "granted_by <> 0")["note_id"].value_counts()
    grants = run.notes.set_index("note_id")["grants"]
    assert grants[grants > 0].to_dict() == granted.to_dict()
    assert grants.max() == 6


def test_a_higher_limit_grants_more(tmp_path):
    grants = []
    for limit in (1, 3, 9, 27):
        policy = {"type": "boost", "coefficient": 3.0, "until_impressions": limit}
        simulate(tmp_path / str(limit), {"policies": [policy]})
        grants.append(int((logged(tmp_path / str(limit), "events")["granted_by"] > 0).sum()))
    assert grants == sorted(grants)
    assert grants[-1] > 2 * grants[0]
