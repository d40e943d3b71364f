"""Holds runs against stylised facts and writes what comes out: HTML, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app.finite import finite

if TYPE_CHECKING:
    from simulator.metrics.realism import Checked
    from simulator.results.result import Result

PAGE: Final = "realism.html"


def check(results: Sequence[Result]) -> list[Checked]:
    """Judge runs of one scenario by their mean.

    Raises:
        RunError: an event log was dropped, or a table is damaged.
    """
    from simulator.metrics.realism import check_run, summarise

    facts = results[0].manifest
    values = [check_run(result) for result in results]
    return summarise(values, facts.params.measured_days, facts.policies)


def as_json(results: Sequence[Result], found: Sequence[Checked]) -> dict[str, Any]:
    """Return the JSON object of a check; null stands for what is not defined or has no end."""
    from simulator.reports.realism import score

    passed, judged = score(found)
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
                "known_cause": item.fact.known_cause,
                "values": {name: finite(x) for name, x in item.values.items()},
                "spread": {name: finite(x) for name, x in item.spread.items()},
                "bands": {
                    band.value: [finite(band.low), finite(band.high)] for band in item.fact.bands
                },
            }
            for item in found
        ],
    }


def write_realism(
    results: Sequence[Result], found: Sequence[Checked], folder: Path, command: str
) -> Path:
    """Write `realism.html`, `realism.md` and `realism.json`, and return the page's path.

    Args:
        results: the runs.
        found: what `check` said about them.
        folder: where the files go; made if missing.
        command: command line that makes them again.

    Raises:
        RunError: a file could not be written.
    """
    from simulator.metrics.realism import curves_of
    from simulator.reports.markdown import to_markdown
    from simulator.reports.page import render
    from simulator.reports.realism import Facts, page
    from simulator.results.atomic import write_json, write_text, writing

    first = results[0]
    seeds = [result.manifest.seed for result in results]
    facts = Facts(first.manifest.name, seeds, command, first.scenario)
    report = page(found, curves_of(first), facts)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / PAGE, render(report))
    write_text(folder / "realism.md", to_markdown(report))
    write_json(folder / "realism.json", as_json(results, found))
    return folder / PAGE
