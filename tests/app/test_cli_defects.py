"""`notesim defects`: the table, the report, and its exit code."""

import json
from dataclasses import replace

from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.experiments import defects

run_cli = CliRunner().invoke


def test_it_prints_a_table_and_writes_a_report(tmp_path):
    out = tmp_path / "demo"
    done = run_cli(app, ["defects", "--seeds", "2", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "metric fishing" in done.stdout
    assert "A clean test is flagged in 0 % of seeds." in done.stdout
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Broken tests" in page
    assert "was not the primary metric" in page
    text = (out / "report.md").read_text(encoding="utf-8")
    assert f"notesim defects --seeds 2 --first-seed 1 --out {out}" in text
    facts = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert [row["is_right"] for row in facts["rows"]] == [True] * 9


def test_json_and_a_missed_defect(monkeypatch):
    real = defects.run_defects(1)
    missed = [replace(row, found=0.5) if row.defect == "whale" else row for row in real]
    monkeypatch.setattr(defects, "run_defects", lambda *_: missed)
    done = run_cli(app, ["defects", "--seeds", "1", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["verdicts"][0] == "Found in less than 95 % of seeds: whale."


def test_no_seed_is_refused(tmp_path):
    done = run_cli(app, ["defects", "--seeds", "0", "--out", str(tmp_path / "o")])
    assert done.exit_code == 2
    assert not (tmp_path / "o").exists()
