import numpy as np
import pytest

from simulator.contracts.columns import EVENTS
from simulator.contracts.errors import RunError
from simulator.metrics import measure, names
from simulator.results import MetricParams, Result, run_digest
from tests.support.run_tables import drawn_columns, new_run

PARAMS = MetricParams(warm_up_days=1, measured_days=3, threshold_scale=0.05)


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    with new_run(tmp_path_factory.mktemp("runs") / "r", PARAMS) as run:
        for name, columns in drawn_columns(PARAMS, 5_000, 100, seed=1).items():
            writer = run.writers(2_000)[name]
            writer.append(columns)
            writer.flush()
        measure(run, PARAMS)
        run.finish()
    return Result.open(run.path)


def test_metrics_come_by_name_in_order(result):
    assert list(result.metrics.index) == names()
    assert 0 < result.metrics["ctr"] < 1
    assert np.isnan(result.metrics["creator_retention_d7"])


def test_daily_has_one_row_a_day_and_one_column_a_metric(result):
    assert list(result.daily.index) == [0, 1, 2]
    assert list(result.daily.columns) == names()
    assert result.daily["creator_retention_d7"].isna().all()
    assert result.daily["dau"].mean() == pytest.approx(result.metrics["dau"])


def test_unit_tables_are_frames(result):
    assert len(result.notes) == 100
    assert result.notes["title"].iloc[7] == "note 7"
    assert result.readers["impressions"].sum() == 5_000
    assert result.creators["impressions"].sum() == 5_000


def test_events_choose_columns_and_rows(result):
    every = result.events()
    assert list(every.columns) == [c.name for c in EVENTS]
    assert every["t"].is_monotonic_increasing
    clicked = result.events(["note_id", "click"], where="click = 1 AND day >= 0")
    assert list(clicked.columns) == ["note_id", "click"]
    assert len(clicked) == ((every["click"] == 1) & (every["day"] >= 0)).sum()
    assert len(result.events(["t"], where="day = 0 -- only this day")) == (every["day"] == 0).sum()


@pytest.mark.parametrize(
    ("columns", "where", "message"),
    [
        (["note"], None, "no column 'note'. Did you mean 'note_id'"),
        (["zzz"], None, "no column 'zzz'"),
        (None, "clicks > 0", "query is not valid.*clicks"),
        (None, "1 = 1; DROP VIEW events", "without `;`"),
    ],
)
def test_wrong_questions_are_clear(result, columns, where, message):
    with pytest.raises(RunError, match=message):
        result.events(columns, where)


def test_scenario_manifest_and_digest(result):
    assert result.scenario == "name: t\n"
    assert result.manifest.status == "done"
    assert result.digest == run_digest(result.folder)
    assert result.folder.name == "r"
    assert "r" in repr(result)


def test_an_unfinished_run_does_not_open(tmp_path):
    with new_run(tmp_path / "r"), pytest.raises(RunError, match="not finished"):
        Result.open(tmp_path / "r")
