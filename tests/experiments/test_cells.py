"""The four cells of a test from its log: sums by hand, estimators, leaks."""

import numpy as np
import pytest

from simulator.experiments.analysis import two_sided
from simulator.experiments.cells import Cells, cells_of
from simulator.experiments.estimators import cr, lr, smrd, tsri, tsrn
from simulator.experiments.leaks import leaks_of
from simulator.experiments.two_sides import launch_totals, market_balance, read_cells
from tests.experiments.hand_runs import design
from tests.experiments.logs import log_of


@pytest.fixture(scope="module")
def crossed():
    found = design("two_sided")
    run = log_of(found, lift=1.0)
    return found, run, cells_of(run, found, 1)


def of_test(run):
    events = run.events(["reader_id", "creator_id", "note_id", "reader_arm", "note_arm", "click"],
                        "day >= 0")  # fmt: skip
    return events[(events["reader_arm"] < 2) & (events["note_arm"] < 2)]


def test_totals_are_counts_of_the_log(crossed):
    _, run, cells = crossed
    table = of_test(run).groupby(["reader_arm", "note_arm"])["click"].agg(["size", "sum"])
    totals = cells.totals()
    for (row, column), (n, clicks) in table.iterrows():
        assert totals[0, row, column] == n
        assert totals[1, row, column] == clicks
    assert cells.is_crossed
    assert cells.log[..., 0].sum() == len(run.events(["day"], "day >= 0"))


def test_errors_agree_with_the_log_read_row_by_row(crossed):
    found, run, cells = crossed
    events = of_test(run)
    readers = run.readers.set_index("reader_id")["reader_arm"]
    creators = np.unique(run.notes["creator_id"]).astype(np.int32)
    none = np.zeros(creators.size, np.int32)
    arms = found.note_arms(none, creators, none.astype(np.int16), np.ones(creators.size, bool))
    import pandas as pd

    by_row = two_sided(
        events, "click", ("reader_id", "reader_arm"), ("creator_id", "note_arm"), readers,
        pd.Series(arms, creators),
    )  # fmt: skip
    weights = np.array([[-1.0, 0.5], [0.25, 2.0]])
    assert cells.outcome("new_note_clicks").estimate(weights) == pytest.approx(
        by_row.estimate(weights)
    )


def test_every_estimator_is_its_formula(crossed):
    _, run, cells = crossed
    read = read_cells(cells, 0.4, launch_totals(run, run))
    q, (a_c, a_l) = np.array(read.totals["new_note_impressions"]), cells.shares()
    found = {e.name: e.value for e in read.estimates if e.outcome == "new_note_impressions"}
    assert found["cr"] == pytest.approx(cr(q, a_c))
    assert found["lr"] == pytest.approx(lr(q, a_l))
    assert found["tsrn"] == pytest.approx(tsrn(q, a_c, a_l))
    assert found["tsri_1"] == pytest.approx(tsri(q, a_c, a_l, 1, 0.4))
    assert found["tsri_2"] == pytest.approx(tsri(q, a_c, a_l, 2, 0.4))
    for name, value in smrd(q, a_c, a_l)._asdict().items():
        assert found[name] == pytest.approx(value)
    assert {e.truth for e in read.estimates if e.name == "tsrn"} == {0.0}
    assert all(np.isnan(e.truth) for e in read.estimates if e.name == "direct")
    assert read.rule == pytest.approx((0.8, 0.7))
    told = read_cells(cells, 0.4, launch_totals(run, run), 1.0)
    assert (told.measured, told.balance, told.rule) == (0.4, 1.0, (0.5, 1.0))


def test_arrays_and_back(crossed):
    *_, cells = crossed
    again = Cells(**cells.arrays())
    assert again.outcome("new_note_clicks").totals.tolist() == (
        cells.outcome("new_note_clicks").totals.tolist()
    )


def test_a_part_of_the_traffic_is_scaled_up_to_the_platform():
    found = design("two_sided", buckets=(0.0, 0.5))
    run = log_of(found, rate=0.2)
    cells = cells_of(run, found, 1)
    everything = run.notes.loc[run.notes["published_day"] >= 0, "impressions_24h"].sum()
    assert 0.1 < cells.inside.prod() < 0.5
    total = cells.outcome("new_note_impressions").totals.sum()
    assert total == pytest.approx(everything, rel=0.1)


def test_balance_is_the_time_without_the_target():
    found = design("two_sided")
    run = log_of(found)
    rows = run.notes["published_day"].between(0, 1)
    met = run.notes.loc[rows, "reached_target_t"].notna().mean()
    assert market_balance(run) == pytest.approx(1.0 - 0.5 * met)


def test_cells_that_a_design_hides_are_not_compared():
    found = design("plan2")
    run = log_of(found)
    run._events = run._events[run._events["reader_arm"] == run._events["note_arm"]]
    assert not cells_of(run, found, 1).is_crossed
    one_side = design("author_side", unit="note")
    assert not cells_of(log_of(one_side), one_side, 1).is_crossed


def test_leaks_are_counted_by_kind():
    found = design("plan2")
    run = log_of(found)
    events = run._events
    hidden = (events["day"] >= 0) & (events["note_arm"] < 2)
    hidden &= events["note_arm"] != events["reader_arm"]
    assert leaks_of(cells_of(run, found, 1), found).hidden == hidden.sum() > 0
    run._events = events[~hidden].copy()
    sound = leaks_of(cells_of(run, found, 1), found)
    assert sound.total == 0
    assert sound.impressions == (run._events["day"] >= 0).sum()
    row = run._events.index[(run._events["day"] >= 0) & (run._events["reader_arm"] == 0)][0]
    run._events.loc[row, "granted_by"] = 2
    assert leaks_of(cells_of(run, found, 1), found).treated_control == 1
    treated = run._events.index[(run._events["day"] >= 0) & (run._events["reader_arm"] == 1)][0]
    run._events.loc[treated, "granted_by"] = 3
    assert leaks_of(cells_of(run, found, 1), found).untreated_treatment == 1


@pytest.mark.statistical
def test_intervals_hold_the_effect_of_independent_pairs():
    """Pairs do not interact: all estimators of the global effect but CR and LR are unbiased.

    60 draws, 95 % intervals: at least 50 must hold the truth (99.9 % binomial bound).
    """
    held = dict.fromkeys(("tsrn", "total"), 0)
    for seed in range(60):
        found = design("two_sided", salt=f"s{seed}")
        run = log_of(found, lift=0.5, seed=seed)
        cells = cells_of(run, found, 1)
        read = read_cells(cells, 1.0, launch_totals(run, run))
        truth = 0.5 * 0.03 * 240 * 180
        for e in read.estimates:
            if e.outcome == "new_note_impressions" and e.name in held:
                held[e.name] += e.low <= truth <= e.high
    assert min(held.values()) >= 50, held
