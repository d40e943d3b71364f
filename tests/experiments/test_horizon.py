"""The truth by day: sharpness over seeds, pace and bound; what tests do to the untreated."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.events import DAY_S
from simulator.experiments.horizon import (
    DAILY,
    FLOW_OF_STOCK,
    STOCK,
    horizon,
    levels_by_day,
    long_run,
    sharpness,
    truth_by_day,
    turnover,
)
from simulator.experiments.spillover import spillover
from tests.experiments.hand_runs import N_CREATORS, design, run_of


def world(**changes):
    run = run_of(design("user_side"), **changes)
    run.manifest.params.max_age_s = 30 * DAY_S
    return run


def test_levels_of_a_day_by_hand():
    run = world()
    table = levels_by_day(run)
    assert list(table.columns) == list(DAILY)
    day = run.readers[run.readers["day"] == 1]
    assert table.loc[1, "ctr"] == pytest.approx(day["clicks"].sum() / day["impressions"].sum())
    assert table.loc[1, "active_readers"] == len(day)
    notes = run.notes[run.notes["published_day"] == 1]
    assert table.loc[1, FLOW_OF_STOCK] == pytest.approx(notes["reached_target_t"].notna().mean())
    assert table["notes_published"].tolist() == [N_CREATORS, 2 * N_CREATORS, 0]
    assert table["publishers"].tolist() == [N_CREATORS, N_CREATORS, 0]
    old = run.notes["published_t"] <= 2 * DAY_S
    assert table.loc[0, STOCK] == pytest.approx(
        run.notes.loc[old, "reached_target_t"].notna().mean()
    )


def test_turnover_is_what_a_day_replaces():
    run = world()
    assert turnover(run) == pytest.approx((3 * N_CREATORS / 3) / (5 * N_CREATORS))
    run.manifest.params.max_age_s = 2 * DAY_S
    live = (run.notes["published_t"] > 3 * DAY_S).sum()
    assert turnover(run) == pytest.approx(N_CREATORS / live)


def test_twins_are_sharper_than_worlds_of_separate_luck():
    frames = []
    for seed in range(6):
        control, launch = world(seed=seed), world(seed=seed)
        after = launch.readers["day"] >= 0
        launch.readers.loc[after, "clicks"] += 1
        frames.append(truth_by_day(seed, control, launch))
    sharp = sharpness(pd.concat(frames)).set_index(["metric", "day"])
    row = sharp.loc[("ctr", 1)]
    assert row["n"] == 6
    assert row["se_apart"] > 5 * row["se"]
    assert sharp.loc[("fulfilled", 0), "effect"] == 0.0
    one = sharpness(frames[0])
    assert one["se"].isna().all()


def test_shares_of_the_long_run_effect_and_the_bound():
    days = np.arange(8)
    rows = [("ctr", d, 1, 0.02 * min(d + 1, 5), np.nan, np.nan) for d in days]
    rows += [(FLOW_OF_STOCK, d, 1, 0.5, np.nan, np.nan) for d in days]
    rows += [(STOCK, d, 1, 0.5 * 0.04 * (d + 1), np.nan, np.nan) for d in days]
    sharp = pd.DataFrame(rows, columns=["metric", "day", "n", "effect", "se", "se_apart"])
    assert long_run(sharp)["ctr"] == pytest.approx(0.1)
    found = horizon(sharp, 0.04).set_index(["metric", "day"])
    assert found.loc[("ctr", 0), "fraction"] == pytest.approx(0.2)
    assert found.loc[("ctr", 7), "fraction"] == pytest.approx(1.0)
    stock = found.loc[STOCK]
    np.testing.assert_allclose(stock["fraction"], stock["bound"])
    assert horizon(sharp, 0.5)["bound"].max() == 1.0


def test_the_untreated_are_compared_with_themselves():
    found = design("plan2")
    test, control = run_of(found, seed=4), run_of(found, seed=4)
    assert {s.difference for s in spillover(test, control, found)} == {0.0}
    of_control = test.readers["reader_arm"].eq(0) & test.readers["day"].ge(0)
    test.readers.loc[of_control, "clicks"] += 1
    of_notes = test.notes["note_arm"].eq(0)
    test.notes.loc[of_notes, "impressions_24h"] += 2
    treated = test.readers["reader_arm"].eq(1)
    test.readers.loc[treated, "clicks"] += 50
    by_metric = {s.metric: s for s in spillover(test, control, found)}
    own = control.readers[control.readers["reader_arm"].eq(0) & control.readers["day"].ge(0)]
    assert by_metric["ctr"].difference == pytest.approx(len(own) / own["impressions"].sum())
    assert by_metric["ctr"].p < 1e-6
    assert by_metric["ctr"].se < by_metric["ctr"].difference / 10
    assert by_metric["impressions_24h"].difference == pytest.approx(2.0)
    assert by_metric["notes_per_creator"].difference == 0.0
    assert {s.side for s in by_metric.values()} == {"readers", "notes", "creators"}


def test_sides_that_are_not_randomised_have_no_untreated():
    run = run_of(design("user_side"))
    assert {s.side for s in spillover(run, run, design("user_side"))} == {"readers"}
    assert spillover(run, run, design("switchback")) == []
    assert spillover(run, run, design("author_side", unit="note")) == []
