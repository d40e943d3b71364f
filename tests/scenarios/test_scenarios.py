"""The bundled scenarios: each loads, asks something, and is known to editors."""

import json
from pathlib import Path

import pytest

from simulator.app.files import bundled_scenarios
from simulator.app.loading import load_scenario
from simulator.app.schema import json_schema
from simulator.app.sweeping import load_sweep
from tests.support.small_runs import ROOT

FOLDER = ROOT / "scenarios"
SCENARIOS = sorted(bundled_scenarios().values())
SWEEPS = sorted(bundled_scenarios(sweeps=True).values())
SCHEMA = FOLDER / "scenario.schema.json"
FIRST_LINE = "# yaml-language-server: $schema=./scenario.schema.json"
EXPECTED = {"smoke", "quickstart", "standard", "large", "creator_flood"}

each_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])


def test_the_promised_scenarios_are_there():
    assert {path.stem for path in SCENARIOS} >= EXPECTED


@each_scenario
def test_it_loads_and_asks_a_question(path: Path):
    scenario = load_scenario(path)
    assert scenario.name == path.stem
    assert scenario.question.strip().endswith((".", "?"))
    assert len(scenario.question) > 30
    assert "question:" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SWEEPS, ids=[path.stem for path in SWEEPS])
def test_every_variant_of_a_sweep_can_run(path: Path):
    sweep = load_sweep(path)
    assert sweep.config.name == path.stem
    assert sweep.config.question.strip().endswith((".", "?"))
    assert len(sweep.cells) > 1


@each_scenario
def test_editors_find_its_schema(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == FIRST_LINE
    assert all(len(line) <= 100 for line in lines)


def test_the_schema_is_fresh():
    """Refresh it with `notesim schema --write scenarios/scenario.schema.json`."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_no_two_scenarios_are_the_same():
    hashes = {load_scenario(path).hash8: path.stem for path in SCENARIOS}
    assert len(hashes) == len(SCENARIOS)


@each_scenario
def test_written_out_in_full_it_is_the_same(path: Path, tmp_path):
    scenario = load_scenario(path)
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(scenario.dump_yaml(), encoding="utf-8")
    assert load_scenario(resolved).hash8 == scenario.hash8


def test_sizes_are_those_of_the_documentation():
    readers = {path.stem: load_scenario(path).world.readers.n for path in SCENARIOS}
    assert readers["smoke"] <= 500
    assert readers["standard"] == 20_000
    assert readers["large"] == 200_000
    standard = load_scenario(FOLDER / "standard.yaml")
    assert (standard.warm_up_s, standard.horizon_s) == (7 * 86_400, 14 * 86_400)
