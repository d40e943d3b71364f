"""`notesim compare-policies`: all policies of a sweep file on the same worlds, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console
from simulator.app.cli.sweep import print_header, print_result

if TYPE_CHECKING:
    from simulator.app.sweeping import Sweep
    from simulator.sweeps.execute import Outcome

EXAMPLE = "notesim compare-policies scenarios/policies.yaml --seeds 20 --jobs 2"


def compare_policies(
    file: Annotated[str, typer.Argument(help="Sweep file whose cases are policies.")],
    jobs: Annotated[int, typer.Option(help="Runs at a time; -1: one a core.")] = 1,
    seeds: Annotated[
        int | None, typer.Option(help="Number of seeds instead of the file's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for sweeps.")] = Path("sweeps"),
    retries: Annotated[int, typer.Option(help="Times that a failed run is tried again.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to send runs to.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the report's path only.")] = False,
) -> None:
    """Run policies on the same worlds, compare them seed by seed, and write a report.

    The report lies in the sweep's folder as HTML, Markdown and JSON. The same command resumes.
    Exit code: 0 done, 1 some runs failed, 2 the file has mistakes, 130 interrupted.
    """
    from simulator.app.cli.sweep_progress import counting
    from simulator.app.policy_report import write_report
    from simulator.app.sweeping import SweepOptions, load_sweep, run_sweep

    ready = load_sweep(file, {} if seeds is None else {"seeds": seeds})
    folder = ready.folder(out)
    if not quiet:
        print_header(ready, folder)
    try:
        with counting(len(ready.cells), quiet=quiet) as told:
            outcomes = run_sweep(ready, out, SweepOptions(jobs, retries, scheduler, False, told))
    except KeyboardInterrupt:
        text = "stopped; finished runs are kept\nresume with the same command"
        console.give_up(text, console.EXIT_INTERRUPTED)
    command = f"notesim compare-policies {file}" + (f" --seeds {seeds}" if seeds else "")
    report = write_report(ready, folder, outcomes, command)
    if as_json:
        console.print_json(report)
    elif quiet:
        console.say(str(folder / "report.html"))
    else:
        _print_result(ready, folder, outcomes, report)
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def _print_result(
    sweep: Sweep, folder: Path, outcomes: list[Outcome], report: dict[str, object]
) -> None:
    print_result(sweep, folder, outcomes)
    console.say(f"report:    {console.short_path(folder / 'report.html')}\n")
    sentences = report["verdicts"]
    for sentence in sentences if isinstance(sentences, list) else []:
        console.say(f"- {sentence}")
