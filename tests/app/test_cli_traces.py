"""`notesim traces`: twin runs of one seed, what they share, and what the command writes."""

import json
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.app import api
from simulator.app.cli.application import app
from simulator.app.traces import plan
from simulator.app.traces_words import gap, level
from simulator.contracts.errors import RunError, ScenarioError
from tests.support.small_runs import write_tiny

run_cli = CliRunner().invoke
BOOST = {"type": "boost", "coefficient": 2, "max_age": "6h", "cohort": {"share": 0.5}}
OPTIONS = ("--seeds", "1", "--days", "1", "--boosts", "1,4")


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    question = "What is left of a boost?"
    path = tmp_path_factory.mktemp("scenario") / "tiny.yaml"
    return write_tiny(path, question=question, horizon="2d", policies=[BOOST])


@pytest.fixture(scope="module")
def study(scenario, tmp_path_factory):
    """Return the folder of a finished study and what the command printed."""
    out = tmp_path_factory.mktemp("traces")
    done = traces(scenario, out, "--events")
    assert done.exit_code == 0, done.output
    (folder,) = out.iterdir()
    return folder, done.stdout


def traces(file, out, *options):
    return run_cli(app, ["traces", str(file), "--out", str(out), *OPTIONS, *options])


def facts_of(folder):
    return json.loads((folder / "traces.json").read_text(encoding="utf-8"))


def test_it_prints_the_table_and_the_verdict(study):
    folder, printed = study
    assert "later_impressions" in printed
    assert "In its first 6 h a note of the cohort was shown" in printed
    assert "2 runs" in printed
    for sentence in facts_of(folder)["verdict"]:
        assert sentence in printed


def test_it_writes_numbers_tables_and_a_page(study):
    folder, _ = study
    facts = facts_of(folder)
    assert facts["boosts"] == [1.0, 4.0]
    assert facts["cohort"] == {"share": 0.5, "by": "note", "salt": 0}
    assert [(run["seed"], run["boost"]) for run in facts["runs"]] == [(1, 1.0), (1, 4.0)]
    curves = pd.read_parquet(folder / "traces.parquet")
    assert curves["to_h"].max() == 24
    assert len(pd.read_csv(folder / "traces.csv")) == len(curves)
    notes = pd.read_parquet(folder / "notes.parquet")
    assert len(notes) == 2 * facts["notes"]
    html = (folder / "traces.html").read_text(encoding="utf-8")
    assert "What is left of a boost?" in html
    assert html.count('class="chart"') == 7


def test_the_boost_shows_and_the_control_has_none(study):
    folder, _ = study
    effects = {e["outcome"]: e for e in facts_of(folder)["effects"]}
    assert effects["window_impressions"]["difference"] > 0
    assert effects["granted_share"]["base"] == 0
    assert effects["granted_share"]["value"] > 0.3
    others = {e["outcome"]: e for e in facts_of(folder)["other_notes"]}
    assert others["granted_share"]["value"] == 0


def test_counts_are_those_of_the_runs(study):
    folder, _ = study
    runs = {run["boost"]: folder / run["run"] for run in facts_of(folder)["runs"]}
    notes = pd.read_parquet(folder / "notes.parquet").set_index(
        ["boost", "creator_id", "published_t"]
    )
    for boost, run in runs.items():
        outcome = pd.read_parquet(run / "notes.parquet").set_index(["creator_id", "published_t"])
        followed = notes.loc[boost]
        events = pd.concat([pd.read_parquet(p) for p in sorted((run / "events").iterdir())])
        young = events[events["note_age_s"] < 6 * 3_600].groupby("note_id").size()
        ids = outcome.loc[followed.index, "note_id"]
        expected = young.reindex(ids, fill_value=0)
        assert followed["window_impressions"].tolist() == expected.tolist()
        assert expected.sum() > 0


def test_twin_notes_are_the_same_notes(study):
    """Found by creator and time of publication, they agree in everything that the world drew."""
    folder, _ = study
    tables = [
        pd.read_parquet(folder / run["run"] / "notes.parquet") for run in facts_of(folder)["runs"]
    ]
    key = ["creator_id", "published_t"]
    assert not any(table.duplicated(key).any() for table in tables)
    both = tables[0].merge(tables[1], on=key, suffixes=("", "_twin"))
    assert len(both) > 0.95 * max(map(len, tables))
    for column in ("category", "is_video", "is_promoted", "has_card", "title"):
        assert (both[column] == both[f"{column}_twin"]).all()


def test_the_same_command_runs_nothing_again(study, scenario, monkeypatch):
    folder, _ = study
    before = (folder / "traces.json").read_bytes()
    monkeypatch.setattr(api, "_simulate_and_measure", lambda *_: pytest.fail("ran again"))
    done = traces(scenario, folder.parent, "--events", "--json")
    assert done.exit_code == 0, done.output
    assert (folder / "traces.json").read_bytes() == before
    assert json.loads(done.stdout)["effects"] == facts_of(folder)["effects"]


def test_event_logs_are_dropped_and_not_needed_again(study, scenario, tmp_path, monkeypatch):
    shutil.copytree(study[0], tmp_path / study[0].name)
    monkeypatch.setattr(api, "_simulate_and_measure", lambda *_: pytest.fail("ran again"))
    for _ in range(2):
        done = traces(scenario, tmp_path, "--quiet")
        assert done.exit_code == 0, done.output
        assert done.stdout.strip() == str(tmp_path / study[0].name)
        assert not list(tmp_path.glob("*/runs/*/events"))


def test_another_age_needs_the_event_log(study, scenario, tmp_path, monkeypatch):
    """Without a log the runs are made again; with one, they are read again."""
    again = []
    monkeypatch.setattr(api, "run", lambda *_, **more: again.append(more["resume"]) or 1 / 0)
    shutil.copytree(study[0], tmp_path / study[0].name)
    for keeps, resume in (("--events", True), ("", False)):
        for log in [] if keeps else tmp_path.glob("*/runs/*/events"):
            shutil.rmtree(log)
        for read in tmp_path.glob("*/read/*"):
            read.unlink()
        assert traces(scenario, tmp_path, *filter(None, [keeps])).exit_code == 1
        assert set(again) == {resume}
        again.clear()


def test_a_study_whose_runs_all_fail_says_why(scenario, tmp_path, monkeypatch):
    def fail(*_):
        raise RunError("a plug-in broke", "rank")

    monkeypatch.setattr(api, "_simulate_and_measure", fail)
    done = traces(scenario, tmp_path)
    assert done.exit_code == 1
    assert "No seed has a run of every boost: a plug-in broke" in done.stderr
    assert not list(tmp_path.glob("*/traces.*"))


def test_a_seed_with_a_failed_run_is_left_out(study, scenario, tmp_path, monkeypatch):
    """The first seed's runs are there; those of the second fail."""

    def fail(*_):
        raise RunError("a plug-in broke", "rank")

    shutil.copytree(study[0], tmp_path / study[0].name)
    monkeypatch.setattr(api, "_simulate_and_measure", fail)
    done = traces(scenario, tmp_path, "--seeds", "2")
    assert done.exit_code == 1
    assert "failed: a plug-in broke (stage: rank)" in done.stdout
    facts = facts_of(tmp_path / study[0].name)
    assert facts["seeds"] == [1]
    assert [failed["message"] for failed in facts["failed"]] == [
        "a plug-in broke (stage: rank)"
    ] * 2
    assert facts["effects"] == facts_of(study[0])["effects"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "policies=[]"), "no boost to vary; its policies: none"),
        (("--boosts", "1.5,4"), "needs the boost 1, the control"),
        (("--boosts", "1"), "needs the boost 1, the control, and another one"),
        (("--boosts", "1,a"), "numbers with commas between"),
        (("--boosts", "1,900"), "Allowed: 0.1 to 100"),
        (("--set", "horizon=1d"), "needs a longer horizon than 1d"),
        (("--set", "policies.0.max_age=24h"), "support lasts 24 h"),
        (("--vary", "policies[0].coeficient"), "coefficient"),
        (("--vary", "policies[3].coefficient"), "an index from 0 to 0"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(scenario, tmp_path, options, message):
    done = traces(scenario, tmp_path / "o", *options)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not (tmp_path / "o").exists()


def test_a_study_has_one_folder_for_all_its_boosts_and_seeds(scenario):
    small = plan(scenario, {}, [1, 4], 1, days=1)
    large = plan(scenario, {}, [4, 2, 1], 3, days=1)
    assert large.boosts == (1.0, 2.0, 4.0)
    assert large.seeds == (1, 2, 3)
    assert small.folder() == large.folder()
    assert plan(scenario, {"world.readers.n": 90}, [1, 4], 1, days=1).folder() != small.folder()
    assert len(large.cells()) == 9


def test_notes_are_followed_from_the_first_measured_day(scenario):
    span = plan(scenario, {"warm_up": "1d"}, [1, 4], 1, days=1).span
    assert (span.first_t, span.last_t) == (86_400, 2 * 86_400)
    assert span.window_s in span.edges_s
    assert span.edges_s[-1] == 86_400


def test_a_policy_that_is_no_boost_may_be_varied(scenario):
    settings = {"policies": [{"type": "forced_insertion"}, BOOST]}
    assert plan(scenario, settings, [1, 4], 1, days=1).knob == "policies[1].coefficient"
    with pytest.raises(ScenarioError, match="every"):
        plan(scenario, settings, [1, 4], 1, days=1, knob="policies[0].evry")
    longer = {**settings, "horizon": "3d"}
    assert plan(scenario, longer, [1, 4], 1, days=2, knob="policies[0].every").cohort is None


def test_words():
    assert level("share", 0.1234) == "12.3 %"
    assert level("value", -0.5) == "−0.500"
    assert level("count", float("nan")) == "–"
    assert gap("count", 12.34) == "+12.3"
    assert gap("share", -0.01) == "−1.00 pp"
    assert gap("value", 0.0) == "0"
