"""Twin runs side by side: the same notes, the right differences, and honest intervals."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from simulator.contracts.events import DAY_S
from simulator.experiments.errors import AnalysisError
from simulator.experiments.traces.comparison import curves, effects, per_note
from simulator.experiments.traces.effects import Estimate
from simulator.experiments.traces.lives import COUNTS, TWIN, Span
from simulator.experiments.traces.meetings import compare_meetings
from simulator.experiments.traces.outcomes import CURVES, OUTCOMES
from simulator.experiments.traces.worlds import Told, side_by_side

SPAN = Span(0.0, 5.0 * DAY_S, (0.0, 1.0 * DAY_S, 3.0 * DAY_S))
COLUMNS = [*TWIN, "reader_id", "p_click", "in_window", "is_later"]


def met(*rows):
    """Return meetings from (creator, published, reader, p_click, w for window, l for later)."""
    table = [(c, t, 0, r, p, when == "w", when == "l") for c, t, r, p, when in rows]
    flags = dict.fromkeys(("in_window", "is_later"), bool)
    return pd.DataFrame(table, columns=COLUMNS).astype(flags)


def lives(*rows):
    """Return lives from (creator, published, {band: counts})."""
    table = [
        {"creator_id": c, "published_t": t, "copy": 0, "band": band}
        | dict.fromkeys(COUNTS, 0.0)
        | bands.get(band, {})
        for c, t, bands in rows
        for band in range(SPAN.n_bands)
    ]
    return pd.DataFrame(table)


def told(*rows, meetings=None, rate=0.1):
    return Told(lives(*rows), met() if meetings is None else meetings, rate)


def shown(n, granted=0, clicks=0, **more):
    return {"impressions": n, "granted": granted, "clicks": clicks, **more}


CONTROL = told(
    (1, 10.0, {0: shown(4, clicks=1), 1: shown(20, clicks=2, p_click=4.0, rank=60)}),
    (1, 20.0, {}),
    (2, 15.0, {0: shown(2), 1: shown(10, clicks=2, p_click=1.0, rank=20)}),
    (3, 99.0, {0: shown(50)}),
    meetings=met((1, 10.0, 7, 0.2, "w"), (1, 10.0, 8, 0.4, "l"), (2, 15.0, 9, 0.1, "l")),
)
BOOSTED = told(
    (2, 15.0, {0: shown(8, 6, 1, granted_clicks=1), 1: shown(15, clicks=3, p_click=3.0, rank=30)}),
    (1, 10.0, {0: shown(10, 8, 2), 1: shown(16, clicks=1, p_click=2.0, rank=64)}),
    (1, 20.0, {0: shown(6, 6), 1: shown(3)}),
    (4, 12.0, {0: shown(70)}),
    meetings=met((1, 10.0, 9, 0.3, "w"), (1, 10.0, 8, 0.5, "l"), (2, 15.0, 7, 0.1, "l")),
    rate=0.2,
)
WORLDS = side_by_side({(1, 1.0): CONTROL, (1, 4.0): BOOSTED}, (1.0, 4.0), SPAN, 10.0)


def effect(name, worlds=WORLDS, boost=4.0, against=1.0):
    key = (name, boost, against)
    return next(e for e in effects(worlds) if (e.outcome, e.boost, e.against) == key)


def test_notes_are_found_by_creator_and_time_whatever_their_order():
    assert WORLDS.notes[TWIN].to_numpy().tolist() == [[1, 10.0, 0], [1, 20.0, 0], [2, 15.0, 0]]
    assert WORLDS.unmatched == 2
    assert WORLDS.count("impressions")[:, :, 0].tolist() == [[4, 0, 2], [10, 6, 8]]
    assert WORLDS.natural("impressions")[1].tolist() == [[2, 16], [0, 3], [2, 15]]
    assert WORLDS.n_clusters == 2


def test_totals_are_those_of_notes_that_all_runs_have():
    gained = effect("window_impressions")
    assert (gained.value, gained.base) == pytest.approx((24 / 3, 6 / 3))
    later = effect("later_impressions")
    assert (later.value, later.base) == pytest.approx((34 / 3, 30 / 3))
    assert later.relative == pytest.approx(4 / 30)
    assert (later.seeds, later.seeds_up) == (1, 1)


def test_rates_are_ratios_of_totals():
    assert effect("granted_share").value == pytest.approx(20 / 24)
    assert effect("window_ctr").difference == pytest.approx(3 / 24 - 1 / 6)
    assert effect("later_ctr").value == pytest.approx(4 / 34)
    assert effect("later_p_click").difference == pytest.approx(5 / 34 - 5 / 30)
    assert effect("later_rank").base == pytest.approx(80 / 30)


def test_the_statistic_is_smoothed_with_the_click_rate_of_its_own_run():
    control = [(1 + 1) / 14, 1 / 10, 1 / 12]
    boosted = [(2 + 2) / 20, 2 / 16, (1 + 2) / 18]
    assert WORLDS.smoothed[:, :, 0].tolist() == [pytest.approx(control), pytest.approx(boosted)]
    gap = effect("smoothed_ctr")
    assert (gap.value, gap.base) == pytest.approx((np.mean(boosted), np.mean(control)))
    last = [(3 + 1) / 34, 1 / 10, (2 + 1) / 22]
    assert WORLDS.smoothed[0, :, 1].tolist() == pytest.approx(last)


def test_what_follows_for_an_impression_gained():
    assert effect("later_per_gained").value == pytest.approx((34 - 30) / (24 - 6))
    assert effect("later_per_gained").base == 0


def test_readers_met_in_a_window_are_set_aside_in_both_runs():
    """Reader 8 is met later in both. What another note met in its window does not count."""
    fresh = effect("later_fresh")
    assert (fresh.value, fresh.base) == pytest.approx((2 / 3, 2 / 3))
    pair = effect("same_pair_p_click")
    assert (pair.value, pair.base) == pytest.approx((0.5, 0.4))


def test_meetings_by_hand():
    base = met((1, 10.0, 7, 0.1, "l"), (1, 10.0, 8, 0.2, "l"), (1, 10.0, 9, 0.3, "w"),
               (2, 11.0, 7, 0.1, "l"))  # fmt: skip
    other = met((1, 10.0, 7, 0.4, "w"), (1, 10.0, 8, 0.5, "l"), (1, 10.0, 9, 0.6, "l"),
                (3, 12.0, 1, 0.1, "l"))  # fmt: skip
    table = compare_meetings(other, base).set_index("creator_id")
    assert table["fresh"].to_dict() == {1: 1, 2: 0, 3: 1}
    assert table["base_fresh"].to_dict() == {1: 1, 2: 1, 3: 0}
    assert table["both"].to_dict() == {1: 1, 2: 0, 3: 0}
    assert table.loc[1, ["p_click", "base_p_click"]].tolist() == [0.5, 0.2]


def test_equal_runs_differ_in_nothing():
    same = side_by_side({(1, 1.0): CONTROL, (1, 4.0): CONTROL}, (1.0, 4.0), SPAN, 10.0)
    found = [e for e in effects(same) if e.outcome not in {"granted_share", "later_per_gained"}]
    assert len(found) == len(OUTCOMES) - 2
    assert all(e.difference == 0 or math.isnan(e.difference) for e in found)
    assert same.unmatched == 0


def test_every_pair_of_boosts_is_compared():
    runs = {(1, b): run for b, run in ((1.0, CONTROL), (2.0, BOOSTED), (4.0, BOOSTED))}
    worlds = side_by_side(runs, (1.0, 2.0, 4.0), SPAN, 10.0)
    pairs = {(e.boost, e.against) for e in effects(worlds)}
    assert pairs == {(2.0, 1.0), (4.0, 1.0), (4.0, 2.0)}
    assert {e.outcome for e in effects(worlds)} == {outcome.name for outcome in OUTCOMES}
    assert effect("later_impressions", worlds, 4.0, 2.0).difference == 0


def test_curves_are_by_age_and_against_the_control():
    table = curves(WORLDS).set_index(["outcome", "boost", "from_h"])
    assert set(table.index.levels[0]) == {outcome.name for outcome in CURVES}
    point = table.loc[("natural_per_day", 4.0, 24.0)]
    assert point["value"] == pytest.approx(34 / 3 / 2)
    assert point["difference"] == pytest.approx((34 - 30) / 3 / 2)
    assert point["to_h"] == 72
    assert table.loc[("impressions_per_day", 4.0, 0.0), "value"] == pytest.approx(24 / 3)
    assert table.loc[("granted_share", 4.0, 0.0), "value"] == pytest.approx(20 / 24)
    assert table.loc[("clicks_per_day", 4.0, 24.0), "value"] == pytest.approx(4 / 3 / 2)
    assert (table.loc[table.index.get_level_values("boost") == 1.0, "difference"] == 0).all()


def test_notes_are_listed_once_a_boost():
    table = per_note(WORLDS)
    assert len(table) == 6
    boosted = table[table["boost"] == 4.0].set_index("published_t")
    assert boosted["window_granted"].to_dict() == {10.0: 8, 20.0: 6, 15.0: 6}


def test_a_creator_counts_once_a_seed():
    runs = {(s, b): r for s in (1, 2) for b, r in ((1.0, CONTROL), (4.0, BOOSTED))}
    worlds = side_by_side(runs, (1.0, 4.0), SPAN, 10.0)
    assert worlds.n_clusters == 4
    one, two = effect("later_impressions"), effect("later_impressions", worlds)
    assert two.difference == pytest.approx(one.difference)
    assert two.high - two.low < one.high - one.low
    assert (two.seeds, two.seeds_up) == (2, 2)


def test_nothing_in_common_is_refused():
    empty = told((9, 1.0, {}))
    with pytest.raises(AnalysisError, match="no note"):
        side_by_side({(1, 1.0): CONTROL, (1, 4.0): empty}, (1.0, 4.0), SPAN, 10.0)


POSITIVE = hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(0.1, 100))


@given(POSITIVE, st.data())
def test_parts_sum_to_zero(under, data):
    over = data.draw(hnp.arrays(np.float64, under.shape, elements=st.floats(-100, 100)))
    estimate = Estimate.ratio(over, under)
    assert estimate.value == pytest.approx(over.sum() / under.sum())
    assert estimate.parts.sum() == pytest.approx(0, abs=1e-9)
    assert (estimate - estimate).interval() == (0, 0)


def test_without_a_denominator_there_is_no_value():
    estimate = Estimate.ratio(np.ones(3), np.zeros(3))
    assert math.isnan(estimate.value)
    assert all(math.isnan(end) for end in estimate.interval())


def test_with_equal_denominators_it_is_the_paired_t_interval():
    rng = np.random.default_rng(3)
    a, b, ones = rng.normal(size=40), rng.normal(size=40), np.ones(40)
    gap = Estimate.ratio(b, ones) - Estimate.ratio(a, ones)
    expected = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert gap.interval() == pytest.approx(tuple(expected))


@pytest.mark.statistical
def test_intervals_cover_as_often_as_they_say():
    """Creators with many notes share their luck; both runs share the creator's appeal."""
    rng = np.random.default_rng(4)
    covered, n = 0, 1_000
    for _ in range(n):
        size = rng.integers(1, 12, 150)
        appeal = rng.gamma(2.0, 0.5, 150)
        base = rng.poisson(20 * size * appeal * rng.gamma(10, 0.1, 150))
        other = rng.poisson(24 * size * appeal * rng.gamma(10, 0.1, 150))
        under = size.astype(float)
        low, high = (Estimate.ratio(other, under) - Estimate.ratio(base, under)).interval()
        covered += low <= 4.0 <= high
    assert stats.binomtest(covered, n, 0.95).pvalue > 1e-4
