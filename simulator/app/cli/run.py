"""`notesim run`: simulate a scenario from end to end."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.text import Text

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.resolved import ResolvedScenario
    from simulator.results.result import Result

EXAMPLE = "notesim run quickstart --set seed=3 --set world.readers.n=2000"


@dataclass(frozen=True, slots=True)
class _Request:
    """What the user asked for."""

    file: str
    settings: list[str]
    out: Path
    resume: bool
    checkpoint_every: str
    events: bool

    def command(self, *more: str) -> str:
        """Return the command line that asks for the same."""
        words = ["notesim", "run", self.file]
        for text in self.settings:
            words += ["--set", text]
        if self.out != Path("runs"):
            words += ["--out", str(self.out)]
        if not self.events:
            words.append("--no-events")
        return shlex.join([*words, *more])


def run(
    file: Annotated[str, typer.Argument(help="Scenario file, or the name of a bundled one.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenario."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for run folders.")] = Path("runs"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run.")] = False,
    checkpoint_every: Annotated[
        str, typer.Option(metavar="DURATION", help="Simulated time between checkpoints; 0s: none.")
    ] = "1d",
    no_events: Annotated[
        bool, typer.Option("--no-events", help="Drop the event log after measuring.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the run folder only.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Print the cost by stage.")] = False,
) -> None:
    """Run a scenario, measure it, and save everything in a run folder.

    Exit code: 0 done, 1 failed, 2 the scenario has mistakes, 130 interrupted.
    """
    from simulator.app.api import resolve
    from simulator.app.overrides import parse_assignments

    request = _Request(file, settings or [], out, resume, checkpoint_every, not no_events)
    scenario = resolve(file, parse_assignments(request.settings))
    if not quiet:
        _print_header(scenario, request)
        _print_estimate(scenario)
    result = _execute(scenario, request, quiet=quiet)
    if as_json:
        console.print_json(summary(result))
    elif quiet:
        console.say(str(result.folder))
    else:
        _print_result(result, scenario, request)
    if profile:
        _print_profile(result)


def summary(result: Result) -> dict[str, object]:
    """Return the JSON object of a finished run."""
    from simulator.app.compare import values_of

    facts = result.manifest
    speed = facts.impressions / facts.cpu_s if facts.cpu_s else None
    return {
        "run": str(result.folder),
        "wall_s": facts.wall_s,
        "cpu_s": facts.cpu_s,
        "impressions": facts.impressions,
        "impressions_per_cpu_s": speed,
        "peak_rss_mb": facts.peak_rss_mb,
        "digest": result.digest,
        "metrics": values_of(result),
    }


def _execute(scenario: ResolvedScenario, request: _Request, *, quiet: bool) -> Result:
    from simulator.app import api
    from simulator.app.cli.progress import Pace, reporter
    from simulator.app.cli.stop import StopFlag
    from simulator.contracts.events import DAY_S
    from simulator.engine.replication import Hooks, InterruptedRunError

    pace = Pace(scenario.warm_up_s + scenario.horizon_s, scenario.warm_up_s // DAY_S)
    every = seconds(request.checkpoint_every)
    try:
        with StopFlag() as stop, reporter(pace, quiet=quiet) as report:
            result = api.run(
                scenario,
                out=request.out,
                resume=request.resume,
                checkpoint_every_s=every,
                keep_events=request.events,
                hooks=Hooks(progress=report, should_stop=stop),
            )
    except InterruptedRunError as error:
        _stopped(str(error), request)
    except KeyboardInterrupt:
        _stopped("stopped at once; what came after the last checkpoint is lost", request)
    return result


def _stopped(message: str, request: _Request) -> NoReturn:
    again = request.command("--resume")
    console.give_up(f"{message}\nresume with: {again}", console.EXIT_INTERRUPTED)


def seconds(text: str) -> int:
    """Read a duration option.

    Raises:
        UsageError: not a duration.
    """
    from simulator.contracts.config import parse_duration

    try:
        value = parse_duration(text)
    except ValueError as error:
        raise console.UsageError(f"--checkpoint-every {text}: {error}") from None
    return int(str(value))


def _print_header(scenario: ResolvedScenario, request: _Request) -> None:
    from simulator.app.api import run_path
    from simulator.app.registry import registry
    from simulator.contracts.config import format_duration

    out = console.stderr()
    out.print(Text(scenario.name, style="bold"))
    if scenario.question:
        out.print(" ".join(scenario.question.split()))
    days = f"{format_duration(scenario.horizon_s)} measured"
    if scenario.warm_up_s:
        days += f" after {format_duration(scenario.warm_up_s)} of warm-up"
    channels = [getattr(registry().build("recall", c), "name", c.type) for c in scenario.recall]
    facts = {
        "scenario": f"{scenario.hash8} · seed {scenario.seed}",
        "world": f"{scenario.world.readers.n:,} readers · {days}",
        "channels": ", ".join(channels),
        "policies": ", ".join(config.type for config in scenario.policies) or "none",
        "folder": console.short_path(run_path(scenario, request.out)),
    }
    for name, text in facts.items():
        out.print(Text.assemble((f"  {name:<9} ", "dim"), text))


def _print_estimate(scenario: ResolvedScenario) -> None:
    """Say what a long run will take, from a short one."""
    from simulator.app import present
    from simulator.app.explain import estimate, is_long

    if not is_long(scenario):
        return
    found = estimate(scenario)
    line = Text.assemble(
        ("  estimate  ", "dim"),
        f"about {present.about(found.impressions)} impressions in {present.span(found.total_s)} ",
        (f"(from a short run with {found.readers:,} readers)", "dim"),
    )
    console.stderr().print(line)


def _print_result(result: Result, scenario: ResolvedScenario, request: _Request) -> None:
    from simulator.app import present
    from simulator.app.cli.tables import print_metrics
    from simulator.app.compare import values_of

    out, facts = console.stdout(), result.manifest
    print_metrics(out, values_of(result), facts, first=scenario.metrics)
    speed = facts.impressions / facts.cpu_s if facts.cpu_s else 0
    console.say(
        f"\n{facts.impressions:,} impressions in {present.span(facts.wall_s)} "
        f"({speed:,.0f} per CPU second, {facts.peak_rss_mb:,.0f} MB at most)"
    )
    console.say(f"results:   {console.short_path(result.folder)}")
    console.say(f"look:      notesim show {closer(result)}")
    console.say(f"reproduce: {request.command()}")


def closer(result: Result) -> str:
    """Return how to look closer at a run, as arguments of `notesim show`."""
    text = console.short_path(result.folder)
    return shlex.join([text, "--daily", "ctr", "--daily", "new_note_impression_share"])


def _print_profile(result: Result) -> None:
    import json

    from simulator.app import present

    path = result.folder / "profile.json"
    if not path.is_file():
        raise console.UsageError("this run kept no profile")
    profile = json.loads(path.read_text(encoding="utf-8"))
    spent = profile["seconds"]
    total = sum(spent.values())
    table = console.plain_table("stage", "seconds", "share", right=(1, 2))
    for stage, cost in sorted(spent.items(), key=lambda item: -item[1]):
        table.add_row(stage, present.significant(cost), f"{cost / total:.1%}")
    console.stderr().print(table)
    if profile.get("facts"):
        counted = console.plain_table("counted by plug-ins", "value", right=(1,))
        for name, value in profile["facts"].items():
            counted.add_row(name, present.significant(value))
        console.stderr().print(counted)
