"""What `notesim channels` prints, writes and refuses."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.app.cli.frames import percent
from tests.support.logged_runs import CHANNELS, finished_run


def call(*arguments: object, exit_code: int = 0):
    result = CliRunner().invoke(app, ["channels", *map(str, arguments)])
    assert result.exit_code == exit_code, result.output
    return result


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("runs") / "drawn-1")


def test_tables_have_a_line_a_channel_under_the_counts(run):
    lines = call(run).stdout.splitlines()
    titles = [line for line in lines if line.endswith(("of the note", "so far", "its finds", "%"))]
    assert len(titles) == 5
    heading = lines[lines.index(titles[2]) + 1].split()
    assert heading == ["channel", "0", "1-9", "10-99", "all"]
    body = lines[lines.index(titles[2]) + 2 : lines.index(titles[2]) + 7]
    assert [line.split()[0] for line in body] == ["impressions", "of", *CHANNELS]
    alone = lines[lines.index(titles[3]) + 4 : lines.index(titles[3]) + 7]
    assert [line.split()[:1] for line in alone] == [["category"], ["item_cf"], []]
    assert "3 shadow.swing" in lines[lines.index(titles[4]) + 4]


def test_cross_splits_by_exposure_within_ages(run):
    assert "Clicked impressions, notes of 7-30d" not in call(run).stdout
    assert "Clicked impressions, notes of 7-30d" in call(run, "--cross").stdout


def test_a_narrow_terminal_gets_shares_without_intervals(run, monkeypatch):
    assert "[" in call(run).stdout.partition("In brackets")[0]
    monkeypatch.setenv("COLUMNS", "60")
    narrow = call(run).stdout
    assert "[" not in narrow.partition("In brackets")[0]
    assert max(map(len, narrow.splitlines())) <= 60
    assert "…" not in narrow.replace("… by", "").replace("… and", "")


def test_json_holds_the_same_numbers_as_the_files(run, tmp_path):
    value = json.loads(call(run, "--json", "--out", tmp_path / "t.csv").stdout)
    assert set(value) == {
        "run", "channels", "impressions", "clicks", "clicked", "shown", "overlap",
    }  # fmt: skip
    assert value["channels"] == list(CHANNELS)
    total = next(
        r for r in value["shown"]
        if (r["age"], r["exposure"], r["channel"]) == ("all", "all", "category")
    )  # fmt: skip
    assert total["n"] == value["impressions"]
    assert total["share"] == pytest.approx(4 / 7, abs=0.01)
    shadow = next(r for r in value["shown"] if r["channel"] == "shadow.swing")
    assert shadow["alone_share"] is None
    call(run, "--out", tmp_path / "t.parquet")
    as_csv, as_parquet = pd.read_csv(tmp_path / "t.csv"), pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(as_csv, as_parquet, check_dtype=False)
    assert len(as_csv) == sum(len(value[name]) for name in ("clicked", "shown", "overlap"))


def test_a_note_says_whether_shares_are_recall(run, tmp_path):
    said = "This run has none: read shares as a mix, no recall."
    assert said not in " ".join(call(run).stdout.split())
    plain = finished_run(tmp_path / "plain")
    manifest = (plain / "manifest.json").read_text().replace("shadow.swing", "swing")
    (plain / "manifest.json").write_text(manifest)
    assert said in " ".join(call(plain).stdout.split())


@pytest.mark.parametrize("command", ["channels", "heads"])
def test_what_cannot_be_told_is_said_in_one_sentence(command, tmp_path):
    lost = finished_run(tmp_path / "lost", keep_events=False)
    empty = finished_run(tmp_path / "empty", n_events=0)
    warm = finished_run(tmp_path / "warm", only_warm_up=True)
    for folder, said in (
        (lost, "kept no events; run the scenario again without --no-events"),
        (empty, "has no impressions: nothing was shown to anybody"),
        (warm, "has no impressions on its measured days"),
        (tmp_path / "none", "there is no run"),
    ):
        result = CliRunner().invoke(app, [command, str(folder)])
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["channels", "heads"])
@pytest.mark.parametrize(
    ("out", "said"),
    [("t.xlsx", "must end in .parquet or .csv"), ("nowhere/t.csv", "there is no folder")],
)
def test_a_wrong_file_is_refused_before_anything_is_read(command, out, said, tmp_path):
    result = CliRunner().invoke(app, [command, "no-such-run", "--out", str(tmp_path / out)])
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_percent():
    assert [percent(x) for x in (0.0, 0.00123, 0.0123, 0.999, float("nan"))] == [
        "0", "0.12", "1.2", "99.9", "–",
    ]  # fmt: skip
