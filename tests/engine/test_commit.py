"""What a slate, a day and a publication do to the platform and its log, on literal arrays."""

import numpy as np
import pytest

from simulator.contracts.batches import SESSIONS_PER_DAY, Feedback, RequestBatch, Slate
from simulator.contracts.columns import ACTIVITY, EVENTS, NOTES, TICKS
from simulator.contracts.events import DAY_S, HOUR_S, N_HEADS, N_KINDS, WINDOW_S, Kind
from simulator.engine.commit import Commit
from simulator.engine.request import Served
from simulator.engine.sinks import Sinks
from simulator.engine.state import PlatformState
from simulator.world.plans import NewCreators, NewNotes, NewReaders, PastReading
from tests.support.platform import make_spec

N_SLOTS = 3
SPEC = make_spec(n_slots=N_SLOTS)
WARM_UP_DAYS = 2


class Kept:
    """A table sink that keeps rows in memory."""

    parts = 0

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def append(self, columns) -> None:
        n = {len(values) for values in columns.values()}
        assert len(n) == 1
        self.rows += [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]

    def column(self, name: str) -> list:
        return [row[name] for row in self.rows]


@pytest.fixture
def sinks() -> Sinks:
    return Sinks(*(Kept() for _ in Sinks.names()))


@pytest.fixture
def state() -> PlatformState:
    return PlatformState(SPEC)


@pytest.fixture
def commit(state, sinks) -> Commit:
    """Return the writer of a platform of four readers, two creators and five notes."""
    commit = Commit(state, sinks, WARM_UP_DAYS)
    commit.become_creators(NewCreators(np.array([2, 3], np.int32), np.zeros(2)))
    commit.publish(new_notes(5), [f"title {i}" for i in range(5)])
    declared = np.zeros((4, SPEC.n_categories), np.float32)
    declared[:, 0] = 1.0
    commit.join(NewReaders(np.zeros(4), declared), unit_rows(SPEC.n_categories))
    return commit


def unit_rows(n: int) -> np.ndarray:
    """Return float32[n, D], row i pointing along axis i."""
    return np.eye(n, SPEC.embedding_dim, dtype=np.float32)


def new_notes(n: int, t: float = 0.0) -> NewNotes:
    return NewNotes(
        creator_idx=(np.arange(n) % 2).astype(np.int32),
        published_t=t + np.arange(n, dtype=np.float64),
        category=np.arange(n, dtype=np.int16),
        keywords=np.full((n, SPEC.keywords_per_note), -1, np.int32),
        is_video=np.zeros(n, np.uint8),
        is_promoted=np.zeros(n, np.uint8),
        has_card=np.ones(n, np.uint8),
        embedding=unit_rows(n),
        key=np.arange(n, dtype=np.uint64),
    )


def window_of(
    readers: list[int], notes: list[list[int]], t: float, request_no: int = 0
) -> tuple[Served, Feedback]:
    """Return one chunk in which every filled slot is examined and nothing else happens."""
    b = len(readers)
    note_idx = np.array(notes, np.int32)
    requests = RequestBatch(
        t=np.full(b, t),
        reader_idx=np.array(readers, np.int32),
        request_id=np.arange(100, 100 + b),
        session_no=np.full(b, SESSIONS_PER_DAY * int(t // DAY_S) + 4, np.int32),
        request_no=np.full(b, request_no, np.int32),
        reader_arm=np.zeros(b, np.uint8),
    )
    shape = note_idx.shape
    slate = Slate(
        column=np.zeros(shape, np.int16),
        note_idx=note_idx,
        final=np.full(shape, 0.5, np.float32),
        granted_by=np.full(shape, 2, np.uint8),
    )
    served = Served(
        requests=requests,
        slate=slate,
        channels=np.full(shape, 5, np.uint32),
        pre_rank_position=np.full(shape, 7, np.int16),
        organic_rank=np.full(shape, 3, np.int16),
        organic=np.full(shape, 0.25, np.float32),
        p=np.full((*shape, N_HEADS), 0.1, np.float32),
        slot_kind=np.full(shape, 4, np.uint8),
        similarity=np.full(shape, 0.75, np.float32),
        category_repeats=np.full(shape, 6, np.uint8),
        trail=None,
    )
    actions = np.zeros((*shape, N_KINDS), np.float32)
    actions[:, :, Kind.IMPRESSION] = note_idx >= 0
    feedback = Feedback(
        examined=(note_idx >= 0).astype(np.uint8),
        actions=actions,
        view_s=np.full(shape, 1.5, np.float32),
        next_t=np.full(b, np.nan),
    )
    return served, feedback


def click(feedback: Feedback, row: int, slot: int, dwell_s: float = 20.0, *kinds: Kind) -> None:
    feedback.actions[row, slot, Kind.CLICK] = 1
    feedback.actions[row, slot, Kind.DWELL] = dwell_s
    for kind in kinds:
        feedback.actions[row, slot, kind] = 1


def hide_from_view(feedback: Feedback, row: int, slot: int) -> None:
    """Let a slot be one that the reader never scrolled to."""
    feedback.examined[row, slot] = 0
    feedback.actions[row, slot] = 0
    feedback.view_s[row, slot] = 0


def test_every_counter_gets_every_impression(commit, state):
    served, feedback = window_of([0, 1], [[0, 1, 2], [0, 3, -1]], t=HOUR_S)
    click(feedback, 0, 1, 20.0, Kind.LIKE)
    hide_from_view(feedback, 0, 2)
    commit.serve([served], [feedback], HOUR_S)
    assert state.notes["totals"][:, Kind.IMPRESSION].tolist() == [2, 1, 0, 1, 0]
    assert state.readers["totals"][:, Kind.IMPRESSION].tolist() == [2, 2, 0, 0]
    assert state.creators["totals"][:, Kind.IMPRESSION].tolist() == [2, 2]
    assert state.notes["totals"][1, [Kind.CLICK, Kind.LIKE, Kind.DWELL]].tolist() == [1, 1, 20]
    assert state.creators["totals"][1, Kind.DWELL] == 20
    growth = np.exp(HOUR_S / WINDOW_S)
    np.testing.assert_allclose(state.notes["decayed"][0, :, Kind.IMPRESSION], 2 * growth, 1e-6)
    assert (commit.tally.impressions, commit.tally.requests) == (4, 2)
    assert state.seen.notes_of(0).tolist() == [0, 1]
    assert state.seen.notes_of(1).tolist() == [0, 3]


def test_the_log_has_a_row_for_every_examined_slot(commit, sinks):
    t = (WARM_UP_DAYS + 1) * DAY_S + 60.0
    served, feedback = window_of([1], [[2, 4, 0]], t)
    click(feedback, 0, 0, 12.5, Kind.SHARE)
    hide_from_view(feedback, 0, 1)
    commit.serve([served], [feedback], t)
    first, second = sinks.events.rows
    assert set(first) == {column.name for column in EVENTS}
    expected = {
        "t": t,
        "day": 1,
        "request_id": 100,
        "reader_id": 1,
        "note_id": 2,
        "creator_id": 2,
        "session_no": 4,
        "position": 0,
        "note_age_s": np.float32(t - 2.0),
        "note_impressions": 0,
        "channels": 5,
        "granted_by": 2,
        "pre_rank_position": 7,
        "organic_rank": 3,
        "organic_value": 0.25,
        "final_value": 0.5,
        "p_click": np.float32(0.1),
        "p_dwell_s": np.float32(0.1),
        "view_s": 1.5,
        "dwell_s": 12.5,
        "click": 1,
        "share": 1,
        "like": 0,
        "hide": 0,
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["note_id"], second["position"], second["click"]) == (0, 2, 0)


def test_all_chunks_of_a_window_log_the_counts_before_it(commit, sinks):
    chunks = [window_of([reader], [[0, 1, -1]], t=60.0) for reader in (0, 1)]
    commit.serve([served for served, _ in chunks], [feedback for _, feedback in chunks], 60.0)
    assert sinks.events.column("note_impressions") == [0, 0, 0, 0]
    served, feedback = window_of([2], [[0, 2, -1]], t=120.0)
    commit.serve([served], [feedback], 120.0)
    assert sinks.events.column("note_impressions")[4:] == [2, 0]


def test_profiles_move_towards_what_was_clicked_when_nearline_runs(commit, state):
    served, feedback = window_of([0, 1], [[1, 2, 3], [1, 2, 3]], t=60.0)
    click(feedback, 0, 2)
    click(feedback, 1, 2, 30.0, Kind.LIKE)
    commit.serve([served], [feedback], 60.0)
    assert state.readers["recent"].max() == -1
    interactions = commit.nearline()
    assert interactions.reader_idx.tolist() == [0, 1]
    assert interactions.note_idx.tolist() == [3, 3]
    assert interactions.t.tolist() == [60.0, 60.0]
    assert interactions.actions[:, Kind.LIKE].tolist() == [0, 1]
    vector, profile = state.readers["vector"], state.readers["category_profile"]
    assert 0 < vector[0, 3] < vector[1, 3]
    np.testing.assert_allclose(np.linalg.norm(vector[:2], axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(profile.sum(axis=1), 1.0, rtol=1e-6)
    assert profile[0, 3] == pytest.approx(1 / 3)
    assert profile[1, 3] == pytest.approx(0.5)
    assert state.readers["recent"][:, 0].tolist() == [3, 3, -1, -1]
    np.testing.assert_array_equal(vector[2], unit_rows(1)[0])
    assert commit.nearline().n == 0
    served, feedback = window_of([0], [[4, -1, -1]], t=120.0)
    click(feedback, 0, 0)
    commit.serve([served], [feedback], 120.0)
    commit.nearline()
    assert state.readers["recent"][0, :3].tolist() == [4, 3, -1]


def test_a_day_ends_with_its_activity_and_sizes(commit, state, sinks):
    for request_no, t in ((0, 100.0), (1, 200.0)):
        commit.serve(*([part] for part in window_of([0, 2], [[-1] * 3] * 2, t, request_no)), t)
    commit.end_day(DAY_S)
    assert [set(row) for row in sinks.activity.rows] == [{c.name for c in ACTIVITY}] * 2
    assert sinks.activity.column("day") == [-WARM_UP_DAYS] * 2
    assert sinks.activity.column("reader_id") == [0, 2]
    assert sinks.activity.column("sessions") == [1, 1]
    assert sinks.activity.column("requests") == [2, 2]
    (tick,) = sinks.ticks.rows
    assert set(tick) == {column.name for column in TICKS}
    assert (tick["registered_readers"], tick["creators"], tick["live_notes"]) == (4, 2, 5)
    assert state.readers["active_days"].tolist() == [1, 0, 1, 0]
    assert state.epoch_t == DAY_S
    commit.end_day(2 * DAY_S)
    assert len(sinks.activity.rows) == 2
    assert sinks.ticks.column("day") == [-2, -1]


def test_seen_notes_are_forgotten_when_they_are_too_old(commit, state):
    served, feedback = window_of([0], [[0, 1, 2]], t=60.0)
    commit.serve([served], [feedback], 60.0)
    commit.end_day(SPEC.max_age_s + 1.5)
    assert state.seen.notes_of(0).tolist() == [2]


def test_publications_are_logged_as_their_creators_are_known(commit, state, sinks):
    commit.publish(new_notes(2, 3.25 * DAY_S), ["a", "b"])
    rows = sinks.notes.rows
    assert set(rows[0]) == {column.name for column in NOTES}
    assert sinks.notes.column("note_id") == list(range(7))
    assert sinks.notes.column("title")[-2:] == ["a", "b"]
    assert sinks.notes.column("creator_id")[-2:] == [2, 3]
    assert sinks.notes.column("published_day") == [-WARM_UP_DAYS] * 5 + [1, 1]
    assert state.creators["n_notes"].tolist() == [4, 3]
    assert state.view(4 * DAY_S).notes.n == 7


def test_readers_begin_where_their_declared_interests_point(commit, state):
    declared = np.zeros((2, SPEC.n_categories), np.float32)
    declared[0, [1, 2]] = 0.5
    commit.join(NewReaders(np.array([5.0, 6.0]), declared), unit_rows(SPEC.n_categories))
    vector = state.readers["vector"]
    np.testing.assert_allclose(vector[4, :3], [0, 0.5**0.5, 0.5**0.5], rtol=1e-6)
    assert not vector[5].any()
    served, feedback = window_of([5], [[0, -1, -1]], t=60.0)
    commit.serve([served], [feedback], 60.0)
    assert state.seen.notes_of(5).tolist() == [0]


def test_the_past_counts_as_if_it_had_been_logged(commit, state, sinks):
    actions = np.zeros((3, N_KINDS), np.float32)
    actions[:, Kind.IMPRESSION] = 1
    actions[1, [Kind.CLICK, Kind.DWELL]] = 1, 9
    past = PastReading(
        t=np.array([-DAY_S, -HOUR_S, -60.0]),
        reader_idx=np.array([1, 1, 2], np.int32),
        note_idx=np.array([0, 4, 4], np.int32),
        actions=actions,
        active_days=np.array([6, 7], np.int32),
        first_reader=1,
    )
    commit.remember(past)
    assert not sinks.events.rows
    assert state.notes["totals"][:, Kind.IMPRESSION].tolist() == [1, 0, 0, 0, 2]
    expected = np.exp(-HOUR_S / WINDOW_S) + np.exp(-60.0 / WINDOW_S)
    np.testing.assert_allclose(state.notes["decayed"][4, :, Kind.IMPRESSION], expected, rtol=1e-6)
    assert state.readers["totals"][1, Kind.DWELL] == 9
    assert state.creators["totals"][:, Kind.IMPRESSION].tolist() == [3, 0]
    assert state.readers["recent"][1, 0] == 4
    assert state.readers["active_days"].tolist() == [0, 6, 7, 0]
    assert state.seen.notes_of(1).tolist() == [0, 4]
    assert commit.nearline().n == 0


def test_a_checkpoint_holds_clicks_that_nearline_has_not_taken(commit, state, sinks):
    for t in (60.0, 70.0):
        served, feedback = window_of([0], [[int(t) % 3, 3, -1]], t)
        click(feedback, 0, 0, t)
        commit.serve([served], [feedback], t)
    arrays = commit.state_arrays()
    copy = Commit(state, sinks, WARM_UP_DAYS)
    copy.load_state(arrays)
    assert copy.tally == commit.tally
    mine, yours = commit._take_fresh(), copy._take_fresh()
    assert mine.t.tolist() == yours.t.tolist() == [60.0, 70.0]
    assert mine.actions[:, Kind.DWELL].tolist() == [60.0, 70.0]
    np.testing.assert_array_equal(mine.note_idx, yours.note_idx)
    copy.end_day(DAY_S)
    assert sinks.activity.column("requests") == [2]
    assert sinks.activity.column("sessions") == [2]


def test_days_are_counted_from_the_first_measured_one(commit):
    assert [commit.day_of(t) for t in (0.0, DAY_S - 1.0, 2.0 * DAY_S)] == [-2, -2, 0]
