"""`notesim traces`: what becomes of notes that were supported, after support has ended."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.traces import Study
    from simulator.app.traces_run import Found

EXAMPLE = "notesim traces scenarios/overboost.yaml --seeds 5 --jobs 2"


def traces(
    file: Annotated[str, typer.Argument(help="Scenario with a boost, or the name of one.")],
    boosts: Annotated[
        str, typer.Option(metavar="X,X", help="Coefficients; 1 is the control.")
    ] = "1,1.5,2,4",
    seeds: Annotated[int, typer.Option(min=1, max=1_000, help="Number of seeds.")] = 5,
    days: Annotated[int, typer.Option(min=1, max=30, help="Age to which to follow notes.")] = 7,
    vary: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Coefficient to vary; that of the first boost if silent."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenario."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs at a time; -1: one a core.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for studies.")] = Path("traces"),
    events: Annotated[bool, typer.Option("--events", help="Keep the event logs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the folder only.")] = False,
) -> None:
    """Run twin worlds that differ in a boost alone, and follow the notes of its cohort.

    The same command resumes; more seeds or boosts add to it. Exit code: 0 done, 1 some runs
    failed, 2 bad input, 130 interrupted.
    """
    from simulator.app.cli.sweep_progress import counting
    from simulator.app.overrides import parse_assignments
    from simulator.app.traces import plan
    from simulator.app.traces_files import write_study
    from simulator.app.traces_run import Options, run_study, summary

    study = plan(file, parse_assignments(settings or []), _numbers(boosts), seeds, days, vary)
    folder = study.folder(out)
    if not quiet:
        _print_header(study, folder)
    try:
        with counting(len(study.cells()), quiet=quiet) as told:
            found = run_study(study, out, Options(jobs, events, told))
    except KeyboardInterrupt:
        text = "stopped; finished runs are kept\nresume with the same command"
        console.give_up(text, console.EXIT_INTERRUPTED)
    command = _command(file, boosts, seeds, days, vary, settings or [], out)
    write_study(found, folder, command)
    if as_json:
        console.print_json(summary(found))
    elif quiet:
        console.say(str(folder))
    else:
        _print_result(found, folder)
    if found.failed:
        raise typer.Exit(1)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise console.UsageError(f"--boosts {text}: numbers with commas between") from None


def _command(
    file: str,
    boosts: str,
    seeds: int,
    days: int,
    vary: str | None,
    settings: list[str],
    out: Path,
) -> str:
    words = ["notesim", "traces", file, "--boosts", boosts, "--seeds", str(seeds)]
    words += ["--days", str(days)] if days != 7 else []
    words += ["--vary", vary] if vary else []
    for text in settings:
        words += ["--set", text]
    words += ["--out", str(out)] if out != Path("traces") else []
    return shlex.join(words)


def _print_header(study: Study, folder: Path) -> None:
    scenario = study.scenario
    console.note(scenario.name)
    if scenario.question:
        console.note(" ".join(scenario.question.split()))
    boosts = ", ".join(f"{boost:g}" for boost in study.boosts)
    console.note(f"  varied    {study.knob}: {boosts}")
    console.note(f"  runs      {len(study.cells())}: {len(study.seeds)} seeds of each")
    console.note(f"  folder    {console.short_path(folder)}")


def _print_result(found: Found, folder: Path) -> None:
    from simulator.app.cli.traces_tables import print_traces
    from simulator.app.traces_files import PAGE
    from simulator.app.traces_words import verdict

    print_traces(found)
    console.say()
    for sentence in verdict(found):
        console.say(sentence)
    for outcome in found.failed:
        console.say(f"failed: {outcome.message} ({outcome.stage})")
    cpu_s = sum(run["cpu_s"] for run in found.runs)
    console.say(f"\n{len(found.runs)} runs, {cpu_s:,.0f} CPU seconds")
    console.say(f"page:      {console.short_path(folder / PAGE)}")
