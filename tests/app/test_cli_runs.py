"""From a scenario file to tables: run, show, compare, resume, with a real small world."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.app.cli import console
from simulator.app.cli.application import app
from simulator.app.cli.find import find_run, run_names
from simulator.app.cli.stop import StopFlag
from simulator.metrics.families import names

SCENARIO = """\
name: tiny
question: Do boosted
  notes get more?
horizon: 1d
warm_up: 0d
world: {readers: {n: 60}}
metrics: [ctr]
"""
BOOST = "policies=[{type: boost, coefficient: 4}]"


def call(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def with_output(result, exit_code: int = 0):
    assert result.exit_code == exit_code, result.output
    return result


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Return a folder with a scenario file and two finished runs, without and with boost."""
    folder = tmp_path_factory.mktemp("place")
    scenario = folder / "tiny.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    out = folder / "runs"
    first = with_output(call("run", scenario, "--out", out, "--json"))
    (folder / "first.json").write_text(first.stdout, encoding="utf-8")
    (folder / "first.log").write_text(first.stderr, encoding="utf-8")
    second = with_output(call("run", scenario, "--out", out, "--set", BOOST, "--profile"))
    (folder / "second.txt").write_text(second.stdout, encoding="utf-8")
    (folder / "second.log").write_text(second.stderr, encoding="utf-8")
    return folder


@pytest.fixture
def here(place, monkeypatch) -> Path:
    """Work in the folder of `place`."""
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def first(place) -> dict:
    """Return the JSON object of the first run."""
    return json.loads((place / "first.json").read_text())


@pytest.fixture
def second(here) -> str:
    """Return the name of the second run."""
    return next(name for name in run_names() if find_run(name) != find_run(first_name(here)))


def first_name(place: Path) -> str:
    return Path(json.loads((place / "first.json").read_text())["run"]).name


def test_json_is_one_object_with_the_fixed_keys(first):
    assert set(first) == {
        "run",
        "wall_s",
        "cpu_s",
        "impressions",
        "impressions_per_cpu_s",
        "peak_rss_mb",
        "digest",
        "metrics",
    }
    assert list(first["metrics"]) == names()
    assert first["impressions"] > 100
    assert first["impressions_per_cpu_s"] == pytest.approx(first["impressions"] / first["cpu_s"])
    assert first["metrics"]["lt7"] is None
    assert (Path(first["run"]) / "manifest.json").is_file()


def test_the_header_says_what_runs_and_goes_to_stderr(place, first):
    said = (place / "first.log").read_text()
    assert "estimate" not in said
    assert "Do boosted notes get more?" in said
    assert "60 readers · 1d measured" in said
    assert "seed 1" in said
    assert "vector_pool_24h" in said
    assert Path(first["run"]).name in said


def test_the_table_groups_metrics_and_ends_with_three_lines(place):
    lines = (place / "second.txt").read_text().splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles[0] == "What the scenario asks about"
    assert titles[1].startswith("Creators:")
    assert next(line.split()[0] for line in lines if line.startswith("  ")) == "ctr"
    assert sum(line.startswith("  ctr ") for line in lines) == 1
    shown = {line.split()[0] for line in lines if line.startswith("  ")}
    assert shown == set(names())
    assert [line.split(":")[0] for line in lines[-3:]] == ["results", "look", "reproduce"]
    assert BOOST in lines[-1]


def test_a_long_run_begins_with_an_estimate(here, tmp_path, monkeypatch):
    from simulator.app import explain

    def stop(_self) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(explain, "LONG_READER_DAYS", 60)
    monkeypatch.setattr(StopFlag, "__call__", stop)
    result = with_output(call("run", "tiny.yaml", "--out", tmp_path), 130)
    assert "(from a short run with 60 readers)" in result.stderr


def test_the_profile_is_on_stderr(place):
    said = (place / "second.log").read_text()
    assert "commit" in said
    assert "%" in said
    assert "commit" not in (place / "second.txt").read_text()


def test_quiet_prints_the_folder_only(here, tmp_path):
    result = with_output(call("run", "tiny.yaml", "--out", tmp_path, "--quiet", "--no-events"))
    folder = Path(result.stdout.strip())
    assert result.stderr == ""
    assert folder.parent == tmp_path
    assert not list(folder.glob("events/*.parquet"))


def test_an_interrupted_run_resumes_to_the_same_digest(here, tmp_path, monkeypatch, first):
    asked = iter(range(10_000))
    with monkeypatch.context() as patch:
        patch.setattr(StopFlag, "__call__", lambda _: next(asked) > 40)
        result = call("run", "tiny.yaml", "--out", tmp_path, "--json")
    with_output(result, 130)
    assert result.stdout == ""
    again = f"resume with: notesim run tiny.yaml --out {tmp_path} --resume"
    assert again in result.stderr.splitlines()
    shown = with_output(call("show", next(tmp_path.iterdir())), 1)
    assert "not finished" in shown.stderr
    done = with_output(call("run", "tiny.yaml", "--out", tmp_path, "--resume", "--json"))
    assert json.loads(done.stdout)["digest"] == first["digest"]


def test_stopping_at_once_says_how_to_go_on(here, tmp_path, monkeypatch):
    def stop(_self) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(StopFlag, "__call__", stop)
    result = with_output(call("run", "tiny.yaml", "--out", tmp_path), 130)
    assert "stopped at once" in result.stderr
    assert "--resume" in result.stderr


def test_a_wrong_scenario_leaves_nothing_behind(here, tmp_path):
    out = tmp_path / "out"
    settings = ["--set", "sed=3", "--set", "world.readers.n=-1"]
    result = with_output(call("run", "tiny.yaml", "--out", out, *settings, "--json"), 2)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 2
    assert "Did you mean 'seed'" in result.stderr
    assert not out.exists()


def test_a_misspelt_file_gets_a_suggestion(here):
    result = with_output(call("run", "tinny.yaml"), 2)
    assert result.stderr.strip() == "tinny.yaml: there is no such file. Did you mean 'tiny.yaml'?"


def test_a_run_that_cannot_be_written_fails_with_one_line(here, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    result = with_output(call("run", "tiny.yaml", "--out", tmp_path / "file"), 1)
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert result.stdout == ""


def test_a_wrong_duration_is_refused_before_anything_runs(here, tmp_path):
    options = ["--out", tmp_path / "x", "--checkpoint-every", "soon"]
    result = with_output(call("run", "tiny.yaml", *options), 2)
    assert "30s, 15min, 6h or 28d" in result.stderr
    assert not (tmp_path / "x").exists()


def test_show_finds_a_run_by_the_beginning_of_its_name(here, first):
    name = Path(first["run"]).name
    result = with_output(call("show", name[:-2]))
    assert result.stdout.startswith(f"tiny · scenario {name.rpartition('-')[2]} · seed 1")
    assert "  ctr " in result.stdout
    as_json = with_output(call("show", name, "--json", "--daily", "ctr,dau"))
    value = json.loads(as_json.stdout)
    assert {key: value[key] for key in ("digest", "metrics")} == {
        key: first[key] for key in ("digest", "metrics")
    }
    assert value["daily"]["dau"]["0"] == first["metrics"]["dau"]


def test_show_prints_days_and_definitions(here, first):
    days = with_output(call("show", first["run"], "--daily", "ctr", "--daily", "dau"))
    lines = days.stdout.splitlines()
    assert lines[0].split() == ["day", "ctr", "dau"]
    assert lines[1].split()[0] == "0"
    defined = with_output(call("show", first["run"], "--define"))
    assert "Clicks per impression, all notes." in defined.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "tiny"), "several runs begin with 'tiny'"),
        (("show", "tinny"), "Did you mean 'tiny-"),
        (("show", "."), "not a run folder"),
        (("show", "tiny-", "--daily", "crt"), "several runs"),
        (("compare", "tiny"), "two runs or more"),
    ],
)
def test_what_cannot_be_found_is_a_usage_error(here, arguments, said):
    result = with_output(call(*arguments), 2)
    assert result.stdout == ""
    assert said in result.stderr


def test_a_misspelt_metric_gets_a_suggestion(here, first):
    result = with_output(call("show", first["run"], "--daily", "crt"), 2)
    assert "Did you mean 'ctr'?" in result.stderr


def test_compare_shows_paired_runs_side_by_side(here, first, second):
    result = with_output(call("compare", first["run"], second))
    lines = result.stdout.splitlines()
    assert lines[0].startswith("1  ")
    assert lines[0].endswith("policies: none")
    assert lines[1].endswith("policies: boost")
    assert "Paired: the runs have the same readers, creators and luck" in result.stdout
    as_json = with_output(call("compare", first["run"], second, "--json", "--metrics", "ctr,auc"))
    value = json.loads(as_json.stdout)
    assert value["paired"] is True
    assert [d["metric"] for d in value["differences"]] == ["ctr", "auc"]
    assert value["runs"][0]["digest"] == first["digest"]
    assert value["runs"][1]["digest"] != first["digest"]


def test_compare_says_when_worlds_differ(here, first, tmp_path):
    options = ["--out", tmp_path, "--set", "seed=2", "--json"]
    other = json.loads(with_output(call("run", "tiny.yaml", *options)).stdout)
    assert other["digest"] != first["digest"]
    result = with_output(call("compare", first["run"], other["run"], "--daily"))
    assert "Not paired" in result.stdout


def test_a_profile_that_was_not_kept_is_no_crash(here, first, capsys):
    from simulator.app.cli.run import _print_profile
    from simulator.results.result import Result

    path = Path(first["run"]) / "profile.json"
    text = path.read_text()
    path.unlink()
    try:
        with pytest.raises(console.UsageError):
            _print_profile(Result.open(first["run"]))
    finally:
        path.write_text(text)
