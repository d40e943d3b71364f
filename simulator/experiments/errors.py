"""Errors of the experiments room."""

from __future__ import annotations

from typing import ClassVar

from simulator.contracts.errors import NotesimError


class AnalysisError(NotesimError):
    """Numbers or a table that cannot be analysed, with what is wrong and what is needed."""

    exit_code: ClassVar[int] = 2


def check_share(value: float, name: str) -> None:
    """Refuse a treated fraction that leaves one arm empty.

    Args:
        value: fraction of units in treatment.
        name: how the caller spells the argument.

    Raises:
        AnalysisError: the fraction is not strictly between 0 and 1.
    """
    if not 0.0 < value < 1.0:
        raise AnalysisError(f"{name} must lie strictly between 0 and 1 (got {value})")
