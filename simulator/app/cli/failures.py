"""`notesim failures`: why new notes missed their quota."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console
from simulator.app.cli.find import open_run

if TYPE_CHECKING:
    from simulator.metrics.failures import Failures

EXAMPLE = "notesim failures quickstart"


def failures(
    run: Annotated[str, typer.Argument(help="Run folder, or the name of a run under runs/.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write one row a note to a CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Show why new notes missed their quota, and how far they came beside those that did not."""
    from simulator.app.cli.find import kept_events
    from simulator.metrics.failures import find_failures

    result = open_run(run)
    kept_events(result)
    found = find_failures(result.folder, result.manifest.params)
    if out is not None:
        found.notes.to_csv(out, index=False)
    if as_json:
        console.print_json(
            {
                "run": str(result.folder),
                "reference": found.reference,
                "notes": len(found.notes),
                "missed": int((found.notes["reason"] != "").sum()),
                "reasons": found.reasons.to_dict("records"),
                "funnel": {str(k): v.to_dict() for k, v in found.funnel.items()},
            }
        )
        return
    _print(found)


def _print(found: Failures) -> None:
    from simulator.app import present

    n, missed = len(found.notes), int((found.notes["reason"] != "").sum())
    if not n:
        console.say("No new note has passed its window within the measured days.")
        return
    console.say(f"{missed:,} of {n:,} new notes missed their quota ({missed / n:.1%}).")
    console.say(f"Yardstick: {found.reference}.\n")
    table = console.plain_table("dominant reason", "notes", "share", "", right=(1, 2))
    for reason in found.reasons.to_dict("records"):
        bar = "█" * round(30 * reason["share"]) if reason["notes"] else ""
        table.add_row(reason["meaning"], f"{reason['notes']:,}", f"{reason['share']:.1%}", bar)
    console.stdout().print(table)
    console.say()
    table = console.plain_table("mean a note", "reached", "missed", right=(1, 2))
    for stage, means in found.funnel.iterrows():
        name = str(stage).replace("_", " ")
        table.add_row(name, *(present.significant(float(x)) for x in means))
    console.stdout().print(table)
