"""`notesim defects`: broken tests, and whether the checks find them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from simulator.app.cli import console

EXAMPLE = "notesim defects --seeds 100 --out defects"


def defects(
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Number of seeds.")] = 100,
    first_seed: Annotated[int, typer.Option(min=0, help="The first of them.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a report as HTML, Markdown and JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Implant one defect in each of eight tests, and see which checks raise a flag.

    Lost readers, readers in both arms, one account that clicks for all, looks without correction,
    an effect that fades, a result picked from a hundred metrics, pools that are not those of a
    launch, and promises that one arm fills for both; and a clean test. Exit code: 0 done, 1 a
    defect is found in less than 95 % of seeds or the clean test is flagged in more than 5 %.
    """
    from simulator.app.defects import PAGE, defects_json, share, verdicts, write_defects
    from simulator.experiments.defects import run_defects

    rows = run_defects(seeds, first_seed)
    words = ["notesim", "defects", "--seeds", str(seeds), "--first-seed", str(first_seed)]
    if out is not None:
        write_defects(rows, out, shlex.join([*words, "--out", str(out)]))
    if as_json:
        console.print_json(defects_json(rows))
    else:
        table = console.plain_table("test", "check", "found in", "other checks flag", right=(2, 3))
        for row in rows:
            flagged = "" if row.check is None else share(row.others)
            table.add_row(row.defect, row.check or "any", share(row.found), flagged)
        console.stdout().print(table)
        console.say()
        for sentence in verdicts(rows):
            console.say(sentence)
        if out is not None:
            console.say(f"report:    {console.short_path(out / PAGE)}")
    if not all(row.is_right for row in rows):
        raise typer.Exit(1)
