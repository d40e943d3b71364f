"""`notesim design-study` and `notesim advise`: runs, resumes, survives failures, refuses."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.app import api
from simulator.app.cli.application import app
from simulator.app.files import bundled_studies
from simulator.app.studies.planning import load_study
from simulator.contracts.errors import RunError
from tests.support.small_runs import TINY, write_tiny

run_cli = CliRunner().invoke
HOSTILE = "Is <script>alert(1)</script> | true?"
STUDY = {
    "name": "s",
    "question": HOSTILE,
    "worlds": [
        {"name": "one", "scenario": "tiny.yaml"},
        {"name": "two", "scenario": "tiny.yaml", "set": {"world.readers.n": 80}},
    ],
    "policies": [{"name": "boost", "treatment": [{"type": "boost", "coefficient": 4}]}],
    "designs": [{"type": "user_side"}, {"type": "two_sided", "share": 0.6, "name": "both"}],
    "horizons": ["1d"],
    "set": {"serving_window_s": 600},
    "seeds": 1,
    "aa_replicates": 20,
}
FILES = ("report.html", "report.md", "report.json", "readings.parquet")


def write_study(folder, **changes):
    write_tiny(folder / "tiny.yaml", question="Is it quick?")
    path = folder / "study.yaml"
    path.write_text(json.dumps({**STUDY, **changes}), encoding="utf-8")
    return path


def study(file, out, *options):
    return run_cli(app, ["design-study", str(file), "--out", str(out), *options])


def only(out):
    (folder,) = out.iterdir()
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Run a study that is stopped in the middle and resumed; return its file and folder."""
    where = tmp_path_factory.mktemp("study")
    file, out = write_study(where), where / "out"
    real, calls = api._simulate_and_measure, []

    def stopping(*args):
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        real(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "_simulate_and_measure", stopping)
        stopped = study(file, out)
        assert stopped.exit_code == 130
        assert "resume with the same command" in stopped.output
        assert not (only(out) / "report.json").exists()
        resumed = study(file, out)
    assert resumed.exit_code == 0, resumed.output
    assert len(calls) == 9, "eight runs, of which one was begun twice"
    return file, only(out), resumed.stdout


def facts_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_designs_share_the_truth_of_a_world(done):
    _, folder, printed = done
    assert len(list((folder / "runs").iterdir())) == 8, "two worlds of two truths and two tests"
    assert "8 runs" in printed
    facts = facts_of(folder)
    truths = [
        s["score"]["truth"]
        for s in facts["scores"]
        if (s["score"]["metric"], s["case"]["world"]) == ("ctr", "one")
    ]
    assert len(truths) == 2
    assert len(set(truths)) == 1, "both designs are held against one truth"
    assert {s["score"]["design"] for s in facts["scores"]} == {"user_side", "both"}
    assert {s["case"]["world"] for s in facts["together"]} == {""}


def test_numbers_agree_with_the_runs(done):
    file, folder, _ = done
    from simulator.results.result import Result

    ready = load_study(file)
    rates = {}
    for path in (folder / "runs").iterdir():
        result = Result.open(path)
        if "n: 80" in result.scenario:
            continue
        kind = next((k for k in ("launch", "user_side", "two_sided")
                     if f"type: {k}" in result.scenario), "control")  # fmt: skip
        first = result.readers[result.readers["day"] == 0]
        rates[kind] = first["clicks"].sum() / first["impressions"].sum()
    wanted = ("one", 1, "ctr", "user_side")
    score = next(
        s for s in facts_of(folder)["scores"]
        if (s["case"]["world"], s["case"]["days"], s["score"]["metric"], s["score"]["design"])
        == wanted
    )  # fmt: skip
    assert score["score"]["truth"] == pytest.approx(rates["launch"] - rates["control"])
    assert 0.0 <= score["null_rejection"] <= 0.5
    assert abs(score["cost"]) < 1.0
    assert [job.role for job in ready.jobs[:4]] == ["control", "launch", "test", "test"]


def test_the_report_is_escaped_and_says_how_to_make_it_again(done):
    file, folder, _ = done
    for name in ("report.html", "report.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "alert(1)" in text
        assert f"notesim design-study {file}" in text
        assert "In worlds left out of it" in text


def test_bytes_do_not_depend_on_how_it_ran(done, monkeypatch):
    file, folder, printed = done
    before = {name: (folder / name).read_bytes() for name in FILES}
    monkeypatch.setattr(api, "_simulate_and_measure", lambda *_: pytest.fail("ran again"))
    again = study(file, folder.parent)
    assert again.exit_code == 0
    assert again.stdout == printed
    assert before == {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_number_of_workers(done):
    file, folder, _ = done
    out = folder.parent.parent / "two"
    assert study(file, out, "--jobs", "2").exit_code == 0
    for name in ("report.json", "readings.parquet"):
        assert (only(out) / name).read_bytes() == (folder / name).read_bytes()


def test_a_run_that_fails_is_tried_again_and_then_reported(done, monkeypatch):
    file, folder, _ = done
    lost = next(p for p in (folder / "runs").iterdir()
                if "type: two_sided" in (p / "scenario.resolved.yaml").read_text("utf-8")
                and "n: 80" in (p / "scenario.resolved.yaml").read_text("utf-8"))  # fmt: skip
    kept, tries = folder / "kept", []
    lost.rename(kept)

    def failing(*args):
        tries.append(args)
        raise RunError("It broke.", "serve")

    monkeypatch.setattr(api, "_simulate_and_measure", failing)
    try:
        result = study(file, folder.parent, "--retries", "2", "--json")
    finally:
        shutil.rmtree(lost, ignore_errors=True)
        kept.rename(lost)
    assert result.exit_code == 1
    assert len(tries) == 3
    (failure,) = json.loads(result.stdout)["failed"]
    assert failure == {"run": "two boost test both 1", "seed": 1, "stage": "serve",
                       "message": "It broke. (stage: serve)"}  # fmt: skip
    assert "It broke." in (folder / "report.md").read_text(encoding="utf-8")
    assert study(file, folder.parent, "--quiet").exit_code == 0


def test_advice_comes_from_the_files_of_a_study(done):
    _, folder, _ = done
    options = ["advise", str(folder), "--policy", "boost", "--metric", "ctr", "--horizon", "7d"]
    told = run_cli(app, options)
    assert told.exit_code == 0, told.output
    assert "the nearest" in told.stdout
    assert "In worlds left out of it" in told.stdout
    facts = json.loads(run_cli(app, [*options, "--json"]).stdout)
    assert facts["days"] == 1
    assert facts["design"] == told.stdout.split("\n", 1)[0]
    same = next(a for a in facts_of(folder)["advice"] if a["metric"] == "ctr")
    assert same["design"] == facts["design"]
    assert facts["evaluation"]["n_worlds"] == 2


@pytest.mark.parametrize(("options", "words"), [
    (["--policy", "bost", "--metric", "ctr"], "no policy 'bost'; it has boost"),
    (["--policy", "boost", "--metric", "crt"], "no design of the study reads 'crt'"),
    (["--policy", "boost", "--metric", "ctr", "--horizon", "week"], "whole days"),
])  # fmt: skip
def test_advice_that_cannot_be_given_is_refused(done, options, words):
    result = run_cli(app, ["advise", str(done[1]), *options])
    assert result.exit_code == 2
    assert words in result.output


def test_a_folder_without_a_study_is_refused(tmp_path):
    result = run_cli(app, ["advise", str(tmp_path), "--policy", "a", "--metric", "ctr"])
    assert result.exit_code == 2
    assert "holds no finished design study" in result.output
    (tmp_path / "report.json").write_text('{"scores": [1]}', encoding="utf-8")
    result = run_cli(app, ["advise", str(tmp_path), "--policy", "a", "--metric", "ctr"])
    assert result.exit_code == 2
    assert "is no report of a design study" in result.output


@pytest.mark.parametrize(("changes", "words"), [
    ({"polices": []}, "Did you mean 'policies'"),
    ({"metrics": ["crt"]}, "Did you mean 'ctr'"),
    ({"worlds": [{"name": "a", "scenario": "nowhere.yaml"}]}, "nowhere.yaml"),
    ({"worlds": [{"name": "a", "scenario": "tiny.yaml", "set": {"world.reader.n": 1}}]},
     "Did you mean 'readers'"),
    ({"policies": [{"name": "a", "treatment": [{"type": "bost"}]}]},
     "policies[0].treatment[0].type"),
    ({"designs": [{"type": "user_side"}, {"type": "plan33"}]}, "designs[1].type"),
    ({"designs": [{"type": "user_side", "shar": 0.5}]}, "Did you mean 'share'"),
    ({"designs": [{"type": "user_side"}, {"type": "user_side"}]}, "each only once"),
    ({"designs": [{"type": "launch"}]}, "a launch is the truth"),
    ({"designs": [{"share": 0.5}]}, "needs a type"),
    ({"horizons": ["36h"]}, "whole number of days"),
    ({"traffic": [0.0]}, "share of traffic"),
    ({"seeds": 0}, "seeds"),
])  # fmt: skip
def test_mistakes_are_found_before_anything_runs(tmp_path, changes, words):
    file = write_study(tmp_path, **changes)
    result = study(file, tmp_path / "o")
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert str(file) in result.output or "nowhere" in words
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("path", bundled_studies().values(), ids=lambda path: path.stem)
def test_bundled_studies_can_run(path: Path):
    ready = load_study(path)
    assert ready.config.name == path.stem
    assert ready.config.question.strip().endswith("?")
    labels = [job.label for job in ready.jobs]
    assert len(set(labels)) == len(labels)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["two_sided", "quota_split"])
def test_a_shorter_run_is_the_first_days_of_a_longer_one(tmp_path, kind):
    from simulator.experiments.outcomes import note_table, reader_table
    from simulator.experiments.studies import until

    base = {**TINY, "serving_window_s": 600, "warm_up": "1d", "treatment": [{"type": "quota"}]}
    long, short = (
        api.run({**base, "experiment": {"type": kind}, "horizon": horizon}, out=tmp_path)
        for horizon in ("3d", "2d")
    )
    for table in (reader_table, note_table):
        assert table(until(long, 2)).equals(table(short))
