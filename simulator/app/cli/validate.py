"""`notesim validate`: every mistake in scenario files, without running them."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.app.cli import console

EXAMPLE = "notesim validate my_scenario.yaml --resolved"


def validate(
    files: Annotated[list[str], typer.Argument(help="Scenario files or bundled names.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenarios."),
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the scenario with parents and defaults.")
    ] = False,
) -> None:
    """Check scenario files and print every mistake with its place.

    Exit code: 0 all are right, 2 at least one is not.
    """
    from simulator.app.loading import load_scenario
    from simulator.app.overrides import parse_assignments
    from simulator.contracts.errors import ScenarioError

    overrides = parse_assignments(settings or [])
    n_wrong = 0
    for i, file in enumerate(files):
        try:
            scenario = load_scenario(file, overrides)
        except ScenarioError as error:
            console.note(str(error))
            n_wrong += 1
            continue
        if not resolved:
            console.say(f"{file}: right ({scenario.name}, {scenario.hash8})")
            continue
        if i:
            console.say("---")
        console.say(scenario.dump_yaml().rstrip())
    if n_wrong:
        raise typer.Exit(2)
