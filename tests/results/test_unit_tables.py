"""Unit tables of a small platform, every number worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results import MetricParams, Query, build_unit_tables
from tests.support.run_tables import drawn_columns, new_run, published, seen, write_rows

# One day of warm-up and two measured days; the quota is two impressions in 12 hours.
PARAMS = MetricParams(
    warm_up_days=1,
    measured_days=2,
    quota_impressions=20,
    threshold_scale=0.1,
    quota_window_s=12 * HOUR_S,
)
BACKLOG = published(PARAMS, 0, 50, -2.0 * DAY_S)
NOTE = published(PARAMS, 1, 51, 1.25 * DAY_S)
UNSEEN = published(PARAMS, 2, 51, 1.5 * DAY_S)
EVENTS = [
    seen(PARAMS, BACKLOG, 0.5 * DAY_S, 7, view_s=2.0),
    seen(PARAMS, BACKLOG, 1.3 * DAY_S, 7, view_s=1.25, click=1, dwell_s=10.5, like=1, follow=1),
    seen(PARAMS, NOTE, 1.3 * DAY_S, 7, position=1, view_s=3.0, hide=1, granted_by=2, reader_arm=1),
    seen(PARAMS, NOTE, 1.4 * DAY_S, 8, click=1, collect=1, comment=1, share=1, request_id=1),
    seen(PARAMS, NOTE, 1.4 * DAY_S, 8, click=1, request_id=1, position=1, granted_by=1),
    seen(PARAMS, NOTE, 2.26 * DAY_S, 8, click=1, like=1, request_id=2),
]
ACTIVITY = [
    {"day": -1, "reader_id": 7, "sessions": 1, "requests": 2},
    {"day": 0, "reader_id": 7, "sessions": 2, "requests": 5, "reader_arm": 1},
    {"day": 0, "reader_id": 8, "sessions": 1, "requests": 1},
    {"day": 0, "reader_id": 9, "sessions": 1, "requests": 1},
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, pd.DataFrame]:
    with new_run(tmp_path_factory.mktemp("runs") / "r", PARAMS) as run:
        write_rows(run, EVENTS, [BACKLOG, NOTE, UNSEEN], ACTIVITY)
        build_unit_tables(run, PARAMS)
        names = ("reader_days", "creator_days", "note_outcomes")
        with Query(run.path, names) as query:
            return {name: query.frame(f"SELECT * FROM {name}") for name in names}


def test_reader_days(tables):
    found = tables["reader_days"].set_index(["day", "reader_id"])
    assert found.index.tolist() == [(-1, 7), (0, 7), (0, 8), (0, 9), (1, 8)]
    busy = found.loc[(0, 7)].to_dict()
    assert busy == {
        "reader_arm": 1,
        "sessions": 2,
        "requests": 5,
        "impressions": 2,
        "clicks": 1,
        "likes": 1,
        "collects": 0,
        "comments": 0,
        "shares": 0,
        "follows": 1,
        "hides": 1,
        "time_spent_s": 14.75,
        "new_impressions": 1,
        "new_clicks": 0,
        "new_interactions": 0,
    }
    assert found.loc[(0, 8), ["new_impressions", "new_clicks", "new_interactions"]].tolist() == [
        2,
        2,
        3,
    ]
    assert found.loc[(0, 9)].drop(["sessions", "requests"]).sum() == 0
    # The activity table has no such row: the impression alone says that the reader came.
    assert found.loc[(1, 8), ["sessions", "impressions", "new_impressions"]].tolist() == [0, 1, 0]


def test_creator_days(tables):
    rows = tables["creator_days"].to_numpy().tolist()
    assert rows == [
        [-1, 50, 0, 1, 0, 0, 0],
        [0, 50, 0, 1, 1, 1, 0],
        [0, 51, 2, 3, 2, 3, 3],
        [1, 51, 0, 1, 1, 1, 0],
    ]


def test_note_outcomes(tables):
    found = tables["note_outcomes"].set_index("note_id")
    note = found.loc[1]
    assert note[["impressions", "clicks", "likes", "hides", "grants"]].tolist() == [4, 3, 1, 1, 2]
    assert note[["impressions_24h", "clicks_24h", "interactions_24h"]].tolist() == [3, 2, 3]
    assert note["first_impression_t"] == 1.3 * DAY_S
    assert note["first_interaction_t"] == 1.4 * DAY_S
    assert note["reached_target_t"] == 1.4 * DAY_S
    assert found.loc[0, "time_spent_s"] == 13.75
    assert np.isnan(found.loc[0, "reached_target_t"])
    assert found.loc[2, "impressions"] == 0
    assert np.isnan(found.loc[2, ["first_impression_t", "first_interaction_t"]].astype(float)).all()
    assert found.loc[[0, 1, 2], "title"].tolist() == ["", "", ""]


def test_the_quota_is_due_within_its_window(tmp_path):
    late = [seen(PARAMS, NOTE, NOTE["published_t"] + h * HOUR_S, 1) for h in (1, 12)]
    with new_run(tmp_path / "r", PARAMS) as run:
        write_rows(run, late, [NOTE])
        build_unit_tables(run, PARAMS)
        with Query(run.path, ["note_outcomes"]) as query:
            found = query.columns("SELECT reached_target_t FROM note_outcomes")
    assert np.isnan(found["reached_target_t"][0])


def test_the_quota_is_reached_by_its_last_impression(tmp_path):
    times = [NOTE["published_t"] + h * HOUR_S for h in (1, 2, 5, 9)]
    with new_run(tmp_path / "r", PARAMS) as run:
        write_rows(run, [seen(PARAMS, NOTE, t, 1) for t in times], [NOTE])
        build_unit_tables(run, PARAMS)
        with Query(run.path, ["note_outcomes"]) as query:
            found = query.columns("SELECT reached_target_t FROM note_outcomes")
    assert found["reached_target_t"].tolist() == [times[1]]


def test_unit_tables_add_up_to_the_event_log(tmp_path):
    params = MetricParams(warm_up_days=2, measured_days=3, threshold_scale=0.1)
    with new_run(tmp_path / "r", params) as run:
        for name, columns in drawn_columns(params, 20_000, 300, seed=5).items():
            writer = run.writers(4_096)[name]
            writer.append(columns)
            writer.flush()
        build_unit_tables(run, params)
        with Query(run.path, ["events", "reader_days", "creator_days", "note_outcomes"]) as query:
            expected = query.frame("SELECT count(*) AS n, sum(click) AS clicks FROM events")
            for table in ("reader_days", "creator_days", "note_outcomes"):
                sql = f"SELECT sum(impressions) AS n, sum(clicks) AS clicks FROM {table}"
                pd.testing.assert_frame_equal(query.frame(sql), expected, check_dtype=False)


def test_a_run_without_impressions_has_empty_unit_tables(tmp_path):
    with new_run(tmp_path / "r", PARAMS) as run:
        build_unit_tables(run, PARAMS)
        with Query(run.path, ["reader_days", "creator_days", "note_outcomes"]) as query:
            for table in ("reader_days", "creator_days", "note_outcomes"):
                assert query.columns(f"SELECT count(*) AS n FROM {table}")["n"][0] == 0
