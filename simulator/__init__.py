"""Cold-start and traffic-control simulation for feeds of user-generated notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.app.api import run
    from simulator.results.result import Result

__all__ = ["Result", "run"]


def __getattr__(name: str) -> object:
    """Import the two public names when they are first used: they are heavy."""
    if name == "run":
        from simulator.app.api import run

        return run
    if name == "Result":
        from simulator.results.result import Result

        return Result
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
