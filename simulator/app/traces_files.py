"""The files of a study of traces: JSON, tables and the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simulator.app.traces_run import Found

SUMMARY: Final = "traces.json"
CURVES: Final = "traces.parquet"
CURVES_TEXT: Final = "traces.csv"
NOTES: Final = "notes.parquet"
PAGE: Final = "traces.html"


def write_study(found: Found, folder: Path, command: str) -> None:
    """Write what a study has found, each file whole or not at all.

    Args:
        found: the findings.
        folder: the study's folder.
        command: command line that makes it again, for the page.

    Raises:
        RunError: a file could not be written.
    """
    from simulator.app.traces_page import traces_page
    from simulator.app.traces_run import summary
    from simulator.experiments.traces.comparison import per_note
    from simulator.reports.page import render
    from simulator.results.atomic import atomic_write, write_json, write_text

    write_json(folder / SUMMARY, summary(found))
    notes = per_note(found.worlds)
    atomic_write(folder / CURVES, lambda place: found.curves.to_parquet(place, index=False))
    atomic_write(folder / CURVES_TEXT, lambda place: found.curves.to_csv(place, index=False))
    atomic_write(folder / NOTES, lambda place: notes.to_parquet(place, index=False))
    write_text(folder / PAGE, render(traces_page(found, command)))
