"""`notesim experiment`: worlds, report, resuming, bad input."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from simulator.app import api
from simulator.app.cli.application import app
from tests.support.small_runs import write_tiny

run_cli = CliRunner().invoke
HOSTILE = "Does it <script>alert(1)</script> | break?"


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    return write_tiny(
        tmp_path_factory.mktemp("scenario") / "tiny.yaml",
        question=HOSTILE,
        warm_up="1d",
        horizon="2d",
        experiment={"type": "plan2"},
        treatment=[{"type": "boost", "coefficient": 6}],
    )


@pytest.fixture(scope="module")
def done(scenario, tmp_path_factory):
    """Return the folder of a finished experiment and what the command printed."""
    out = tmp_path_factory.mktemp("experiments")
    result = experiment(scenario, out, "--designs", "plan2,author_side")
    assert result.exit_code == 0, result.output
    (folder,) = out.iterdir()
    return folder, result.stdout


def experiment(file, out, *options):
    return run_cli(app, ["experiment", str(file), "--out", str(out), *options])


def facts_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_it_prints_a_decision_for_each_design(done):
    _, printed = done
    for name in ("plan2:", "author_side:"):
        assert name in printed
    assert "4 runs" in printed


def test_numbers_agree_with_the_runs(done):
    folder, _ = done
    facts = facts_of(folder)
    runs = {run["world"]: folder / run["run"] for run in facts["runs"]}
    assert set(runs) == {"control", "launch", "plan2", "author_side"}
    from simulator.results.result import Result

    def click_rate(name):
        readers = Result.open(runs[name]).readers
        after = readers[readers["day"] >= 0]
        return after["clicks"].sum() / after["impressions"].sum()

    score = next(s for s in facts["scores"] if (s["design"], s["metric"]) == ("plan2", "ctr"))
    assert score["truth"] == pytest.approx(click_rate("launch") - click_rate("control"))
    effect = facts["tests"]["plan2"]["effects"]["ctr"]
    assert score["estimate"] == pytest.approx(effect["difference"])
    assert facts["tests"]["author_side"]["verdict"]["decision"] in {
        "SHIP", "HOLD", "ROLL BACK", "INVALID"
    }  # fmt: skip


def test_the_report_says_who_is_affected_and_how_thin_the_pools_are(done):
    folder, _ = done
    tests = facts_of(folder)["tests"]
    assert {pool["old_share"] for pool in tests["plan2"]["pools"]} == {1.0}
    assert all(0.2 < pool["new_share"] < 0.8 for pool in tests["plan2"]["pools"])
    assert all(pool["new_share"] == 1.0 for pool in tests["author_side"]["pools"])
    assert "fewer than two strata" in tests["plan2"]["strata"]["not_read"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("Who is affected?", "Pools of the arms", "detectable effect"):
        assert words in page


def test_logs_are_read_and_not_kept(done, scenario, tmp_path):
    folder = tmp_path / done[0].name  # another report of the same runs
    shutil.copytree(done[0], folder)
    result = experiment(scenario, tmp_path, "--designs", "two_sided,author_side")
    assert result.exit_code == 0, result.output
    tests = facts_of(folder)["tests"]
    two_sides = tests["two_sided"]["logged"]["1"]["two_sides"]
    assert {e["name"] for e in two_sides["estimates"]} >= {"cr", "lr", "tsrn", "tsri_1", "tsri_2"}
    assert tests["two_sided"]["logged"]["1"]["leaks"]["hidden"] == 0
    sessions = tests["author_side"]["logged"]["1"]["sessions"]
    assert {r["reward"] for r in sessions} >= {"clicks", "new_clicks"}
    assert tests["author_side"]["logged"]["1"]["two_sides"] is None
    page = (folder / "report.html").read_text(encoding="utf-8")
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    for text in (page, markdown):
        assert "The four cells" in text
        assert "allocation rule" in text
        assert "Impressions that the design forbids" in text
        for title in ("Were the arms alike?", "Spillover on the untreated",
                      "How soon is the effect there?", "What every design would have told you",
                      "Effects on readers", "Effects on creators"):  # fmt: skip
            assert title in text, title
    assert not list(folder.glob("runs/*/events"))


def test_a_served_leak_makes_a_test_invalid(done):
    folder, _ = done
    from simulator.app.experiment_words import Agreed, verdict_of
    from simulator.experiments.reading import read
    from tests.experiments.hand_runs import design, run_of

    found = read(run_of(design("plan2"), gain=0.1), design("plan2"))
    assert verdict_of(found, Agreed("ctr")).decision == "SHIP"
    broken = verdict_of(found, Agreed("ctr"), 3)
    assert (broken.decision, broken.reason[:13]) == ("INVALID", "3 impressions")
    truth = facts_of(folder)["truth"]
    assert {row["metric"] for row in truth["days"]} >= {"found_corpus", "notes_published"}


def test_names_are_escaped(done):
    folder, _ = done
    for name in ("report.html", "report.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "alert(1)" in text
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "http://" not in page.split("<body>")[1].split("<script")[0]


def test_the_same_command_runs_nothing_again_and_designs_share_the_truth(
    done, scenario, monkeypatch
):
    folder, printed = done
    monkeypatch.setattr(api, "_simulate_and_measure", None)
    again = experiment(scenario, folder.parent, "--designs", "plan2,author_side")
    assert again.exit_code == 0, again.output
    assert again.stdout == printed


def test_guardrails_hold_where_they_are_read_and_a_target_says_what_is_missing(done, scenario):
    folder, _ = done
    options = ("--designs", "plan2,author_side", "--guardrail", "ctr=0.01", "--target", "0.0001")
    result = experiment(scenario, folder.parent, *options)
    assert result.exit_code == 0, result.output
    tests = facts_of(folder)["tests"]
    assert [r["metric"] for r in tests["plan2"]["verdict"]["guardrails"]] in (["ctr"], [])
    assert tests["author_side"]["verdict"]["guardrails"] == []
    held = [name for name, test in tests.items() if test["verdict"]["decision"] == "HOLD"]
    for name in held:
        assert tests[name]["verdict"]["units_needed"] > 0
    assert ("would settle it" in result.stdout) == bool(held)


def test_the_report_says_how_to_make_it_again(done, scenario):
    folder, _ = done
    experiment(scenario, folder.parent, "--designs", "plan2", "--set", "seed=1")
    text = (folder / "report.md").read_text(encoding="utf-8")
    command = f"notesim experiment {scenario} --seeds 1 --designs plan2 --set seed=1"
    assert f"{command} --out {folder.parent}" in text


def test_json_is_one_object(done, scenario):
    folder, _ = done
    result = experiment(scenario, folder.parent, "--designs", "plan2", "--json")
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)["tests"]) == {"plan2"}


@pytest.mark.parametrize(("options", "words"), [
    (["--designs", "plan7"], "Did you mean 'plan"),
    (["--designs", "launch"], "a launch is the truth"),
    (["--primary", "crt"], "Did you mean 'ctr'"),
    (["--designs", "author_side", "--primary", "ctr"], "author_side does not read it"),
    (["--guardrail", "ctr"], "METRIC=MARGIN"),
    (["--guardrail", "ctr=2"], "between 0 and 1"),
    (["--set", "treatment=[{type: bost}]"], "Did you mean 'boost'"),
    (["--set", "experiment=null", "--set", "treatment=[]"], "an experiment says"),
])  # fmt: skip
def test_bad_input_is_refused_and_nothing_is_written(scenario, tmp_path, options, words):
    out = tmp_path / "out"
    result = experiment(scenario, out, *options)
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert not out.exists()
