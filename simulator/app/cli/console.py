"""What every command says and how: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from simulator.contracts.errors import NotesimError

EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141
_PLAIN_WIDTH = 140


class UsageError(NotesimError):
    """The command line names something that is not there."""

    exit_code = 2


class _Pipe(Console):
    """Console that leaves a broken pipe to the command, and pads no line of a file or a pipe."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def print(self, *objects: object, **options: Any) -> None:  # noqa: ANN401  (as rich has it)
        """Print as rich does; off a terminal without blanks at the ends of lines."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        self.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def stdout() -> Console:
    """Return a console for results; wide when the output is a file or a pipe."""
    return _console(to_stderr=False)


def stderr() -> Console:
    """Return a console for headers and progress."""
    return _console(to_stderr=True)


def _console(*, to_stderr: bool) -> Console:
    console = _Pipe(stderr=to_stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PLAIN_WIDTH
    return console


def say(text: str = "") -> None:
    """Write one line of result, unwrapped."""
    typer.echo(text)


def note(text: str = "") -> None:
    """Write one line that is no result, unwrapped."""
    typer.echo(text, err=True)


def plain_table(*columns: str, right: Sequence[int] = ()) -> Table:
    """Return an empty table in the house look.

    Args:
        columns: headings.
        right: indices of columns aligned to the right.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for i, heading in enumerate(columns):
        justify = "right" if i in right else "left"
        table.add_column(heading, justify=justify, no_wrap=i in right or i == 0)  # type: ignore[arg-type]
    return table


def print_json(value: object) -> None:
    """Write one JSON value; NaN and infinity become null."""
    say(json.dumps(jsonable(value), allow_nan=False, ensure_ascii=False, indent=2))


def jsonable(value: object) -> object:
    """Return the value in terms of JSON: numbers finite, paths and other objects as text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    item = getattr(value, "item", None)
    return jsonable(item()) if callable(item) else str(value)


def give_up(message: str, exit_code: int) -> NoReturn:
    """Say what went wrong on stderr and leave with `exit_code`."""
    for line in message.splitlines() or [message]:
        note(line)
    raise typer.Exit(exit_code)


def drop_stdout() -> None:
    """Send what is still buffered nowhere: the reader of the pipe has gone."""
    try:
        target = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, target)
    os.close(nowhere)


def short_path(path: Path) -> str:
    """Return a path relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
