"""Commands about scenarios and plug-ins that run nothing for long."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.app.explain import estimate, phases, plugin_uses, request_path
from simulator.app.loading import load_scenario
from simulator.app.registry import registry
from simulator.app.trial import TINY, day_share, load, shrunken, try_out

SCENARIO = """\
name: small
question: What then?
horizon: 2d
warm_up: 1d
world: {readers: {n: 60}}
policies: [{type: boost, coefficient: 3}]
"""


def call(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_validate_says_that_a_scenario_is_right(file):
    result = call("validate", file)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file}: right (small, ")


def test_validate_reports_every_mistake_of_every_file(file, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("name: other\nhorizont: 2d\nseed: -1\n", encoding="utf-8")
    result = call("validate", file, other, tmp_path / "none.yaml")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert any(line.startswith(f"{other}:2") and "'horizon'" in line for line in lines)
    assert any(line.startswith(f"{other}:3") and "seed" in line for line in lines)
    assert any("none.yaml" in line and "no such file" in line for line in lines)
    assert len(result.stdout.splitlines()) == 1


def test_resolved_scenarios_load_to_the_same(file, tmp_path):
    result = call("validate", file, "--resolved", "--set", "seed=9")
    assert result.exit_code == 0
    copy = tmp_path / "copy.yaml"
    copy.write_text(result.stdout, encoding="utf-8")
    assert load_scenario(copy) == load_scenario(file, {"seed": 9})


def test_explain_prints_phases_path_and_plug_ins(file):
    result = call("explain", file, "--no-estimate")
    assert result.exit_code == 0, result.output
    assert "What then?" in result.stdout
    for name, text in phases():
        assert name.lower().replace("_", "-") in result.stdout
        assert text in result.stdout
    assert "policy boost" in result.stdout
    assert "coefficient=3.0" in result.stdout
    assert "Estimate" not in result.stdout


def test_phases_come_in_the_order_of_an_instant():
    assert [name for name, _ in phases()][:2] == ["PUBLISH", "FEEDBACK"]
    assert [name for name, _ in phases()][-1] == "SERVE"


def test_budgets_on_the_request_path_are_those_of_the_plug_ins(file):
    scenario = load_scenario(file, {"pre_rank.keep": 77, "rank.keep": 33})
    budgets = {step.name: step.budget for step in request_path(scenario)}
    assert budgets["pre-rank"] == "best 77"
    assert budgets["rank"] == "best 33"
    total = sum(config.k for config in scenario.recall)
    assert budgets["recall"] == f"{total} from {len(scenario.recall)} channels"


def test_changed_parameters_are_marked(file):
    uses = {use.name: use for use in plugin_uses(load_scenario(file))}
    assert uses["boost"].changed == ("coefficient",)
    assert uses["mmr"].changed == ()
    assert "rules.promoted_gap" in uses["mmr"].parameters


def test_the_estimate_of_a_whole_day_is_what_a_day_costs():
    scenario = load(TINY, horizon="3d")
    day = try_out(load(TINY))
    found = estimate(scenario, budget_s=600.0)
    assert found.days == 3
    assert found.readers == 60
    assert found.impressions == 3 * day.impressions
    assert found.requests == 3 * day.requests
    assert 0 < found.create_s + found.serve_s == found.total_s


def test_a_trial_stops_when_its_time_is_up():
    trial = try_out(load(TINY), budget_s=0.0)
    assert trial.requests > 0
    assert trial.simulated_s < 86_400


def test_a_shrunken_world_serves_as_many_requests_together():
    scenario = load(TINY, world__readers__n=4_000, world__retention__arrivals_per_day=8.0)
    small = shrunken(scenario, 1_000)
    assert small.world.readers.n == 1_000
    assert small.serving_window_s == 4 * scenario.serving_window_s
    assert small.world.retention.arrivals_per_day == 2.0
    assert shrunken(scenario, 40).serving_window_s == 600


def test_the_share_of_a_day_follows_its_hours():
    scenario = load(TINY)
    assert day_share(scenario, 0.0) == 0.0
    assert day_share(scenario, 86_400.0) == pytest.approx(1.0)
    assert day_share(scenario, 6 * 3_600.0) == pytest.approx(0.09, abs=0.01)
    assert day_share(scenario, 1_800.0) == pytest.approx(day_share(scenario, 3_600.0) / 2)


def test_plugins_lists_every_one_with_its_parameters():
    result = call("plugins")
    assert result.exit_code == 0
    for kind in registry().kinds:
        for name in registry().plugins(kind):
            assert f"  {name}  " in result.stdout
    assert "max_age" in result.stdout


def test_plugins_as_json_by_kind():
    value = json.loads(call("plugins", "policies", "--json").stdout)
    boost = value["policies"]["boost"]
    assert boost["summary"]
    assert boost["parameters"]["coefficient"]["default"] == 2.0
    assert boost["parameters"]["max_age"]["default"] == "1d"
    assert "type" not in boost["parameters"]


def test_a_misspelt_kind_gets_a_suggestion():
    result = call("plugins", "policy")
    assert result.exit_code == 2
    assert "Did you mean 'policies'?" in result.stderr


def test_schema_goes_to_stdout_or_to_a_file(tmp_path):
    printed = json.loads(call("schema").stdout)
    target = tmp_path / "schema.json"
    result = call("schema", "--write", target)
    assert result.stdout == ""
    assert json.loads(target.read_text(encoding="utf-8")) == printed
    assert "world" in printed["properties"]


def test_schema_that_cannot_be_written_is_one_line(tmp_path):
    result = call("schema", "--write", tmp_path / "no" / "schema.json")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_doctor_warms_the_kernels():
    result = call("doctor", "--json")
    assert result.exit_code == 0
    value = json.loads(result.stdout)
    assert value["versions"]["numpy"]
    assert value["tiny_run"]["impressions"] == try_out(load(TINY)).impressions
    assert value["kernels"]["compiled"] + value["kernels"]["from_cache"] > 20
    assert value["warm_before"] is (value["kernels"]["compiled"] == 0)


def load_module(name: str, path: Path, monkeypatch):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["policy", "channel"])
def test_new_writes_a_plug_in_that_passes_its_own_test(kind, tmp_path, monkeypatch):
    room = {"policy": "policies", "channel": "recall"}[kind]
    (tmp_path / room).mkdir()
    (tmp_path / "tests").mkdir()
    result = call("new", kind, "my_idea", "--root", tmp_path)
    assert result.exit_code == 0, result.output
    code, test = (Path(line) for line in result.stdout.splitlines())
    load_module(f"{room}.my_idea", code, monkeypatch)
    module = load_module("test_my_idea", test, monkeypatch)
    checks = [item for name, item in vars(module).items() if name.startswith("test_")]
    assert len(checks) == 1
    checks[0]()
    assert call("new", kind, "my_idea", "--root", tmp_path).exit_code == 2


@pytest.mark.parametrize(
    "arguments", [("ranker", "x"), ("policy", "My-Idea"), ("policy", "x", "--root", "nowhere")]
)
def test_new_refuses_what_it_cannot_do(arguments):
    result = call("new", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
