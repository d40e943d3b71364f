"""The demo of defects as a page and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app import present

if TYPE_CHECKING:
    from simulator.experiments.defects import Row
    from simulator.reports.page import Page

PAGE: Final = "report.html"
_QUESTION: Final = (
    "Do the checks that stand before the numbers of a test find one defect each, and leave a "
    "clean test alone?"
)


def defects_page(rows: Sequence[Row], command: str) -> Page:
    """Return the report of a demo.

    Args:
        rows: one a defect, the clean test among them.
        command: command line that makes it again.
    """
    from simulator.reports.page import Page, Section, Table

    columns = ["test", "what is wrong", "check", "found in", "other checks flag", "at one seed"]
    found = [
        [row.defect, row.what, row.check or present.NOTHING, share(row.found), share(row.others),
         row.example or present.NOTHING]
        for row in rows
    ]  # fmt: skip
    checks = list(rows[0].rates)
    matrix = [[row.defect, *(share(row.rates[name]) for name in checks)] for row in rows]
    caption = "A row of tests with one defect, a column of checks. The clean row is the last."
    sections = [
        Section("Defects", tables=[Table("Who finds what", columns, found)]),
        Section("All checks", tables=[Table("Share of seeds with a flag", ["test", *checks],
                                            matrix, caption)]),
    ]  # fmt: skip
    return Page(
        title="Broken tests, and what finds them",
        question=_QUESTION,
        verdict=verdicts(rows),
        sections=sections,
        facts={"seeds": str(rows[0].n), "tests": f"{len(rows) * rows[0].n:,}"},
        command=command,
    )


def verdicts(rows: Sequence[Row]) -> list[str]:
    """Return one sentence on the defects, and one on the clean test.

    Args:
        rows: one a defect, the clean test among them.
    """
    broken = [row for row in rows if row.check is not None]
    missed = [row.defect for row in broken if not row.is_right]
    least = min(row.found for row in broken)
    first = f"Each defect is found in {share(least)} of seeds or more."
    if missed:
        first = f"Found in less than 95 % of seeds: {', '.join(missed)}."
    false = [f"A clean test is flagged in {share(row.found)} of seeds."
             for row in rows if row.check is None]  # fmt: skip
    return [first, *false]


def share(value: float) -> str:
    """Write a share in whole percent, with a decimal where it is not whole."""
    text = f"{100.0 * value:.1f}".removesuffix(".0")
    return f"{text} %"


def defects_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the JSON object of a demo.

    Args:
        rows: one a defect.
    """
    return {
        "seeds": rows[0].n,
        "verdicts": verdicts(rows),
        "rows": [{**asdict(row), "is_right": row.is_right} for row in rows],
    }


def write_defects(rows: Sequence[Row], folder: Path, command: str) -> None:
    """Write the report as HTML, Markdown and JSON, each file whole or not at all.

    Args:
        rows: one a defect.
        folder: where to; it is made.
        command: command line that makes it again.

    Raises:
        RunError: a file could not be written.
    """
    from simulator.reports.markdown import to_markdown
    from simulator.reports.page import render
    from simulator.results.atomic import write_json, write_text, writing

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    page = defects_page(rows, command)
    write_text(folder / PAGE, render(page))
    write_text(folder / "report.md", to_markdown(page))
    write_json(folder / "report.json", defects_json(rows))
