"""`notesim heads`: how right the ranker's predictions were."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from simulator.app import present
from simulator.app.cli import console
from simulator.app.cli.frames import (
    check_out,
    must_have_impressions,
    open_logged_run,
    percent,
    records,
    write_frame,
)

if TYPE_CHECKING:
    from simulator.metrics.heads import HeadTables

EXAMPLE = "notesim heads quickstart --json"

_NOTES: Final = """\
Predictions were logged when a note was shown, by a model that had learned from what came before.
All heads but click are judged on clicked impressions. ±: standard error, as if impressions were
independent. gauc: auc within readers. by rate: log loss of always predicting the rate.
calibration: predicted over observed; 1 is right."""


def heads(
    run: Annotated[str, typer.Argument(help="Run folder, or the beginning of its name.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as .parquet or .csv.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Show how right each prediction of the ranker was, by age of the note."""
    from simulator.metrics.heads import head_tables

    check_out(out)
    folder = open_logged_run(run)
    tables = head_tables(folder)
    must_have_impressions(folder, tables.impressions)
    if out is not None:
        write_frame(out, tables.long())
    if as_json:
        facts = {"run": str(folder.path), "impressions": tables.impressions}
        both = {"actions": records(tables.actions), "dwell": records(tables.dwell)}
        console.print_json({**facts, **both})
        return
    _print(tables)
    if out is not None:
        console.say(f"\nwritten:   {console.short_path(out)}")


def _print(tables: HeadTables) -> None:
    _print_actions(tables)
    if len(tables.dwell):
        _print_dwell(tables)
    console.say()
    console.stdout().print(Text(_NOTES, style="dim"))


def _print_actions(tables: HeadTables) -> None:
    headings = ("head", "age", "n", "positives", "rate %", "auc", "±", "gauc", "log loss",
                "by rate", "calibration")  # fmt: skip
    table = console.plain_table(*headings, right=range(2, len(headings)))
    last = ""
    row: Any
    for row in tables.actions.itertuples():
        table.add_row(
            row.head if row.head != last else "", row.age, f"{row.n:,}", f"{row.positives:,}",
            percent(row.rate), _number(row.auc), _number(row.auc_error), _number(row.gauc),
            _number(row.log_loss), _number(row.log_loss_rate), _number(row.calibration, 2),
        )  # fmt: skip
        last = row.head
    console.stdout().print(table)


def _print_dwell(tables: HeadTables) -> None:
    headings = ("dwell", "n", "mean s", "predicted s", "calibration", "correlation", "error s")
    table = console.plain_table(*headings, right=range(1, len(headings)))
    row: Any
    for row in tables.dwell.itertuples():
        table.add_row(
            row.age, f"{row.n:,}", _number(row.mean_s, 1), _number(row.predicted_s, 1),
            _number(row.calibration, 2), _number(row.correlation),
            _number(row.mean_absolute_error_s, 1),
        )  # fmt: skip
    console.say()
    console.stdout().print(table)


def _number(value: float, places: int = 3) -> str:
    return present.NOTHING if math.isnan(value) else f"{value:.{places}f}"
