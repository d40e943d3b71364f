"""`notesim realism`: runs against stylised facts of the field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from simulator.app.cli import console
from simulator.app.cli.find import kept_events, open_run

if TYPE_CHECKING:
    from simulator.metrics.realism import Checked
    from simulator.metrics.realism.facts import Band
    from simulator.results.result import Result

EXAMPLE = "notesim realism standard"
_STYLES = {"pass": "green", "fail": "yellow", "not judged": "dim"}
_SIGNS = {"pass": "✓", "fail": "✗", "not judged": "–"}


def realism(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs of one scenario.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Hold runs against stylised facts of such platforms: value, band, source, verdict.

    Several runs of one scenario on different seeds are judged by their mean.
    """
    from simulator.metrics.realism import check_run, summarise

    results = [kept_events(open_run(run)) for run in runs]
    facts = results[0].manifest
    values = [check_run(result) for result in results]
    found = summarise(values, facts.params.measured_days, facts.policies)
    if as_json:
        console.print_json(_as_json(results, found))
    else:
        _print(found, len(results))


def _as_json(results: list[Result], found: list[Checked]) -> dict[str, object]:
    passed, judged = _score(found)
    return {
        "runs": [str(result.folder) for result in results],
        "passed": passed,
        "judged": judged,
        "facts": [
            {
                "name": item.fact.name,
                "text": item.fact.text,
                "source": item.fact.source,
                "strength": item.fact.strength,
                "verdict": item.verdict,
                "reason": item.reason,
                "values": item.values,
                "spread": item.spread,
                "bands": {band.value: [band.low, band.high] for band in item.fact.bands},
            }
            for item in found
        ],
    }


def _score(found: list[Checked]) -> tuple[int, int]:
    judged = [item for item in found if item.verdict != "not judged"]
    return sum(item.verdict == "pass" for item in judged), len(judged)


def _print(found: list[Checked], n_runs: int) -> None:
    table = console.plain_table("", "fact", "value", "band", "source", "strength", right=(2, 3))
    for item in found:
        style = _STYLES[item.verdict]
        for i, band in enumerate(item.fact.bands):
            first = i == 0
            table.add_row(
                Text(_SIGNS[item.verdict] if first else "", style=style),
                item.fact.text if first else "",
                Text(f"{band.value} {_number(item.values[band.value], band)}", style=style),
                f"{_number(band.low, band)} – {_number(band.high, band)}",
                item.fact.source if first else "",
                item.fact.strength if first else "",
            )
    console.stdout().print(table)
    passed, judged = _score(found)
    console.say()
    for item in found:
        if item.reason:
            console.say(f"{item.fact.name}: {item.verdict}: {item.reason}")
    seeds = f", mean of {n_runs} runs" if n_runs > 1 else ""
    if judged:
        console.say(f"\n{passed} of {judged} facts hold ({passed / judged:.0%}){seeds}.")


def _number(x: float, band: Band) -> str:
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "any"
    return f"{100 * x:.3g} %" if band.unit == "share" else f"{x:.3g} {band.unit}".strip()
