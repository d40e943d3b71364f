import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.contracts.errors import RunError
from simulator.results import Manifest, MetricParams, RunFolder, git_commit, package_versions
from simulator.results.lock import FolderLock
from tests.support.run_tables import new_run

ROOT = Path(__file__).resolve().parents[2]


def manifest(**fields: object) -> Manifest:
    return Manifest(name="t", hash="ab", seed=3, params=MetricParams(measured_days=2), **fields)


def finished(path: Path) -> RunFolder:
    with new_run(path) as run:
        run.finish(wall_s=1.5, digest="d1")
    return run


def test_a_run_goes_from_running_to_done(tmp_path):
    path = tmp_path / "runs" / "t-ab"
    with RunFolder.create(path, manifest(), "name: t\n") as run:
        assert run.manifest.status == "running"
        assert run.scenario == "name: t\n"
        run.update(impressions=12)
        run.finish(wall_s=1.5)
    found = RunFolder.open(path).manifest
    assert (found.status, found.impressions, found.wall_s) == ("done", 12, 1.5)
    assert found.finished is not None
    assert found.finished.endswith("+00:00")
    assert sorted(entry.name for entry in path.iterdir()) == [
        "manifest.json",
        "scenario.resolved.yaml",
    ]


def test_manifest_survives_the_round_trip(tmp_path):
    given = manifest(
        channels=("popular", "cluster"),
        policies=("boost",),
        packages=package_versions(),
        commit=git_commit(),
        remarks={"mau": "short"},
    )
    with RunFolder.create(tmp_path / "r", given, "") as run:
        assert run.manifest == given


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="not empty and holds no run"):
        RunFolder.create(tmp_path, manifest(), "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file, not a folder"):
        RunFolder.create(tmp_path / "file", manifest(), "")


def test_an_empty_folder_or_one_with_leftovers_is_taken(tmp_path):
    (tmp_path / "manifest.json.tmp").write_text("{")
    with RunFolder.create(tmp_path, manifest(), "") as run:
        assert run.manifest.status == "running"


def test_unfinished_work_is_dropped(tmp_path):
    with new_run(tmp_path / "r") as run:
        (run.writers()["events"].folder / "part-00000.parquet").write_bytes(b"old")
        run.checkpoints.mkdir()
        (run.path / "my-notes.txt").write_text("keep")
    with new_run(tmp_path / "r") as again:
        assert again.files("events") == []
        assert not again.checkpoints.exists()
        assert (again.path / "my-notes.txt").read_text() == "keep"


def test_a_finished_run_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "r"
    finished(path)
    with pytest.raises(RunError, match="already holds the finished run"):
        RunFolder.create(path, manifest(), "")
    with RunFolder.create(path, manifest(), "", replace=True) as run:
        aside = RunFolder.open(tmp_path / "r.replaced")
        assert aside.manifest.digest == "d1"
        run.finish()
    assert [entry.name for entry in tmp_path.iterdir()] == ["r"]


def test_the_replaced_run_outlives_a_failed_attempt(tmp_path):
    path = tmp_path / "r"
    finished(path)
    with RunFolder.create(path, manifest(), "", replace=True) as run:
        run.update(status="failed", stage="write", message="disk full")
    with RunFolder.create(path, manifest(), "", replace=True):
        assert RunFolder.open(tmp_path / "r.replaced").manifest.digest == "d1"


def test_open_says_how_to_go_on_with_an_unfinished_run(tmp_path):
    path = tmp_path / "r"
    with new_run(path) as run:
        run.update(status="interrupted", message="stopped by the user")
    with pytest.raises(RunError) as raised:
        RunFolder.open(path)
    text = str(raised.value)
    assert "not finished (interrupted: stopped by the user)" in text
    assert f"notesim run {path}/scenario.resolved.yaml --resume" in text
    with RunFolder.resume(path) as run:
        assert run.manifest.status == "running"
        run.update(resume_command="notesim run x.yaml --resume")
    with pytest.raises(RunError, match=r"Go on with: notesim run x\.yaml --resume"):
        RunFolder.open(path)


def test_a_finished_run_cannot_be_resumed(tmp_path):
    finished(tmp_path / "r")
    with pytest.raises(RunError, match="nothing to resume"):
        RunFolder.resume(tmp_path / "r")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a run folder: there is no manifest.json"),
        ("{", "manifest.json cannot be read"),
        ("[]", "is of another kind"),
        ('{"format": "other"}', "is of another kind"),
        ('{"format": "notesim-run", "version": 99}', "has format version 99; .* reads 1"),
        ('{"format": "notesim-run", "version": 1}', "is damaged: name: Field required"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RunError, match=message):
        RunFolder.open(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RunError, match="nowhere does not exist"):
        RunFolder.open(tmp_path / "nowhere")


def test_a_manifest_with_an_unknown_field_is_damaged(tmp_path):
    run = finished(tmp_path / "r")
    fields = json.loads(run.read_text("manifest.json")) | {"colour": "red"}
    run.write_json("manifest.json", fields)
    with pytest.raises(RunError, match="is damaged: colour"):
        RunFolder.open(run.path)


def test_two_writers_never_share_a_folder(tmp_path):
    first = new_run(tmp_path / "r")
    with pytest.raises(RunError, match=rf"another process \({os.getpid()} on "):
        RunFolder.resume(tmp_path / "r")
    with pytest.raises(RunError, match="being written"):
        new_run(tmp_path / "r")
    first.release()
    RunFolder.resume(tmp_path / "r").release()


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path):
    code = (
        "import sys, time; from tests.support.run_tables import new_run; from pathlib import Path;"
        "run = new_run(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "r")], cwd=ROOT, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"locked\n"
        with pytest.raises(RunError, match=rf"another process \({child.pid} on "):
            RunFolder.resume(tmp_path / "r")
        child.send_signal(signal.SIGKILL)
    assert (tmp_path / "r" / ".lock").exists()
    with RunFolder.resume(tmp_path / "r") as run:
        assert run.manifest.status == "running"
    assert not (tmp_path / "r" / ".lock").exists()


def test_a_lock_file_removed_while_waiting_is_made_anew(tmp_path, monkeypatch):
    first, flock = FolderLock(tmp_path), FolderLock._flock

    def lose_the_race(self, handle):
        first.release()
        flock(self, handle)

    monkeypatch.setattr(FolderLock, "_flock", lose_the_race)
    second = FolderLock(tmp_path)
    with pytest.raises(RunError, match="another process"):
        FolderLock(tmp_path)
    second.release()


def test_a_failed_json_write_keeps_the_old_file(tmp_path, monkeypatch):
    with new_run(tmp_path / "r") as run:
        before = run.read_text("manifest.json")
        monkeypatch.setattr(os, "fsync", lambda handle: os.write(-1, b""))
        with pytest.raises(RunError, match=r"Cannot write .*manifest\.json: Bad file descriptor"):
            run.update(impressions=5)
        assert run.read_text("manifest.json") == before
        assert not list(run.path.glob("*.tmp"))


def test_a_missing_text_file_is_named(tmp_path):
    with (
        new_run(tmp_path / "r") as run,
        pytest.raises(RunError, match=r"x\.txt cannot be read: No"),
    ):
        run.read_text("x.txt")


def test_names_and_versions_of_packages():
    versions = package_versions()
    assert versions["python"].count(".") == 2
    assert {"numpy", "duckdb", "notesim"} <= versions.keys()
