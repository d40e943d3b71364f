"""The files of a study: HTML, Markdown and JSON from one model, and the table of readings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app.finite import finite
from simulator.experiments.errors import AnalysisError
from simulator.experiments.scorecard import Score
from simulator.experiments.studies import (
    Case,
    CaseScore,
    Evaluation,
    advise,
    case_scores,
    evaluate,
)

if TYPE_CHECKING:
    import pandas as pd

    from simulator.app.studies.running import StudyFound

PAGE: Final = "report.html"
FACTS: Final = "report.json"
READINGS: Final = "readings.parquet"
TIMINGS: Final = "timings.json"


def study_scores(found: StudyFound) -> tuple[list[CaseScore], list[CaseScore]]:
    """Return the scores by world, and those of all worlds together.

    Args:
        found: what the study has found.
    """
    worth, wanted = found.study.config.worth, found.study.config.metrics
    readings = [r for r in found.readings if not wanted or r.reading.metric in wanted]
    by_world = case_scores(readings, worth)
    return by_world, case_scores(readings, worth, together=True)


def judged(by_world: list[CaseScore]) -> Evaluation | None:
    """Return how good the advice is in unseen worlds, None where the study cannot say.

    Args:
        by_world: scores by world.
    """
    try:
        return evaluate(by_world)
    except AnalysisError:
        return None


def study_summary(found: StudyFound) -> dict[str, Any]:
    """Return the JSON object of a study.

    Args:
        found: what the study has found.
    """
    by_world, together = study_scores(found)
    config = found.study.config
    verdict = judged(by_world)
    facts = {
        "name": config.name,
        "question": config.question,
        "config": config.model_dump(mode="json"),
        "seeds": list(found.study.seeds),
        "n_runs": len(found.outcomes),
        "scores": [asdict(s) for s in by_world],
        "together": [asdict(s) for s in together],
        "advice": advices(by_world),
        "evaluation": None if verdict is None else asdict(verdict),
        "failed": [_failure(found, o.index, o.stage, o.message) for o in found.failed],
        "unread": found.unread,
    }
    return {key: finite(value) for key, value in facts.items()}


def advices(by_world: list[CaseScore]) -> list[dict[str, Any]]:
    """Return the advice for every policy, horizon, share of traffic and metric of a study.

    Args:
        by_world: scores by world.
    """
    asked = dict.fromkeys(
        (s.case.policy, s.case.days, s.case.traffic, s.score.metric) for s in by_world
    )
    out = []
    for policy, days, traffic, metric in asked:
        found = advise(by_world, policy, days, traffic, metric)
        out.append({"policy": policy, "metric": metric, **asdict(found)})
    return out


def write_study(found: StudyFound, folder: Path, command: str) -> dict[str, Any]:
    """Write the report and the tables, each file whole or not at all; return the JSON object.

    Nothing in them depends on how many processes there were, but the processor time, which has a
    file of its own.

    Args:
        found: what the study has found.
        folder: the study's folder.
        command: command line that makes it again.

    Raises:
        RunError: a file could not be written.
    """
    from simulator.app.studies.page import study_page
    from simulator.reports.markdown import to_markdown
    from simulator.reports.page import render
    from simulator.results.atomic import atomic_write, write_json, write_text

    page = study_page(found, command)
    summary = study_summary(found)
    table = _readings_frame(found)
    atomic_write(folder / READINGS, lambda path: table.to_parquet(path, index=False))
    write_text(folder / PAGE, render(page))
    write_text(folder / "report.md", to_markdown(page))
    write_json(folder / FACTS, summary)
    write_json(folder / TIMINGS, {"cpu_s": {str(o.index): o.cpu_s for o in found.outcomes}})
    return summary


def load_scores(folder: Path | str) -> list[CaseScore]:
    """Return the scores by world of a finished study.

    Args:
        folder: the study's folder.

    Raises:
        AnalysisError: no report of a study there, or a damaged one.
    """
    path = Path(folder) / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return [_score(item) for item in facts["scores"]]
    except OSError as error:
        text = f"{folder} holds no finished design study: no {FACTS}"
        raise AnalysisError(text) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnalysisError(f"{path} is no report of a design study") from error


def _score(item: Mapping[str, Any]) -> CaseScore:
    rest = {k: _number(v) for k, v in item.items() if k not in {"case", "score"}}
    score = Score(**{k: _number(v) for k, v in item["score"].items()})
    return CaseScore(Case(**item["case"]), score, **rest)


def _number(value: Any) -> Any:  # noqa: ANN401  (any value of JSON)
    return math.nan if value is None else value


def _failure(found: StudyFound, index: int, stage: str, message: str) -> dict[str, Any]:
    cell = found.study.cells[index]
    return {"run": cell.variant.label, "seed": cell.seed, "stage": stage, "message": message}


def _readings_frame(found: StudyFound) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {**asdict(item.case), **asdict(item.reading), "cost": item.cost,
         "null_rejection": item.null_rejection}
        for item in found.readings
    ]  # fmt: skip
    return pd.DataFrame(rows)
