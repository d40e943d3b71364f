"""`notesim show`: the metrics of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console
from simulator.app.cli.find import open_run

if TYPE_CHECKING:
    from simulator.metrics.catalog import Metric
    from simulator.results.result import Result

EXAMPLE = "notesim show quickstart --daily ctr --daily dau"


def show(
    run: Annotated[str, typer.Argument(help="Run folder, or the beginning of its name.")],
    daily: Annotated[
        list[str] | None, typer.Option(metavar="METRIC", help="Show this metric day by day.")
    ] = None,
    define: Annotated[bool, typer.Option("--define", help="Print full definitions.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Show the metrics of a finished run."""
    from simulator.app.cli.run import summary
    from simulator.app.cli.tables import print_metrics
    from simulator.app.compare import values_of

    result = open_run(run)
    chosen = known_metrics(daily or [])
    if as_json:
        extra = {"daily": _daily_values(result, chosen)} if chosen else {}
        console.print_json({**summary(result), **extra})
        return
    if chosen:
        _print_daily(result, chosen)
        return
    facts = result.manifest
    console.say(f"{facts.name} · scenario {facts.hash} · seed {facts.seed}")
    print_metrics(console.stdout(), values_of(result), facts, define=define)
    console.say(f"\nresults:   {console.short_path(result.folder)}")


def known_metrics(names: Sequence[str]) -> list[Metric]:
    """Return the metrics of some names; a name may hold several, with commas between.

    Raises:
        UsageError: a name that is no metric.
    """
    import difflib

    from simulator.metrics.families import metrics

    known = {metric.name: metric for metric in metrics()}
    split = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for name in split:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise console.UsageError(f"there is no metric {name!r}.{hint}")
    return [known[name] for name in dict.fromkeys(split)]


def _daily_values(result: Result, chosen: Sequence[Metric]) -> dict[str, dict[int, float]]:
    from simulator.app.compare import daily_values

    values = daily_values(result)
    return {metric.name: values[metric.name] for metric in chosen}


def _print_daily(result: Result, chosen: Sequence[Metric]) -> None:
    from simulator.app import present

    table = console.plain_table("day", *(m.name for m in chosen), right=range(1, len(chosen) + 1))
    values = _daily_values(result, chosen)
    for day in result.daily.index:
        cells = (present.metric_value(m, values[m.name].get(int(day))) for m in chosen)
        table.add_row(str(day), *cells)
    console.stdout().print(table)
