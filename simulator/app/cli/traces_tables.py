"""Tables of a study of traces, as its command prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.app.cli.console import plain_table, say, stdout

if TYPE_CHECKING:
    from simulator.app.traces_run import Found


def print_traces(found: Found) -> None:
    """Print every outcome by boost, with differences to the control and to the mildest boost."""
    boosts = found.study.boosts
    _print_against(found, boosts[0], boosts[1:])
    if len(boosts) > 2:
        say()
        _print_against(found, boosts[1], boosts[2:])


def _print_against(found: Found, against: float, boosts: tuple[float, ...]) -> None:
    from simulator.app.traces_words import gap, interval, level
    from simulator.experiments.traces.outcomes import OUTCOMES

    by_key = {(e.outcome, e.boost): e for e in found.effects if e.against == against}
    headings = ["outcome", f"{against:g}×", *(f"{boost:g}×, difference" for boost in boosts)]
    table = plain_table(*headings, right=range(1, len(headings)))
    for outcome in OUTCOMES:
        effects = [by_key[outcome.name, boost] for boost in boosts]
        kind = outcome.kind
        gaps = [f"{gap(kind, e.difference)} ({interval(kind, e)})" for e in effects]
        table.add_row(outcome.name, level(kind, effects[0].base), *gaps)
    stdout().print(table)
    say("In brackets 95 % intervals, clustered by creator.")
