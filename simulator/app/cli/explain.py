"""`notesim explain`: what a scenario will do, before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from simulator.app.cli import console

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.app.explain import Estimate
    from simulator.app.resolved import ResolvedScenario

EXAMPLE = "notesim explain quickstart"


def explain(
    file: Annotated[str, typer.Argument(help="Scenario file, or the name of a bundled one.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenario."),
    ] = None,
    estimate: Annotated[
        bool, typer.Option(help="Run a small world for two seconds to estimate size and time.")
    ] = True,
) -> None:
    """Explain what a scenario will do: order of events, request path, plug-ins, size and time."""
    from simulator.app.api import resolve
    from simulator.app.explain import estimate as estimate_run
    from simulator.app.overrides import parse_assignments

    scenario = resolve(file, parse_assignments(settings or []))
    out = console.stdout()
    out.print(Text(f"{scenario.name} · {scenario.hash8} · seed {scenario.seed}", style="bold"))
    if scenario.question:
        out.print(" ".join(scenario.question.split()))
    _print_phases(out)
    _print_path(out, scenario)
    _print_plugins(out, scenario)
    if estimate:
        _print_estimate(out, estimate_run(scenario))


def _print_phases(out: Console) -> None:
    from simulator.app.explain import phases

    out.print(Text("\nWhat falls due at the same instant happens in this order", style="bold"))
    table = console.plain_table("", "phase", "what happens")
    for i, (name, text) in enumerate(phases(), 1):
        table.add_row(str(i), name.lower().replace("_", "-"), text)
    out.print(table)


def _print_path(out: Console, scenario: ResolvedScenario) -> None:
    from simulator.app.explain import request_path

    out.print(Text("\nOne request", style="bold"))
    table = console.plain_table("step", "budget", "what happens")
    for step in request_path(scenario):
        table.add_row(step.name, step.budget, step.text)
    out.print(table)


def _print_plugins(out: Console, scenario: ResolvedScenario) -> None:
    from simulator.app.explain import plugin_uses

    out.print(Text("\nPlug-ins and their parameters (bold: not the default)", style="bold"))
    for use in plugin_uses(scenario):
        out.print(Text.assemble((f"{use.kind} ", "dim"), use.name, (f"  {use.summary}", "dim")))
        if use.parameters:
            line = Text()
            for name, value in use.parameters.items():
                line.append(f"{name}={value}  ", "bold" if name in use.changed else "")
            out.print(Padding(line, (0, 0, 0, 4)))


def _print_estimate(out: Console, estimate: Estimate) -> None:
    from simulator.app import present

    out.print(Text("\nEstimate", style="bold"))
    table = console.plain_table("", "", right=(1,))
    table.show_header = False
    table.add_row("simulated days", str(estimate.days))
    table.add_row("requests", f"about {present.about(estimate.requests)}")
    table.add_row(
        "impressions, rows of the event log", f"about {present.about(estimate.impressions)}"
    )
    table.add_row("creating the world", f"about {present.span(estimate.create_s)}")
    table.add_row("simulating", f"about {present.span(estimate.serve_s)}")
    out.print(table)
    out.print(
        f"Measured on this machine: {present.span(estimate.simulated_s)} of simulated time with "
        f"{estimate.readers:,} readers, scaled up; metrics at the end come on top.",
        style="dim",
    )
