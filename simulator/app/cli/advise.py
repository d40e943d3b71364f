"""`notesim advise`: the design to choose, from a finished study."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from simulator.app.cli import console

EXAMPLE = "notesim advise studies/design_study-1a2b3c4d --policy quota --metric ctr --horizon 7d"


def advise(
    study: Annotated[Path, typer.Argument(help="Folder of a finished design study.")],
    policy: Annotated[str, typer.Option(help="Change to test, as the study names it.")],
    metric: Annotated[str, typer.Option(help="Metric to read.")],
    horizon: Annotated[str, typer.Option(help="Length of the test, such as 7d.")] = "7d",
    traffic: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of traffic in the test.")
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Name the design that errs least for a change, horizon, share of traffic and metric.

    The horizon and the share of the study that are nearest stand in for those asked for. How often
    such advice is right in unseen worlds is printed with it. Exit code: 0 done, 2 the study knows
    no such change or metric.
    """
    from simulator.app.studies.files import judged, load_scores
    from simulator.app.studies.page import evaluation_words
    from simulator.experiments.studies import advise as advised

    days = _days(horizon)
    scores = load_scores(study)
    found = advised(scores, policy, days, traffic, metric)
    verdict = judged(scores)
    if as_json:
        evaluation = None if verdict is None else asdict(verdict)
        console.print_json({**asdict(found), "evaluation": evaluation})
        return
    console.say(found.design)
    console.say(found.reason)
    if (found.days, found.traffic) != (days, traffic):
        console.say(f"From tests of {found.days} d on {found.traffic:.0%} of traffic, the nearest.")
    for name, error in found.ranking.items():
        console.say(f"  {name:<20} {error:8.2%}")
    console.say(evaluation_words(verdict))


def _days(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}d", text):
        raise console.UsageError(f"--horizon {text}: whole days, as in 7d")
    return int(text[:-1])
