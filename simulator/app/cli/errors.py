"""Errors to exit codes: 1 a run failed, 2 bad input, 130 interrupted, never a bare traceback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Final, ParamSpec

import typer

from simulator.app.cli.console import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    drop_stdout,
    give_up,
    note,
)
from simulator.contracts.errors import InvariantError, NotesimError, ScenarioError

DEBUG: Final = "NOTESIM_DEBUG"
"""Environment variable that adds the traceback to an unexpected error."""

P = ParamSpec("P")


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that every error ends in one message and the right exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            drop_stdout()
            raise typer.Exit(EXIT_BROKEN_PIPE) from None
        except KeyboardInterrupt:
            give_up("stopped", EXIT_INTERRUPTED)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            _explain(error)

    return run


def _explain(error: Exception) -> None:
    if os.environ.get(DEBUG):
        import traceback

        note("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, ScenarioError):
        give_up(str(error), error.exit_code)
    if isinstance(error, NotesimError) and not isinstance(error, InvariantError):
        give_up(f"error: {error}", error.exit_code)
    if isinstance(error, MemoryError):
        give_up("error: not enough memory; try fewer readers (--set world.readers.n=...)", 1)
    if isinstance(error, OSError):
        give_up(f"error: {_system_error(error)}", 1)
    give_up(
        f"error: this should not happen: {type(error).__name__}: {error}\n"
        f"Set {DEBUG}=1 to see where; please report it together with the scenario.",
        1,
    )


def _system_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
