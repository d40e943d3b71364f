"""What readers do with slates: rates, position, fatigue, shared luck."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S, Kind
from tests.world.driving import START_DAY, make_requests, make_world, slates_for

PER_CLICK = {
    Kind.LIKE: (0.04, 0.12),
    Kind.COLLECT: (0.03, 0.10),
    Kind.COMMENT: (0.003, 0.02),
    Kind.SHARE: (0.005, 0.02),
    Kind.FOLLOW: (0.001, 0.01),
}


@pytest.fixture(scope="module")
def served():
    """Many first requests: world, requests, slates, feedback."""
    world = make_world(6_000, seed=7)
    readers = np.arange(6_000)
    slates = slates_for(world, readers, np.random.default_rng(7))
    requests = make_requests(10.0, readers)
    return world, requests, slates, world.respond(requests, slates)


@pytest.mark.statistical
def test_rates_lie_in_their_bands(lived):
    _, day = lived
    totals = day.totals
    assert 0.08 <= totals[Kind.CLICK] / totals[Kind.IMPRESSION] <= 0.16
    for kind, (low, high) in PER_CLICK.items():
        assert low <= totals[kind] / totals[Kind.CLICK] <= high, kind
    assert 0.0005 <= totals[Kind.HIDE] / totals[Kind.IMPRESSION] <= 0.005


@pytest.mark.statistical
def test_usage_lies_in_its_bands(lived):
    _, day = lived
    per_reader = np.bincount(day.reader_idx.astype(int), day.n_seen)
    per_reader = per_reader[per_reader > 0]
    assert 60 <= per_reader.mean() <= 200
    assert per_reader.std() / per_reader.mean() > 1
    assert 3 <= day.session_requests.size / day.dau <= 5
    assert 1.5 <= day.session_requests.mean() <= 4
    assert day.session_requests.std() / day.session_requests.mean() > 0.7
    assert 30 <= (day.totals[Kind.DWELL] + day.view_s) / 60 / day.dau <= 80


@pytest.mark.statistical
def test_impressions_follow_the_hours_of_the_day(lived):
    _, day = lived
    hour = day.t % DAY_S / 3_600
    night = day.n_seen[hour < 6].sum() / day.n_seen.sum()
    late = day.n_seen[(hour >= 20) | (hour < 10 / 3)].sum() / day.n_seen.sum()
    assert night == pytest.approx(0.09, abs=0.015)
    assert late == pytest.approx(0.32, abs=0.015)


def test_examined_slots_are_a_prefix_that_shrinks_by_screens(served):
    *_, feedback = served
    examined = feedback.examined.astype(int)
    assert (np.diff(examined, axis=1) <= 0).all()
    share = examined.mean(axis=0)
    assert (share[:4] == 1).all()
    assert (share[4:8] == share[4]).all()
    assert share[4] == pytest.approx(0.96, abs=0.012)
    assert share[8] == pytest.approx(0.96**2, abs=0.015)


def test_nothing_happens_where_nothing_is_examined(served):
    *_, feedback = served
    unseen = feedback.examined == 0
    assert unseen.any()
    assert (feedback.actions[unseen] == 0).all()
    assert (feedback.view_s[unseen] == 0).all()
    seen = ~unseen
    assert (feedback.view_s[seen] > 0).all()
    assert (feedback.actions[seen][:, Kind.IMPRESSION] == 1).all()


def test_actions_need_a_click_and_clicks_have_dwell(served):
    *_, feedback = served
    click = feedback.actions[..., Kind.CLICK] > 0
    after = feedback.actions[..., [*PER_CLICK, Kind.DWELL]]
    assert (after[~click] == 0).all()
    assert (feedback.actions[click][:, Kind.DWELL] > 0).all()
    liked = feedback.actions[..., Kind.LIKE] + feedback.actions[..., Kind.COLLECT] > 0
    assert (feedback.actions[liked][:, Kind.HIDE] == 0).all()


@pytest.mark.statistical
def test_clicks_match_their_probability(served):
    world, requests, slates, feedback = served
    reader = np.repeat(requests.reader_idx, 1)
    first = slates[:, 0]
    age_days = (10.0 - world.notes.published_t[first]) / DAY_S
    p = world.oracle_click_probability(reader, first)
    logit = np.log(p / (1 - p)) - world.config.behavior.staleness_per_day * age_days
    expected = (1 / (1 + np.exp(-logit))).sum()
    clicks = feedback.actions[:, 0, Kind.CLICK].sum()
    assert clicks == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.statistical
def test_better_matches_are_read_longer_and_liked_more(served):
    world, requests, slates, feedback = served
    click = feedback.actions[..., Kind.CLICK] > 0
    reader = np.broadcast_to(requests.reader_idx[:, None], slates.shape)
    p = world.oracle_click_probability(reader[click], slates[click])
    good = p > np.median(p)
    for kind in (Kind.LIKE, Kind.COLLECT, Kind.DWELL):
        value = feedback.actions[click][:, kind]
        assert value[good].mean() > 1.1 * value[~good].mean(), kind


@pytest.mark.statistical
def test_repetition_of_a_category_tires():
    world = make_world(4_000, seed=2, behavior={"fatigue_max": 2.0, "screen_decay": 1.0})
    n = world.notes.n
    category = world.notes.category[:n]
    same = np.flatnonzero(category == 0)[:10]
    mixed = [np.flatnonzero(category == c)[0] for c in range(1, 10)]
    readers = np.arange(4_000)

    def last_slot_clicks(before):
        slate = np.array([*before, same[9]], np.int32)
        slates = np.tile(slate, (readers.size, 1))
        feedback = world.respond(make_requests(0.0, readers), slates)
        return feedback.actions[:, 9, Kind.CLICK]

    tired, fresh = last_slot_clicks(same[:9]), last_slot_clicks(mixed)
    assert (tired <= fresh).all()
    assert tired.sum() < 0.6 * fresh.sum()


def test_fatigue_lasts_for_the_session_alone():
    world = make_world(50, seed=2)
    counts = world.readers.category_counts
    slate = np.array([[0, 1, 2, 3]], np.int32)
    category = world.notes.category[:4]
    world.respond(make_requests(0.0, [5], request_no=0), slate)
    world.respond(make_requests(60.0, [5], request_no=1), slate)
    assert counts[5].sum() == 8
    assert counts[5, category[0]] == 2 * (category == category[0]).sum()
    world.respond(make_requests(9_000.0, [5], session_no=1, request_no=0), slate)
    assert counts[5].sum() == 4


def test_a_pair_shares_its_luck_whatever_else_is_shown():
    one, two = make_world(400, seed=5), make_world(400, seed=5)
    readers = np.arange(400)
    rng = np.random.default_rng(5)
    note = slates_for(one, readers, rng)[:, :1]
    other = slates_for(one, readers, rng)[:, 4:8]
    alone = one.respond(make_requests(100.0, readers), note)
    later = two.respond(
        make_requests(50.0, readers[::-1], session_no=2),
        np.concatenate((note, other), axis=1)[::-1],
    )
    assert (alone.actions[:, 0] == later.actions[::-1, 0]).all()
    assert (alone.view_s[:, 0] == later.view_s[::-1, 0]).all()
    assert alone.actions[..., Kind.CLICK].sum() > 20


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 299), min_size=1, max_size=40, unique=True), st.integers(0, 99))
def test_an_answer_does_not_depend_on_the_batch(world, readers, seed):
    slates = slates_for(world, readers, np.random.default_rng(seed))
    requests = make_requests(1_000.0 * seed, readers, session_no=seed % 3)
    whole = world.respond(requests, slates)
    for row, reader in enumerate(readers):
        alone = world.respond(
            make_requests(1_000.0 * seed, [reader], session_no=seed % 3), slates[row : row + 1]
        )
        assert (alone.actions[0] == whole.actions[row]).all()
        assert (alone.examined[0] == whole.examined[row]).all()
        np.testing.assert_array_equal(alone.next_t[0], whole.next_t[row])


def test_the_next_request_comes_after_reading(served):
    _, requests, _, feedback = served
    goes_on = ~np.isnan(feedback.next_t)
    spent = feedback.view_s.sum(axis=1) + feedback.actions[..., Kind.DWELL].sum(axis=1)
    assert 0.3 < goes_on.mean() < 0.85
    assert (feedback.next_t[goes_on] >= requests.t[goes_on] + spent[goes_on] - 1e-2).all()


def test_clicks_lengthen_sessions(served):
    *_, feedback = served
    clicks = feedback.actions[..., Kind.CLICK].sum(axis=1)
    goes_on = ~np.isnan(feedback.next_t)
    assert goes_on[clicks >= 3].mean() > goes_on[clicks == 0].mean() + 0.1


def test_empty_slates_and_the_limit_end_a_session():
    world = make_world(30, seed=1, sessions={"max_requests": 3, "continue_logit": 5.0})
    empty = np.full((30, 4), -1, np.int32)
    readers = np.arange(30)
    nothing = world.respond(make_requests(0.0, readers), empty)
    assert np.isnan(nothing.next_t).all()
    assert not nothing.examined.any()
    some = np.where(np.arange(4) == 1, 0, empty).astype(np.int32)
    before = world.respond(make_requests(0.0, readers, request_no=1), some)
    last = world.respond(make_requests(0.0, readers, request_no=2), some)
    assert (before.examined == [0, 1, 0, 0]).all()
    assert (~np.isnan(before.next_t)).any()
    assert np.isnan(last.next_t).all()


def test_read_only_slates_are_welcome(world):
    slates = slates_for(world, np.arange(3), np.random.default_rng(0))
    slates.flags.writeable = False
    requests = make_requests(START_DAY * 0.0, np.arange(3))
    requests.t.flags.writeable = False
    assert world.respond(requests, slates).examined.any()
