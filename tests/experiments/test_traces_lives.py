"""Lives of notes by age, from an event log written by hand."""

import pandas as pd
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.experiments.traces.lives import COUNTS, TWIN, Span, click_rate, meetings, note_lives
from simulator.results import MetricParams
from tests.support.run_tables import new_run, published, seen, write_rows

PARAMS = MetricParams(warm_up_days=1, measured_days=3)
SPAN = Span(1.0 * DAY_S, 2.0 * DAY_S, (0.0, 6.0 * HOUR_S, 1.0 * DAY_S, 2.0 * DAY_S))
T = 1.25 * DAY_S
EARLY = published(PARAMS, 0, 50, 0.9 * DAY_S)
NOTE = published(PARAMS, 1, 51, T)
SAME_TIME = published(PARAMS, 2, 51, T)
UNSEEN = published(PARAMS, 3, 52, 1.5 * DAY_S)
LATE = published(PARAMS, 4, 52, 2.0 * DAY_S)
EVENTS = [
    seen(PARAMS, EARLY, T, 7, click=1),
    seen(PARAMS, NOTE, T + 1 * HOUR_S, 7, granted_by=1, p_click=0.25, organic_rank=9),
    seen(PARAMS, NOTE, T + 5 * HOUR_S, 8, click=1, p_click=0.5, organic_value=0.25),
    seen(PARAMS, NOTE, T + 6 * HOUR_S, 9, click=1, granted_by=2, organic_value=0.5),
    seen(PARAMS, NOTE, T + 24 * HOUR_S, 10, p_click=0.75, organic_rank=3),
    seen(PARAMS, NOTE, T + 25 * HOUR_S, 11, granted_by=1),
    seen(PARAMS, NOTE, T + 48 * HOUR_S, 12),
    seen(PARAMS, SAME_TIME, T + 2 * HOUR_S, 7),
    seen(PARAMS, LATE, 2.1 * DAY_S, 7),
]


@pytest.fixture(scope="module", params=[500_000, 2])
def folder(request, tmp_path_factory):
    with new_run(tmp_path_factory.mktemp("runs") / "r", PARAMS) as run:
        notes = [EARLY, NOTE, SAME_TIME, UNSEEN, LATE]
        write_rows(run, EVENTS, notes, rows_per_part=request.param)
    return run.path


def test_every_note_of_the_span_has_every_band(folder):
    lives = note_lives(folder, SPAN)
    keys = lives[[*TWIN, "band"]].to_numpy().tolist()
    expected = [(51, T, 0), (51, T, 1), (52, 1.5 * DAY_S, 0)]
    assert keys == [[*key, band] for key in expected for band in range(3)]
    assert list(lives.columns) == [*TWIN, "band", *sorted(COUNTS, key=list(lives.columns).index)]


def test_counts_by_age_and_by_support(folder):
    lives = note_lives(folder, SPAN)
    note = lives[(lives["creator_id"] == 51) & (lives["copy"] == 0)].set_index("band")
    assert note["impressions"].tolist() == [2, 1, 2]
    assert note["granted"].tolist() == [1, 1, 1]
    assert note["clicks"].tolist() == [1, 1, 0]
    assert note["granted_clicks"].tolist() == [0, 1, 0]
    assert note["rank"].tolist() == [9, 0, 3]
    assert note["granted_rank"].tolist() == [9, 0, 0]
    assert note["p_click"].tolist() == pytest.approx([0.75, 0.1, 0.85])
    assert note["granted_p_click"].tolist() == pytest.approx([0.25, 0.1, 0.1])
    assert note["value"].tolist() == [0.25, 0.5, 0]
    assert note["granted_value"].tolist() == [0, 0.5, 0]


def test_a_note_that_nobody_saw_has_zeros(folder):
    lives = note_lives(folder, SPAN)
    assert (lives.loc[lives["creator_id"] == 52, list(COUNTS)] == 0).all(axis=None)


def test_meetings_tell_window_and_natural_traffic_apart(folder):
    met = meetings(folder, SPAN)
    note = met[(met["creator_id"] == 51) & (met["copy"] == 0)].set_index("reader_id")
    assert note.index.tolist() == [7, 8, 9, 10, 11]
    assert note["in_window"].tolist() == [True, True, True, False, False]
    assert note["is_later"].tolist() == [False, False, False, True, False]
    assert note["p_click"].tolist() == pytest.approx([0.25, 0.5, 0.1, 0.75, 0.1])
    assert len(met) == 6


def test_click_rate_is_that_of_the_whole_run(folder):
    assert click_rate(folder) == pytest.approx(3 / 9)


def test_a_run_without_notes_in_the_span_is_empty(folder):
    nothing = Span(10.0, 20.0)
    assert not len(note_lives(folder, nothing))
    assert not len(meetings(folder, nothing))
    assert isinstance(meetings(folder, nothing), pd.DataFrame)
