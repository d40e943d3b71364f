"""`notesim realism`: runs against stylised facts of the field."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from simulator.app.cli import console
from simulator.app.cli.find import kept_events, open_run

if TYPE_CHECKING:
    from simulator.metrics.realism import Checked

EXAMPLE = "notesim realism standard"
_STYLES = {"pass": "green", "fail": "yellow", "not judged": "dim"}


def realism(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs of one scenario.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for a report with charts: HTML, Markdown, JSON.")
    ] = None,
    as_json_only: Annotated[
        bool, typer.Option("--json", help="Print one JSON object only.")
    ] = False,
) -> None:
    """Hold runs against stylised facts of such platforms: value, band, source, verdict.

    Several runs of one scenario on different seeds are judged by their mean.
    """
    from simulator.app.realism_report import as_json, check, write_realism

    results = [kept_events(open_run(run)) for run in runs]
    found = check(results)
    page = None
    if out is not None:
        command = shlex.join(["notesim", "realism", *runs, "--out", str(out)])
        page = write_realism(results, found, out, command)
    if as_json_only:
        console.print_json(as_json(results, found))
        return
    _print(found, len(results))
    if page is not None:
        console.say(f"report: {console.short_path(page)}")


def _print(found: list[Checked], n_runs: int) -> None:
    from simulator.reports.realism import SIGNS, number, score

    table = console.plain_table("", "fact", "value", "band", "source", "strength", right=(2, 3))
    for item in found:
        style = _STYLES[item.verdict]
        for i, band in enumerate(item.fact.bands):
            first = i == 0
            table.add_row(
                Text(SIGNS[item.verdict] if first else "", style=style),
                item.fact.text if first else "",
                Text(f"{band.value} {number(item.values[band.value], band)}", style=style),
                f"{number(band.low, band)} – {number(band.high, band)}",
                item.fact.source if first else "",
                item.fact.strength if first else "",
            )
    console.stdout().print(table)
    passed, judged = score(found)
    console.say()
    for item in found:
        if item.reason:
            console.say(f"{item.fact.name}: {item.verdict}: {item.reason}")
    seeds = f", mean of {n_runs} runs" if n_runs > 1 else ""
    if judged:
        console.say(f"\n{passed} of {judged} facts hold ({passed / judged:.0%}){seeds}.")
