"""Writes the report of a comparison of policies: HTML, Markdown and JSON from one model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.app.policy_frames import gather
from simulator.app.sweeping import Sweep

if TYPE_CHECKING:
    import pandas as pd

    from simulator.reports.policies import PolicyComparison
    from simulator.sweeps.execute import Outcome


def write_report(
    sweep: Sweep, folder: Path, outcomes: list[Outcome], command: str
) -> dict[str, Any]:
    """Write `report.html`, `report.md` and `report.json` into the sweep's folder.

    Args:
        sweep: a sweep whose cells have run.
        folder: its folder.
        outcomes: one for each cell.
        command: how to make the report again.

    Returns:
        The content of `report.json`.

    Raises:
        RunError: no run finished, or a file cannot be written.
    """
    from simulator.app.loading import load_scenario
    from simulator.contracts.errors import RunError
    from simulator.reports.page import render
    from simulator.reports.policies import Facts, markdown, page
    from simulator.results.atomic import write_json, write_text
    from simulator.results.manifest import package_versions

    if all(outcome.status == "failed" for outcome in outcomes):
        raise RunError("no run finished, so there is nothing to compare", "report")
    comparison = gather(sweep, folder, outcomes)
    versions = {name: text for name, text in package_versions().items() if name == "notesim"}
    facts = Facts(command, load_scenario(sweep.scenario).dump_yaml(), versions)
    write_text(folder / "report.html", render(page(comparison, facts)))
    write_text(folder / "report.md", markdown(comparison, facts))
    content = _as_json(comparison, facts.command)
    write_json(folder / "report.json", content)
    return content


def _as_json(comparison: PolicyComparison, command: str) -> dict[str, Any]:
    from simulator.reports.policies import front, verdicts

    frames = {
        "means": comparison.means.reset_index(),
        "differences": comparison.differences,
        "fulfilment": comparison.fulfilment,
        "exposure": comparison.exposure,
    }
    if comparison.recovery is not None:
        frames["recovery"] = comparison.recovery
    return {
        "name": comparison.name,
        "question": comparison.question,
        "baseline": comparison.baseline,
        "seeds": comparison.n_seeds,
        "verdicts": verdicts(comparison),
        "front": front(comparison),
        "noise_removed": _plain(comparison.noise_removed),
        "command": command,
        **{name: _records(frame) for name, frame in frames.items()},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever a cell holds)
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return "never" if value > 0 and math.isinf(value) else None
    return value
