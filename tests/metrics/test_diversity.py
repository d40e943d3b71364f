"""Diversity metrics of small tables, worked out by hand."""

import pytest

from simulator.contracts.events import DAY_S, SlotKind
from simulator.results import MetricParams
from tests.support.run_tables import published, seen

PARAMS = MetricParams(warm_up_days=1, measured_days=2)
NOTE = published(PARAMS, 0, 1, 0.0)


def slate(t, request, similarity, repeats, kinds=()):
    """Impressions of one request, position by position."""
    kinds = kinds or (SlotKind.ANY,) * len(similarity)
    return [
        seen(
            PARAMS,
            NOTE,
            t,
            1,
            request_id=request,
            position=s,
            slate_similarity=similarity[s],
            category_repeats=repeats[s],
            slot_kind=int(kinds[s]),
        )
        for s in range(len(similarity))
    ]


EVENTS = [
    *slate(0.5 * DAY_S, 0, [0, 1.0], [0, 1]),  # warm-up
    *slate(1.2 * DAY_S, 1, [0, 0.5, 0.25], [0, 1, 0]),
    *slate(1.3 * DAY_S, 2, [0], [0], [SlotKind.EXPLORE]),
    *slate(2.2 * DAY_S, 3, [0, -0.5, 0.0, 0.5], [0, 0, 0, 1], [0, 4, 3, 4]),
]
ACTIVITY = [
    {"day": -1, "reader_id": 1, "sessions": 5, "requests": 50},
    {"day": 0, "reader_id": 1, "sessions": 2, "requests": 7},
    {"day": 0, "reader_id": 2, "sessions": 1, "requests": 1},
    {"day": 1, "reader_id": 1, "sessions": 2, "requests": 2},
]


@pytest.fixture(scope="module")
def found(measured):
    return measured(PARAMS, EVENTS, [NOTE], ACTIVITY)


def test_similarity_is_a_mean_over_pairs(found):
    # Day 0: pairs (0.5), (0.25, 0.25); day 1: (-0.5), (0, 0), (0.5, 0.5, 0.5).
    assert found.daily["intra_list_similarity"] == pytest.approx([1 / 3, 1 / 6])
    assert found.totals["intra_list_similarity"] == pytest.approx(2 / 9)


def test_categories_are_counted_once_a_slate(found):
    assert found.daily["distinct_categories_per_slate"].tolist() == [(2 + 1) / 2, 3]
    assert found.totals["distinct_categories_per_slate"] == (2 + 1 + 3) / 3


def test_sessions_are_as_long_as_their_requests(found):
    assert found.daily["requests_per_session"].tolist() == [8 / 3, 1]
    assert found.totals["requests_per_session"] == 10 / 5


def test_exploration_is_what_slots_asked_for(found):
    assert found.daily["exploration_impression_share"].tolist() == [1 / 4, 2 / 4]
    assert found.totals["exploration_impression_share"] == 3 / 8


def test_slates_of_one_note_have_no_pairs(measured):
    found = measured(PARAMS, slate(1.2 * DAY_S, 1, [0], [0]), [NOTE])
    assert found.totals["intra_list_similarity"] is None
    assert found.totals["distinct_categories_per_slate"] == 1


def test_nothing_was_shown(measured):
    found = measured(PARAMS, [], [])
    for name in ("intra_list_similarity", "distinct_categories_per_slate", "requests_per_session"):
        assert found.totals[name] is None
