"""Quality of predictions, of literal events worked out by hand and of drawn ones."""

import math

import numpy as np
import pytest

from simulator.contracts.events import DAY_S
from simulator.metrics import compute
from simulator.metrics.heads import HEADS, auc_error, head_tables
from simulator.results import MetricParams, build_unit_tables
from tests.support.run_tables import drawn_columns, new_run, published, seen, write_rows

PARAMS = MetricParams(warm_up_days=1, measured_days=2)
NOW = 1.5 * DAY_S


def tables_of(path, events, params=PARAMS):
    with new_run(path, params) as run:
        write_rows(run, events)
        build_unit_tables(run, params)
        return head_tables(run)


def at(reader, p_like, like, *, age_d=0.5, click=1, t=NOW, **fields):
    note = published(PARAMS, int(age_d), 1, t - age_d * DAY_S)
    return seen(PARAMS, note, t, reader, click=click, like=like, p_like=p_like, **fields)


EVENTS = [
    at(1, 0.5, 1, p_dwell_s=10, dwell_s=20),
    at(1, 0.25, 0, p_dwell_s=20, dwell_s=20),
    at(2, 0.125, 1, p_dwell_s=30, dwell_s=60),
    at(2, 0.25, 0, age_d=3, p_dwell_s=30, dwell_s=0),
    at(3, 0.9, 0, click=0, p_dwell_s=1_000),
    at(1, 0.9, 0, t=0.5 * DAY_S, p_dwell_s=1_000),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return tables_of(tmp_path_factory.mktemp("runs") / "r", EVENTS)


def row(frame, head, age):
    return frame.set_index(["head", "age"]).loc[(head, age)]


def test_every_head_has_a_row_for_each_age_that_was_seen(tables):
    assert tables.impressions == 5
    assert list(dict.fromkeys(tables.actions["head"])) == list(HEADS)
    for _, rows in tables.actions.groupby("head"):
        assert rows["age"].tolist() == ["new", "1-7d", "all"]
    assert tables.dwell["age"].tolist() == ["new", "1-7d", "all"]


def test_other_heads_than_click_are_judged_on_clicked_impressions(tables):
    assert row(tables.actions, "click", "all")["n"] == 5
    assert row(tables.actions, "click", "new")["n"] == 4
    found = row(tables.actions, "like", "all")
    assert (found["n"], found["positives"], found["rate"]) == (4, 2, 0.5)


def test_order_size_and_loss(tables):
    found = row(tables.actions, "like", "all")
    # .5 liked wins both pairs, .125 liked loses both.
    assert found["auc"] == 0.5
    assert found["calibration"] == pytest.approx((0.5 + 0.25 + 0.125 + 0.25) / 2)
    loss = -(math.log(0.5) + math.log(0.75) + math.log(0.125) + math.log(0.75)) / 4
    assert found["log_loss"] == pytest.approx(loss, rel=1e-8)
    assert found["log_loss_rate"] == pytest.approx(math.log(2))
    # Within reader 1 the liked note stands first, within reader 2 last; both have two clicks.
    assert (found["gauc"], found["gauc_n"]) == (0.5, 4)


def test_what_is_not_defined_is_not_invented(tables):
    found = row(tables.actions, "comment", "all")
    assert (found["n"], found["positives"]) == (4, 0)
    assert np.isnan([found["auc"], found["auc_error"], found["gauc"], found["calibration"]]).all()
    assert found["log_loss_rate"] == 0
    assert found["gauc_n"] == 0
    only = row(tables.actions, "like", "1-7d")
    assert (only["n"], only["calibration"]) == (1, pytest.approx(np.nan, nan_ok=True))


def test_dwell(tables):
    found = tables.dwell.set_index("age").loc["all"]
    assert found["n"] == 4
    assert (found["mean_s"], found["predicted_s"]) == (25, 22.5)
    assert found["calibration"] == pytest.approx(0.9)
    assert found["mean_absolute_error_s"] == (10 + 0 + 30 + 30) / 4
    expected = np.corrcoef([10, 20, 30, 30], [20, 20, 60, 0])[0, 1]
    assert found["correlation"] == pytest.approx(expected)
    assert np.isnan(tables.dwell.set_index("age").loc["1-7d", "correlation"])


def test_one_long_table(tables):
    long = tables.long()
    assert long["head"].unique().tolist() == [*HEADS, "dwell"]
    assert {"auc", "mean_absolute_error_s"} <= set(long.columns)


def test_predictions_that_are_no_numbers_are_left_out(tmp_path):
    events = [at(1, 0.5, 1), at(1, 0.25, 0), at(1, float("nan"), 1), at(1, float("inf"), 1)]
    found = row(tables_of(tmp_path / "r", events).actions, "like", "all")
    assert (found["n"], found["positives"], found["auc"]) == (2, 1, 1.0)


def test_nothing_logged_gives_empty_tables(tmp_path):
    tables = tables_of(tmp_path / "r", [])
    assert tables.impressions == len(tables.actions) == len(tables.dwell) == len(tables.long()) == 0


def test_the_click_head_agrees_with_the_metrics_of_the_run(tmp_path):
    columns = drawn_columns(PARAMS, 5_000, 200, seed=3)
    with new_run(tmp_path / "r", PARAMS) as run:
        for name, rows in columns.items():
            writer = run.writers()[name]
            writer.append(rows)
            writer.flush()
        build_unit_tables(run, PARAMS)
        totals, actions = compute(run, PARAMS).totals, head_tables(run).actions
    for age, suffix in (("all", ""), ("new", "_new")):
        found = row(actions, "click", age)
        assert found["auc"] == totals[f"auc{suffix}"]
        assert found["calibration"] == pytest.approx(totals[f"calibration{suffix}"])
    assert row(actions, "click", "all")["gauc"] == totals["gauc"]
    assert row(actions, "click", "all")["log_loss"] == pytest.approx(totals["log_loss"])


@pytest.mark.statistical
def test_the_standard_error_of_an_auc_is_about_right():
    from simulator.metrics.auc import auc_by_group

    rng = np.random.default_rng(5)
    found = []
    for _ in range(400):
        y = np.repeat([1, 0], [40, 160])
        level = np.round(50_000 + 5_000 * (rng.standard_normal(200) + 0.8 * y)).astype(np.int64)
        one = np.ones(200, np.int64)
        found.append(auc_by_group(0 * one, level, one, y)[1][0])
    assert auc_error(float(np.mean(found)), 40, 160) == pytest.approx(np.std(found), rel=0.15)
    assert np.isnan(auc_error(float("nan"), 0, 10))
