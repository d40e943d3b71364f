"""The files of an experiment: HTML, Markdown and JSON from one model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app.finite import finite

if TYPE_CHECKING:
    from simulator.app.experiment_words import Agreed
    from simulator.app.experiments import Found

PAGE: Final = "report.html"


def summary(found: Found, agreed: Agreed) -> dict[str, Any]:
    """Return the JSON object of a study."""
    from simulator.app import experiment_words as words
    from simulator.app.experiment_cells import logged_json
    from simulator.app.experiment_checks import balances_of
    from simulator.app.experiment_strata import all_strata, pools_of, strata_json
    from simulator.app.experiment_truth import days_json, spillovers_of
    from simulator.experiments.scorecard import advice, scores

    study = found.study
    tests: dict[str, Any] = {}
    for name, read in found.first.items():
        chosen = words.primary_of(read, agreed.primary)
        verdict = words.verdict_of(read, agreed, found.n_leaks(name))
        tests[name] = {
            "design": dict(study.designs[name]),
            "primary": chosen,
            "verdict": asdict(verdict),
            "effects": {key: asdict(effect) for key, effect in read.effects.items()},
            "srm": [asdict(check) for check in read.srm],
            "balance": [asdict(row) for row in balances_of(found, name)],
            "remarks": list(read.remarks),
            "p_bh": read.p_bh,
            "strata": strata_json(all_strata(found, name, chosen)),
            "spillover": [asdict(s) for s in spillovers_of(found, name)],
            "logged": logged_json(found.logged.get(name, {})),
            "pools": pools_of(found, name).to_dict(orient="records"),
        }
    found_scores = scores(found.readings)
    content = {
        "name": study.scenario.name,
        "question": study.scenario.question,
        "seeds": list(study.seeds),
        "tests": tests,
        "scores": [asdict(score) for score in found_scores],
        "advice": advice(found_scores),
        "truth": days_json(found),
        "readings": [asdict(reading) for reading in found.readings],
        "runs": found.runs,
        "failed": [asdict(outcome) for outcome in found.failed],
    }
    return {key: finite(value) for key, value in content.items()}


def write_experiment(found: Found, folder: Path, agreed: Agreed, command: str) -> None:
    """Write the report, each file whole or not at all.

    Args:
        found: the findings.
        folder: the study's folder.
        agreed: what was agreed before the test.
        command: command line that makes it again.

    Raises:
        RunError: a file could not be written.
    """
    from simulator.app.experiment_page import experiment_page
    from simulator.reports.markdown import to_markdown
    from simulator.reports.page import render
    from simulator.results.atomic import write_json, write_text

    page = experiment_page(found, agreed, command)
    write_text(folder / PAGE, render(page))
    write_text(folder / "report.md", to_markdown(page))
    write_json(folder / "report.json", summary(found, agreed))
