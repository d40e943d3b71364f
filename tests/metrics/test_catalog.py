import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.metrics import FAMILIES, measure, metrics, names, remarks
from simulator.results import MetricParams, Query, run_digest
from tests.support.run_tables import drawn_columns, new_run

ROOT = Path(__file__).resolve().parents[2]
PARAMS = MetricParams(warm_up_days=2, measured_days=9, threshold_scale=0.05)
BANDS = ("", "_low", "_mid", "_high")


def drawn_run(path, rows_per_part, params=PARAMS):
    with new_run(path, params) as run:
        for name, columns in drawn_columns(params, 20_000, 300, seed=3).items():
            writer = run.writers(rows_per_part)[name]
            writer.append(columns)
            writer.flush()
    return run


def test_every_agreed_name_is_there():
    expected = {
        *("publish_penetration", "notes_per_dau", "creator_retention_d7", "quota_fulfilment"),
        *("time_to_first_impression_min", "time_to_first_interaction_min"),
        *(f"new_note_ctr{band}" for band in BANDS),
        *(f"new_note_interaction_rate{band}" for band in BANDS),
        *("hide_rate", "time_spent_min_per_dau", "dau", "mau", "lt7", "impressions_per_dau", "ctr"),
        *("high_heat_share", "high_exposure_low_conversion_share", "impression_gini_new"),
        *("new_note_impression_share", "discoverable_corpus"),
        *("auc", "auc_new", "auc_old", "gauc", "log_loss", "recall_at_50", "coverage", "novelty"),
        *("calibration", "calibration_new", "calibration_old"),
        *("quota_progress_quarter", "quota_progress_half", "quota_under_delivery"),
        *("quota_over_delivery", "promise_fulfilment", "supported_share"),
        *("intra_list_similarity", "distinct_categories_per_slate", "requests_per_session"),
        "exploration_impression_share",
    }
    assert set(names()) == expected
    assert len(names()) == len(expected)
    assert [family.name for family in FAMILIES] == [
        "creator",
        "guarantee",
        "reader",
        "platform",
        "content",
        "diversity",
        "recommender",
    ]


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_every_metric_explains_itself(metric):
    assert metric.description.endswith(".")
    assert metric.better in {"up", "down", "none"}
    assert bool(metric.numerator) == bool(metric.denominator)
    assert bool(metric.needs_days) == bool(metric.if_shorter)


def test_names_are_known_without_heavy_imports():
    code = (
        "import sys; from simulator.metrics import names; assert len(names()) > 30;"
        "print([m for m in ('duckdb', 'pandas', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_remarks_follow_from_the_length_of_the_run():
    assert remarks(MetricParams(measured_days=60)) == {}
    assert "quota_fulfilment" in remarks(MetricParams(measured_days=1))
    assert set(remarks(MetricParams(measured_days=14))) == {"high_heat_share"}


def test_values_do_not_depend_on_part_boundaries_or_repetition(tmp_path):
    runs = [drawn_run(tmp_path / str(n), n) for n in (500_000, 3_333)]
    found = [measure(run, PARAMS) for run in (*runs, runs[0])]
    for other in found[1:]:
        assert other.totals == found[0].totals
        for name, daily in found[0].daily.items():
            np.testing.assert_array_equal(other.daily[name], daily)
    assert run_digest(runs[0].path) == run_digest(runs[1].path)


def test_every_metric_is_defined_on_a_drawn_platform(tmp_path):
    params = PARAMS.model_copy(update={"threshold_scale": 0.002})
    found = measure(drawn_run(tmp_path / "r", 500_000, params), params)
    assert list(found.totals) == names()
    assert [name for name, value in found.totals.items() if value is None] == [
        "promise_fulfilment"  # nothing was promised
    ]
    assert found.totals["calibration"] == pytest.approx(1, abs=0.1)
    assert 0.65 < found.totals["auc"] < 0.85


def test_the_stored_table_holds_every_value(tmp_path):
    run = drawn_run(tmp_path / "r", 500_000)
    found = measure(run, PARAMS)
    with Query(run.path, ["metrics"]) as query:
        table = query.frame("SELECT * FROM metrics")
    assert len(table) == len(names()) * (1 + PARAMS.measured_days)
    totals = table[table["day"].isna()].set_index("metric")["value"]
    for name, value in found.totals.items():
        assert (value is None and np.isnan(totals[name])) or totals[name] == value
    daily = table[table["metric"] == "ctr"]["value"].to_numpy()[1:]
    np.testing.assert_array_equal(daily, found.daily["ctr"])


@pytest.mark.slow
def test_a_million_impressions_take_seconds(tmp_path):
    import time

    params = MetricParams(warm_up_days=7, measured_days=14, threshold_scale=0.1)
    with new_run(tmp_path / "r", params) as run:
        for name, columns in drawn_columns(params, 1_000_000, 2_000, seed=1).items():
            writer = run.writers()[name]
            writer.append(columns)
            writer.flush()
        start = time.process_time()
        measure(run, params)
        assert time.process_time() - start < 6
