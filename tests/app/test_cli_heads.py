"""What `notesim heads` prints and writes."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.metrics.heads import HEADS
from tests.support.logged_runs import finished_run


def call(*arguments: object):
    result = CliRunner().invoke(app, ["heads", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("runs") / "drawn-1")


def test_the_table_has_a_block_a_head(run):
    lines = call(run).stdout.splitlines()
    assert lines[0].split()[:4] == ["head", "age", "n", "positives"]
    first = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert first[: len(HEADS) + 1] == ["head", *HEADS]
    assert next(line for line in lines if line.startswith("dwell")).split()[1] == "n"


def test_what_is_not_defined_reads_as_nothing(run):
    value = json.loads(call(run, "--json").stdout)
    assert all(row["correlation"] is None for row in value["dwell"]), "predictions are constant"
    assert "–" in call(run).stdout


def test_json_holds_the_same_numbers_as_the_files(run, tmp_path):
    value = json.loads(call(run, "--json", "--out", tmp_path / "t.parquet").stdout)
    assert set(value) == {"run", "impressions", "actions", "dwell"}
    click = next(r for r in value["actions"] if (r["head"], r["age"]) == ("click", "all"))
    assert click["n"] == value["impressions"]
    assert 0.6 < click["auc"] < 0.9
    assert click["calibration"] == pytest.approx(1, abs=0.15)
    call(run, "--out", tmp_path / "t.csv")
    as_csv, as_parquet = pd.read_csv(tmp_path / "t.csv"), pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(as_csv, as_parquet, check_dtype=False)
    assert len(as_csv) == len(value["actions"]) + len(value["dwell"])
