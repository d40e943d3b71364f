"""The frame of the command line: help, versions, errors to exit codes, what goes where."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from simulator.app.cli.application import COMMANDS, app
from simulator.app.cli.console import UsageError, jsonable, print_json, stdout
from simulator.app.cli.errors import DEBUG, reported
from simulator.app.cli.stop import StopFlag
from simulator.app.cli.threads import SETTINGS, limit_threads
from simulator.contracts.errors import Finding, InvariantError, RunError, ScenarioError

ROOT = Path(__file__).resolve().parents[2]
START = "from simulator.app.cli import main; main()"
NAMES = [name for name, _, _ in COMMANDS]


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def started(code: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def test_help_lists_every_command():
    result = call("--help")
    assert result.exit_code == 0
    assert set(NAMES) <= set(result.stdout.split())


@pytest.mark.parametrize(("name", "_function", "example"), COMMANDS, ids=NAMES)
def test_every_command_explains_itself_with_an_example(name, _function, example):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"Example: {example}" in " ".join(result.stdout.split())
    assert example.startswith(f"notesim {name}")


def test_version():
    result = call("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("notesim ")


def test_a_misspelt_command_gets_a_suggestion():
    result = call("comparre")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Did you mean 'compare'" in result.stderr


def test_help_starts_without_heavy_packages():
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('LOADED', *sys.modules))\n"
        "sys.argv = ['notesim', 'run', '--help']\n" + START
    )
    done = started(code)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.partition("LOADED")[2].split()
    assert "simulator.app.cli.run" in loaded
    assert not {"numpy", "pandas", "numba", "faiss", "duckdb", "torch", "scipy"} & set(loaded)


def test_threads_are_limited_unless_the_user_says_otherwise():
    environment = {"OMP_NUM_THREADS": "8"}
    limit_threads(environment)
    assert environment == {**SETTINGS, "OMP_NUM_THREADS": "8"}


def test_threads_are_limited_before_numpy_is_there():
    code = (
        "import os, sys\n"
        "os.environ.pop('OMP_NUM_THREADS', None)\n"
        "sys.argv = ['notesim', '--version']\n"
        "from simulator.app.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(os.environ['OMP_NUM_THREADS'], 'numpy' in sys.modules)\n"
    )
    assert started(code).stdout.splitlines()[-1] == "1 False"


FINDINGS = [Finding("wrong", "a.yaml", 3, "seed"), Finding("also wrong", "a.yaml", 4)]


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        (ScenarioError(FINDINGS), 2, ["a.yaml:3  seed: wrong", "a.yaml:4: also wrong"]),
        (RunError("The disk is full.", "write"), 1, ["error: The disk is full. (stage: write)"]),
        (UsageError("no such run"), 2, ["error: no such run"]),
        (KeyboardInterrupt(), 130, ["stopped"]),
        (FileNotFoundError(2, "No such file", "x.txt"), 1, ["error: x.txt: No such file"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_end_in_one_message_and_an_exit_code(error, exit_code, said, capsys):
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        reported(command)()
    assert caught.value.exit_code == exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == said


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("oops"), InvariantError("oops"), MemoryError()]
)
def test_the_unexpected_has_a_traceback_only_on_demand(error, capsys, monkeypatch):
    def command() -> None:
        raise error

    monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(typer.Exit) as caught:
        reported(command)()
    assert caught.value.exit_code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "Traceback" not in said
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(typer.Exit):
        reported(command)()
    assert "Traceback" in capsys.readouterr().err


def test_json_holds_only_what_json_knows(capsys):
    value = {
        "nan": float("nan"),
        "inf": np.float64("inf"),
        "number": np.float32(0.5),
        "count": np.int64(3),
        "flag": np.bool_(True),
        "path": Path("a/b"),
        "list": (1, None, "ü"),
        3: True,
    }
    print_json(value)
    assert json.loads(capsys.readouterr().out) == {
        "nan": None,
        "inf": None,
        "number": 0.5,
        "count": 3,
        "flag": True,
        "path": "a/b",
        "list": [1, None, "ü"],
        "3": True,
    }
    assert jsonable(float("-inf")) is None


def test_lines_of_a_pipe_carry_no_colour_and_no_blanks_at_their_ends(capsys, monkeypatch):
    from rich.text import Text

    from simulator.app.cli.console import plain_table

    monkeypatch.delenv("FORCE_COLOR", raising=False)
    table = plain_table("a", "b")
    table.add_row("x", Text("y", style="green"))
    table.add_row("x", "much longer")
    stdout().print(table)
    assert capsys.readouterr().out.splitlines() == ["a  b", "x  y", "x  much longer"]


def test_a_closed_pipe_ends_quietly():
    command = [sys.executable, "-c", START, "plugins"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode == 141


def test_the_first_signal_asks_and_the_second_stops(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with StopFlag() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGTERM)
        assert stop()
        assert "once more stops at once" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before
