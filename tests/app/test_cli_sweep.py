"""`notesim sweep`: runs, resumes, survives failures, and writes the same bytes anyhow."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.app import api
from simulator.app.cli.application import app
from simulator.contracts.errors import RunError
from tests.support.small_runs import write_tiny

run_cli = CliRunner().invoke


@pytest.fixture
def sweep_file(tmp_path):
    write_tiny(tmp_path / "tiny.yaml", question="Is it quick?")
    path = tmp_path / "s.yaml"
    path.write_text(
        "name: s\nscenario: tiny.yaml\nseeds: 2\ncases:\n"
        "  - {name: none}\n"
        "  - {name: boosted, set: {policies: [{type: boost, coefficient: 4}]}}\n",
        encoding="utf-8",
    )
    return path


def sweep(file, out, *options):
    return run_cli(app, ["sweep", str(file), "--out", str(out), *options])


def tables(folder):
    (found,) = folder.iterdir()
    return {name: (found / name).read_bytes() for name in ("cells.parquet", "metrics.parquet")}


def test_tables_do_not_depend_on_the_number_of_workers(sweep_file, tmp_path):
    for jobs in ("1", "2"):
        done = sweep(sweep_file, tmp_path / jobs, "--jobs", jobs, "--json")
        assert done.exit_code == 0, done.output
    assert tables(tmp_path / "1") == tables(tmp_path / "2")
    facts = json.loads(done.stdout)
    assert facts["baseline"] == "none"
    assert facts["runs"] == 4
    pair = facts["differences"]["boosted"]["new_note_impression_share"]
    assert pair["n"] == 2
    assert pair["difference"] > 0
    means = facts["means"]
    assert pair["difference"] == pytest.approx(
        means["boosted"]["new_note_impression_share"] - means["none"]["new_note_impression_share"]
    )


def test_finished_runs_are_kept(sweep_file, tmp_path, monkeypatch):
    assert sweep(sweep_file, tmp_path / "o", "--quiet").exit_code == 0
    before = tables(tmp_path / "o")
    monkeypatch.setattr(api, "_simulate_and_measure", lambda *_: pytest.fail("ran again"))
    assert sweep(sweep_file, tmp_path / "o", "--quiet").exit_code == 0
    assert tables(tmp_path / "o") == before


def test_a_failing_run_is_tried_again_then_reported(sweep_file, tmp_path, monkeypatch):
    real, tries = api._simulate_and_measure, []

    def fail_boosted(scenario, folder, options):
        if scenario.policies and scenario.seed == 1:
            tries.append(scenario.seed)
            raise RunError("a plug-in broke", "rank")
        real(scenario, folder, options)

    monkeypatch.setattr(api, "_simulate_and_measure", fail_boosted)
    done = sweep(sweep_file, tmp_path / "o")
    assert done.exit_code == 1
    assert len(tries) == 2
    assert "1 of 4 runs failed" in done.stdout
    assert "boosted, seed 1: a plug-in broke (stage: rank)" in done.stdout
    (folder,) = (tmp_path / "o").iterdir()
    cells = pd.read_parquet(folder / "cells.parquet")
    assert cells["status"].tolist() == ["done", "failed", "done", "done"]
    monkeypatch.setattr(api, "_simulate_and_measure", real)
    assert sweep(sweep_file, tmp_path / "o").exit_code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: s\nscenario: nowhere.yaml\n", "nowhere.yaml"),
        ("name: s\nscenario: tiny.yaml\ngird: {seed: [1]}\n", "Did you mean 'grid'"),
        ("name: s\nscenario: tiny.yaml\ngrid: {world.reader.n: [1]}\n", "reader"),
        ("name: s\nscenario: tiny.yaml\ngrid: {world.readers.n: [0]}\n", "world.readers.n"),
        ("name: s\nscenario: tiny.yaml\nseeds: none\n", "seeds"),
        ("scenario: tiny.yaml\n", "name"),
    ],
)
def test_mistakes_are_found_before_anything_runs(sweep_file, tmp_path, text, words):
    sweep_file.write_text(text, encoding="utf-8")
    done = sweep(sweep_file, tmp_path / "o")
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "o").exists()


def test_the_table_names_baseline_and_noise(sweep_file, tmp_path):
    done = sweep(sweep_file, tmp_path / "o", "--seeds", "2")
    assert "baseline" in done.stdout
    assert "noise removed" in done.stdout
    assert "new_note_ctr" in done.stdout
