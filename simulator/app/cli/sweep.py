"""`notesim sweep`: many variants of a scenario on many seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.sweeping import Sweep
    from simulator.sweeps.execute import Outcome

EXAMPLE = "notesim sweep scenarios/boost_sweep.yaml --jobs 2"


def sweep(
    file: Annotated[str, typer.Argument(help="Sweep file, or the name of a bundled one.")],
    jobs: Annotated[int, typer.Option(help="Runs at a time; -1: one a core.")] = 1,
    seeds: Annotated[
        int | None, typer.Option(help="Number of seeds instead of the file's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for sweeps.")] = Path("sweeps"),
    retries: Annotated[int, typer.Option(help="Times that a failed run is tried again.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to send runs to.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Keep the event logs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the sweep folder only.")] = False,
) -> None:
    """Run every variant of a sweep file on every seed, and compare with the baseline.

    The same command resumes. Exit code: 0 done, 1 some runs failed, 2 the file has mistakes, 130
    interrupted.
    """
    from simulator.app.cli.sweep_progress import counting
    from simulator.app.sweeping import SweepOptions, load_sweep, run_sweep, summary

    ready = load_sweep(file, {} if seeds is None else {"seeds": seeds})
    folder = ready.folder(out)
    if not quiet:
        print_header(ready, folder)
    try:
        with counting(len(ready.cells), quiet=quiet) as told:
            options = SweepOptions(jobs, retries, scheduler, events, told)
            outcomes = run_sweep(ready, out, options)
    except KeyboardInterrupt:
        text = "stopped; finished runs are kept\nresume with the same command"
        console.give_up(text, console.EXIT_INTERRUPTED)
    if as_json:
        console.print_json(summary(ready, folder, outcomes))
    elif quiet:
        console.say(str(folder))
    else:
        print_result(ready, folder, outcomes)
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def print_header(sweep: Sweep, folder: Path) -> None:
    """Say what will run."""
    console.note(sweep.config.name)
    if sweep.config.question:
        console.note(" ".join(sweep.config.question.split()))
    labels = list(dict.fromkeys(cell.variant.label for cell in sweep.cells))
    n_seeds = len({cell.seed for cell in sweep.cells})
    console.note(f"  scenario  {sweep.config.scenario}")
    console.note(f"  runs      {len(sweep.cells)}: {len(labels)} variants × {n_seeds} seeds")
    console.note(f"  baseline  {sweep.baseline}")
    console.note(f"  folder    {console.short_path(folder)}")


def print_result(sweep: Sweep, folder: Path, outcomes: list[Outcome]) -> None:
    """Print the comparison with the baseline, then what failed and where everything is."""
    from simulator.app.cli.sweep_tables import print_sweep

    print_sweep(sweep, folder)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        console.say(f"\n{len(failed)} of {len(outcomes)} runs failed:")
        for outcome in failed[:10]:
            cell = sweep.cells[outcome.index]
            where = f"{cell.variant.label}, seed {cell.seed}"
            console.say(f"  {where}: {outcome.message}")
    cpu_s = sum(outcome.cpu_s for outcome in outcomes)
    console.say(f"\n{len(outcomes) - len(failed)} runs, {cpu_s:,.0f} CPU seconds")
    console.say(f"tables:    {console.short_path(folder)}")
