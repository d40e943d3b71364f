"""`notesim compare`: runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console
from simulator.app.cli.find import open_run

if TYPE_CHECKING:
    from simulator.app.compare import Comparison

EXAMPLE = "notesim compare boost-1 boost-4 --metrics new_note_ctr,new_note_impression_share"


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Runs; first: baseline.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Compare these metrics only."),
    ] = None,
    daily: Annotated[
        bool, typer.Option("--daily", help="Add the paired daily differences.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Compare the metrics of finished runs with those of the first."""
    from simulator.app.cli.show import known_metrics
    from simulator.app.compare import compare as compare_runs

    if len(runs) < 2:
        raise console.UsageError("compare needs two runs or more")
    only = [metric.name for metric in known_metrics(metrics or [])]
    comparison = compare_runs([open_run(run) for run in runs], only)
    if as_json:
        console.print_json(comparison.as_json())
    else:
        _print(comparison, daily=daily)


def _print(comparison: Comparison, *, daily: bool) -> None:
    from simulator.app.cli.tables import print_comparison, print_daily_intervals

    for i, run in enumerate(comparison.runs, 1):
        facts = run.manifest
        policies = ", ".join(facts.policies) or "none"
        place = console.short_path(run.folder)
        console.say(f"{i}  {place} · seed {facts.seed} · policies: {policies}")
    console.say()
    print_comparison(console.stdout(), comparison)
    console.say()
    if comparison.is_paired:
        console.say(
            "Paired: the runs have the same readers, creators and luck; they differ only in what "
            "the scenarios change and what follows from it."
        )
    else:
        console.say("Not paired: the runs differ in seed or world, so chance differs too.")
    if daily:
        console.say()
        print_daily_intervals(console.stdout(), comparison)
        console.say(
            "Days of one run follow from one another: these intervals describe how steady a "
            "difference was; repeat with other seeds to test it."
        )
