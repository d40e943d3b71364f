"""The command `notesim`: its commands, in the order in which help lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from simulator.app.cli import (
    bench,
    channels,
    compare,
    compare_policies,
    content,
    dashboard,
    doctor,
    experiment,
    explain,
    failures,
    heads,
    new,
    plugins,
    realism,
    run,
    schema,
    show,
    sweep,
    traces,
    validate,
)
from simulator.app.cli.console import say
from simulator.app.cli.errors import reported

COMMANDS: Final[tuple[tuple[str, Callable[..., None], str], ...]] = (
    ("run", run.run, run.EXAMPLE),
    ("validate", validate.validate, validate.EXAMPLE),
    ("show", show.show, show.EXAMPLE),
    ("compare", compare.compare, compare.EXAMPLE),
    ("channels", channels.channels, channels.EXAMPLE),
    ("heads", heads.heads, heads.EXAMPLE),
    ("compare-policies", compare_policies.compare_policies, compare_policies.EXAMPLE),
    ("sweep", sweep.sweep, sweep.EXAMPLE),
    ("experiment", experiment.experiment, experiment.EXAMPLE),
    ("traces", traces.traces, traces.EXAMPLE),
    ("failures", failures.failures, failures.EXAMPLE),
    ("realism", realism.realism, realism.EXAMPLE),
    ("explain", explain.explain, explain.EXAMPLE),
    ("plugins", plugins.plugins, plugins.EXAMPLE),
    ("schema", schema.schema, schema.EXAMPLE),
    ("bench", bench.bench, bench.EXAMPLE),
    ("dashboard", dashboard.dashboard, dashboard.EXAMPLE),
    ("doctor", doctor.doctor, doctor.EXAMPLE),
    ("new", new.new, new.EXAMPLE),
)

app = typer.Typer(
    name="notesim",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            say(f"notesim {version('notesim')}")
        except PackageNotFoundError:
            say("notesim, not installed")
        raise typer.Exit


@app.callback(epilog="Example: notesim run quickstart")
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Simulate cold start and traffic control for new notes in a feed."""


for _name, _function, _example in COMMANDS:
    app.command(_name, epilog=f"Example: {_example}")(reported(_function))

app.add_typer(content.app, name="content")
