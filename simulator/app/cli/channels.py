"""`notesim channels`: which recall channels found what was shown and clicked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

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
    import pandas as pd

    from simulator.metrics.channels import ChannelTables

EXAMPLE = "notesim channels quickstart --cross --out channels.csv"

_NAME_WIDTH: Final = 28
_INTERVAL_WIDTH: Final = 18
_SHARE_WIDTH: Final = 6
_EXPOSURE: Final = "impressions of the note so far"
_NOTES: Final = """\
In brackets: 95 % intervals; impressions of one note count as a cluster. A channel that shows its
finds helps to choose what is judged here; one with `shadow: true` does not."""


def channels(
    run: Annotated[str, typer.Argument(help="Run folder, or the beginning of its name.")],
    cross: Annotated[
        bool, typer.Option("--cross", help="Split by exposure within each band of age too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tables as .parquet or .csv.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Show which recall channels found the notes that were shown and clicked."""
    from simulator.metrics.channels import channel_tables

    check_out(out)
    folder = open_logged_run(run)
    tables = channel_tables(folder)
    must_have_impressions(folder, tables.impressions)
    if out is not None:
        write_frame(out, tables.long())
    if as_json:
        console.print_json(_as_json(folder.path, tables))
        return
    _print(tables, cross=cross)
    if out is not None:
        console.say(f"\nwritten:   {console.short_path(out)}")


def _as_json(run: Path, tables: ChannelTables) -> dict[str, object]:
    return {
        "run": str(run),
        "channels": tables.channels,
        "impressions": tables.impressions,
        "clicks": tables.clicks,
        "clicked": records(tables.clicked),
        "shown": records(tables.shown),
        "overlap": records(tables.overlap),
    }


def _print(tables: ChannelTables, *, cross: bool) -> None:
    clicked, shown = tables.clicked, tables.shown
    by_age = clicked[clicked["exposure"] == "all"]
    of_clicks, mix = (frame[frame["age"] == "all"] for frame in (clicked, shown))
    found = "that each channel had found, %"
    _print_grid(f"Clicked impressions {found}, by age of the note", by_age, "age", _share)
    _print_grid(f"… by {_EXPOSURE}", of_clicks, "exposure", _share)
    _print_grid(f"All impressions {found}, by {_EXPOSURE}", mix, "exposure", _share)
    alone = mix.dropna(subset="alone_share")
    _print_grid("… and no other channel that shows its finds", alone, "exposure", _alone)
    for what, frame in (("Clicked impressions", clicked), ("All impressions", shown)):
        for age, part in frame[frame["age"] != "all"].groupby("age", sort=False):
            if cross:
                _print_grid(f"{what}, notes of {age}", part, "exposure", _share)
    _print_overlap(tables)
    console.say()
    console.stdout().print(Text(_notes(tables), style="dim"))


def _share(row: Any, wide: bool) -> str:  # noqa: ANN401  (a row of itertuples)
    share = percent(row.share)
    return f"{share} [{percent(row.low)},{percent(row.high)}]" if wide else share


def _alone(row: Any, _: bool) -> str:  # noqa: ANN401  (a row of itertuples)
    return percent(row.alone_share)


def _print_grid(title: str, frame: pd.DataFrame, by: str, cell: Callable[[Any, bool], str]) -> None:
    """Print one column a band and one line a channel, under the counts that they rest on."""
    bands = list(dict.fromkeys(frame[by]))
    wide = console.stdout().width >= _NAME_WIDTH + _INTERVAL_WIDTH * len(bands)
    table = console.plain_table("channel", *bands, right=range(1, len(bands) + 1))
    first = frame.drop_duplicates(by)
    for name, column in (("impressions", "n"), ("of notes", "notes")):
        counts = (f"{count:,}" for count in first[column])
        table.add_row(*(Text(text, style="dim") for text in (name, *counts)))
    for channel, rows in frame.groupby("channel", sort=False):
        cells = {getattr(row, by): cell(row, wide) for row in rows.itertuples()}
        table.add_row(str(channel), *(cells[band] for band in bands))
    console.stdout().print(Text(f"\n{title}", style="bold"))
    console.stdout().print(table)


def _print_overlap(tables: ChannelTables) -> None:
    """Print the matrix of channels, in as many parts as the width asks for."""
    n = len(tables.channels)
    at_once = max(4, (console.stdout().width - _NAME_WIDTH) // _SHARE_WIDTH)
    console.stdout().print(Text("\nImpressions that two channels had both found, %", style="bold"))
    for start in range(0, n, at_once):
        numbers = [str(i + 1) for i in range(start, min(n, start + at_once))]
        table = console.plain_table("channel", *numbers, right=range(1, len(numbers) + 1))
        for i, (channel, rows) in enumerate(tables.overlap.groupby("channel", sort=False)):
            shares = rows["share"].iloc[start : start + at_once]
            table.add_row(f"{i + 1} {channel}", *map(percent, shares))
        console.stdout().print(table)


def _notes(tables: ChannelTables) -> str:
    from simulator.metrics.channels import SHADOW

    has_shadow = any(name.startswith(SHADOW) for name in tables.channels)
    return _NOTES + ("" if has_shadow else " This run has none: read shares as a mix, no recall.")
