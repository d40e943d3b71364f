"""`notesim design-study`: designs held against the truth in many worlds."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.studies.planning import DesignStudy
    from simulator.app.studies.running import StudyFound

EXAMPLE = "notesim design-study scenarios/design_study.yaml --jobs 2"
STUDIES = Path("studies")


def design_study(
    file: Annotated[str, typer.Argument(help="Study file, or the name of a bundled one.")],
    jobs: Annotated[int, typer.Option(help="Runs at a time; -1: one a core.")] = 1,
    seeds: Annotated[
        int | None, typer.Option(help="Number of seeds instead of the file's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for studies.")] = STUDIES,
    retries: Annotated[
        int, typer.Option(min=0, help="Times that a failed run is tried again.")
    ] = 1,
    events: Annotated[bool, typer.Option("--events", help="Keep the event logs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the study folder only.")] = False,
) -> None:
    """Test every change under every design in every world, and compare with the truth.

    Designs of a world, change and seed share the two runs that are the truth. The same command
    resumes, and more seeds add to it. The report lies in the study's folder as HTML, Markdown and
    JSON; `notesim advise` reads it. Exit code: 0 done, 1 some runs failed, 2 the file has
    mistakes, 130 interrupted.
    """
    from simulator.app.cli.sweep_progress import counting
    from simulator.app.studies.files import write_study
    from simulator.app.studies.planning import load_study
    from simulator.app.studies.running import StudyOptions, run_design_study

    ready = load_study(file, {} if seeds is None else {"seeds": seeds})
    folder = ready.folder(out)
    if not quiet:
        _print_header(ready, folder)
    try:
        with counting(len(ready.cells), quiet=quiet) as told:
            found = run_design_study(ready, out, StudyOptions(jobs, retries, events, told))
    except KeyboardInterrupt:
        text = "stopped; finished runs are kept\nresume with the same command"
        console.give_up(text, console.EXIT_INTERRUPTED)
    words = ["notesim", "design-study", file]
    words += [] if seeds is None else ["--seeds", str(seeds)]
    words += [] if out == STUDIES else ["--out", str(out)]
    facts = write_study(found, folder, shlex.join(words))
    if as_json:
        console.print_json(facts)
    elif quiet:
        console.say(str(folder))
    else:
        _print_result(found, folder, facts)
    if found.failed:
        raise typer.Exit(1)


def _print_header(study: DesignStudy, folder: Path) -> None:
    config = study.config
    console.note(config.name)
    if config.question:
        console.note(" ".join(config.question.split()))
    console.note(f"  worlds    {', '.join(world.name for world in config.worlds)}")
    console.note(f"  changes   {', '.join(policy.name for policy in config.policies)}")
    console.note(f"  designs   {', '.join(config.named_designs())}")
    console.note(f"  runs      {len(study.cells)}: {len(study.jobs)} of each of "
                 f"{len(study.seeds)} seeds")  # fmt: skip
    console.note(f"  folder    {console.short_path(folder)}")


def _print_result(found: StudyFound, folder: Path, facts: dict[str, Any]) -> None:
    from simulator.app.studies.files import PAGE, judged, study_scores
    from simulator.app.studies.page import evaluation_words

    table = console.plain_table(
        "change", "metric", "days", "traffic", "design", "error", "bias", "power",
        right=(2, 3, 5, 6, 7),
    )  # fmt: skip
    for advice in facts["advice"]:
        table.add_row(
            advice["policy"], advice["metric"], str(advice["days"]), f"{advice['traffic']:.0%}",
            advice["design"], f"{advice['rmse']:.2%}", f"{advice['bias']:+.2%}",
            f"{advice['power']:.0%}",
        )  # fmt: skip
    console.say("Designs with the least error, relative to the level without the change:\n")
    console.stdout().print(table)
    console.say()
    console.say(evaluation_words(judged(study_scores(found)[0])))
    for failure in facts["failed"][:10]:
        console.say(f"failed: {failure['run']}, seed {failure['seed']}: {failure['message']}")
    if facts["unread"]:
        console.say(f"{len(facts['unread'])} tests could not be read; the report names them")
    cpu_s = sum(outcome.cpu_s for outcome in found.outcomes)
    console.say(f"\n{len(found.outcomes)} runs, {cpu_s:,.0f} CPU seconds")
    console.say(f"report:    {console.short_path(folder / PAGE)}")
