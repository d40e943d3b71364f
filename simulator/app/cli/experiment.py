"""`notesim experiment`: a test inside a simulated world, its report, and how right it is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.experiment_words import Agreed
    from simulator.app.experiments import Found, Study

EXPERIMENTS = Path("experiments")
EXAMPLE = "notesim experiment scenarios/ab_author_side.yaml --seeds 3 --jobs 2"


def experiment(
    file: Annotated[str, typer.Argument(help="Scenario with an experiment and a treatment.")],
    designs: Annotated[
        str, typer.Option(metavar="X,X", help="Designs to compare; the scenario's own if silent.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Number of seeds.")] = 1,
    primary: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Metric that decides.")
    ] = None,
    guardrail: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=MARGIN", help="Tolerated relative harm, such as ctr=0.02."),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(help="Difference worth detecting, in the unit of the primary metric."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenario."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs at a time; -1: one a core.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for experiments.")] = EXPERIMENTS,
    events: Annotated[bool, typer.Option("--events", help="Keep the event logs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the folder only.")] = False,
) -> None:
    """Run a test as a platform would, read it as an analyst would, and compare with the truth.

    For each seed there is a world for each design, one after a launch and one without; the same
    command resumes, and more seeds or designs add to it. Exit code: 0 done, 1 some runs failed,
    2 bad input, 130 interrupted.
    """
    from simulator.app.cli.sweep_progress import counting
    from simulator.app.experiment_files import summary, write_experiment
    from simulator.app.experiment_words import Agreed
    from simulator.app.experiments import Options, plan, run_study
    from simulator.app.overrides import parse_assignments

    names = [name.strip() for name in designs.split(",") if name.strip()]
    agreed = Agreed(primary, _margins(guardrail or []), target)
    _known(primary, *agreed.guardrails)
    study = plan(file, parse_assignments(settings or []), names, seeds)
    _readable(study, primary)
    folder = study.folder(out)
    if not quiet:
        _print_header(study, folder)
    try:
        with counting(len(study.cells()), quiet=quiet) as told:
            found = run_study(study, out, Options(jobs, events, told))
    except KeyboardInterrupt:
        text = "stopped; finished runs are kept\nresume with the same command"
        console.give_up(text, console.EXIT_INTERRUPTED)
    options = {"--seeds": seeds, "--designs": designs or None, "--primary": primary,
               "--target": target, "--guardrail": guardrail, "--set": settings,
               "--out": _told(out)}  # fmt: skip
    write_experiment(found, folder, agreed, _command(file, options))
    if as_json:
        console.print_json(summary(found, agreed))
    elif quiet:
        console.say(str(folder))
    else:
        _print_result(found, folder, agreed)
    if found.failed:
        raise typer.Exit(1)


def _told(out: Path) -> Path | None:
    return None if out == EXPERIMENTS else out


def _command(file: str, options: Mapping[str, object]) -> str:
    """Return the command line with the options that say something; lists repeat their option."""
    words = ["notesim", "experiment", file]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        words += [part for item in values if item is not None for part in (name, str(item))]
    return shlex.join(words)


def _known(*names: str | None) -> None:
    import difflib

    from simulator.experiments.outcomes import DESCRIPTIONS

    for name in names:
        if name is None or name in DESCRIPTIONS:
            continue
        near = difflib.get_close_matches(name, DESCRIPTIONS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        allowed = ", ".join(DESCRIPTIONS)
        raise console.UsageError(f"no metric {name!r}.{hint} Allowed: {allowed}.")


def _readable(study: Study, primary: str | None) -> None:
    """Refuse a primary metric that no design reads, before anything runs."""
    from simulator.app.experiments import design_of
    from simulator.experiments.reading import metrics_of

    if primary is None:
        return
    for name, block in study.designs.items():
        there = metrics_of(design_of(study, block, study.seeds[0]))
        if primary not in there:
            raise console.UsageError(
                f"--primary {primary}: {name} does not read it. It reads: {', '.join(there)}."
            )


def _margins(texts: list[str]) -> dict[str, float]:
    out = {}
    for text in texts:
        name, _, margin = text.partition("=")
        try:
            out[name] = float(margin)
        except ValueError:
            raise console.UsageError(f"--guardrail {text}: METRIC=MARGIN, as in ctr=0.02") from None
        if not 0 <= out[name] <= 1:
            raise console.UsageError(f"--guardrail {text}: a margin lies between 0 and 1")
    return out


def _print_header(study: Study, folder: Path) -> None:
    scenario = study.scenario
    console.note(scenario.name)
    if scenario.question:
        console.note(" ".join(scenario.question.split()))
    control = ", ".join(config.type for config in scenario.policies) or "no policy"
    treatment = ", ".join(config.type for config in scenario.treatment) or "no policy"
    console.note(f"  designs   {', '.join(study.designs)}")
    console.note(f"  change    {control} → {treatment}")
    console.note(f"  runs      {len(study.cells())}: {len(study.seeds)} seeds of each world")
    console.note(f"  folder    {console.short_path(folder)}")


def _print_result(found: Found, folder: Path, agreed: Agreed) -> None:
    from simulator.app import experiment_words as words
    from simulator.app.experiment_files import PAGE
    from simulator.experiments.scorecard import scores

    for name, read in found.first.items():
        console.say(
            f"{name}: {words.decision(words.verdict_of(read, agreed, found.n_leaks(name)))}"
        )
    table = console.plain_table(
        "metric", "design", "truth", "estimate", "bias", "coverage", "power", right=(2, 3, 4, 5, 6)
    )
    for score in sorted(scores(found.readings), key=lambda s: s.metric):
        table.add_row(
            score.metric, score.design, words.signed(score.truth), words.signed(score.estimate),
            words.bias_of(score), f"{score.coverage:.0%}", f"{score.power:.0%}",
        )  # fmt: skip
    console.say()
    console.stdout().print(table)
    for outcome in found.failed:
        console.say(f"failed: {outcome.message} ({outcome.stage})")
    cpu_s = sum(run["cpu_s"] for run in found.runs)
    console.say(f"\n{len(found.runs)} runs, {cpu_s:,.0f} CPU seconds")
    console.say(f"report:    {console.short_path(folder / PAGE)}")
