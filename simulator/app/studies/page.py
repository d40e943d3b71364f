"""The report of a study: records of designs against the truth, and which one to choose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from simulator.app import experiment_words as words
from simulator.app import present
from simulator.app.studies.files import advices, judged, study_scores
from simulator.contracts.events import DAY_S
from simulator.reports.forest import forest
from simulator.reports.page import Chart, Page, Section, Table

if TYPE_CHECKING:
    from simulator.app.studies.running import StudyFound
    from simulator.experiments.studies import CaseScore, Evaluation

_CHARTED: Final = ("ctr", "impressions_24h")
_SCORES: Final = (
    "Over seeds and worlds. Bias: mean of estimate less truth, ± its Monte-Carlo error, and over "
    "the truth. No effect: rejections at 5 % on random arms in the world without treatment. Too "
    "large: mean size of estimates that reject, over that of the truth. Wrong decision: the test "
    "says launch, undo or leave it, and the truth says otherwise. A star marks the least error."
)
_COST: Final = (
    "Share of the readers' minutes that the platform lost while the test ran, against the same "
    "days without a test, ± Monte-Carlo error; negative where it gained."
)


def study_page(found: StudyFound, command: str) -> Page:
    """Return the report of a study.

    Args:
        found: what the study has found.
        command: command line that makes it again.
    """
    by_world, together = study_scores(found)
    verdict = judged(by_world)
    config = found.study.config
    cases = dict.fromkeys(s.case for s in together)
    sections = [_advice(by_world, verdict), *_charts(together)]
    for case in cases:
        rows = [s for s in together if s.case == case]
        title = f"{case.policy}, {case.days} d, {case.traffic:.0%} of traffic"
        sections.append(Section(title, tables=[_scores(rows), _costs(rows)]))
    if found.failed or found.unread:
        sections.append(_left_out(found))
    return Page(
        title=f"Design study: {config.name}",
        question=" ".join(config.question.split()),
        verdict=[
            sentence for sentence in (_headline(found), evaluation_words(verdict)) if sentence
        ],
        sections=sections,
        facts=_facts(found),
        command=command,
    )


def evaluation_words(found: Evaluation | None) -> str:
    """Say how good the advice is in unseen worlds.

    Args:
        found: the evaluation, None where the study cannot say.
    """
    if found is None:
        return "Advice cannot be judged: that needs two worlds and a choice of designs."
    return (
        f"In worlds left out of it the advice names the best design in {found.right:.0%} of "
        f"{found.n} questions ({found.right_low:.0%} to {found.right_high:.0%}; always naming the "
        f"one that turned out best most often: {found.guess:.0%}), and errs by "
        f"{found.regret:.0%} more than the best ({found.regret_low:.0%} to "
        f"{found.regret_high:.0%}; median {found.median_regret:.0%})."
    )


def _headline(found: StudyFound) -> str:
    config = found.study.config
    n = len(found.study.seeds)
    return (
        f"{len(config.designs)} designs for {len(config.policies)} changes in "
        f"{len(config.worlds)} worlds of {n} seeds each, held against the truth."
    )


def _advice(by_world: list[CaseScore], verdict: Evaluation | None) -> Section:
    rows = [
        [f"{a['policy']}, {a['days']} d, {a['traffic']:.0%}", a["metric"], a["design"],
         f"{a['rmse']:.2%}", f"{a['bias']:+.2%}".replace("-", "−"), f"{a['power']:.0%}"]
        for a in advices(by_world)
    ]  # fmt: skip
    columns = ["change, days, traffic", "metric", "design", "error", "bias", "power"]
    caption = (
        "The design whose root mean squared error, relative to the level without the change, is "
        "least over the worlds of the study; predictions for a world like them."
    )
    return Section("Which design?", [evaluation_words(verdict)],
                   tables=[Table("Advice", columns, rows, caption)])  # fmt: skip


def _charts(together: list[CaseScore]) -> list[Section]:
    days = max(s.case.days for s in together)
    traffic = max(s.case.traffic for s in together)
    charts = []
    for metric in _CHARTED:
        rows = [
            {"test": f"{s.case.policy}, {s.score.design}", **_relative(s)}
            for s in together
            if s.score.metric == metric and (s.case.days, s.case.traffic) == (days, traffic)
            and s.score.base
        ]  # fmt: skip
        if rows:
            spec = forest(pd.DataFrame(rows), "test", "bias over the level without the change")
            text = "Points and rules: bias with 95 % intervals over seeds and worlds."
            charts.append(Chart(f"Bias on {metric}, {days} d", spec, text))
    return [Section("Bias", charts=charts)] if charts else []


def _relative(s: CaseScore) -> dict[str, float]:
    value, half = s.score.bias / abs(s.score.base), 1.96 * s.score.bias_se / abs(s.score.base)
    return {"value": value, "low": value - half, "high": value + half, "truth": math.nan}


def _scores(rows: list[CaseScore]) -> Table:
    most = max(s.score.n for s in rows)
    best: dict[str, float] = {}
    for s in rows:
        if s.score.n == most:
            best[s.score.metric] = min(s.score.rmse, best.get(s.score.metric, math.inf))
    order = list(dict.fromkeys(s.score.metric for s in rows))
    ordered = sorted(rows, key=lambda s: order.index(s.score.metric))
    columns = ["metric, design", "truth\nmean estimate", "bias", "bias / SE", "SE\nRMSE",
               "coverage\npower", "no effect", "wrong sign\ntoo large",
               "wrong decision"]  # fmt: skip
    cells = [_row(s, is_best=s.score.rmse == best.get(s.score.metric)) for s in ordered]
    return Table("Tests against the truth", columns, cells, _SCORES)


def _row(s: CaseScore, *, is_best: bool) -> list[str]:
    score = s.score
    return [
        f"{score.metric}\n{score.design}{' ★' if is_best else ''}",
        f"{words.signed(score.truth)}\n{words.signed(score.estimate)}",
        words.bias_of(score),
        words.signed(s.bias_over_se),
        f"{words.number(score.se)}\n{words.number(score.rmse)}",
        f"{_share(score.coverage)}\n{_share(score.power)}",
        _share(s.null_rejection, 1),
        f"{_share(score.wrong_sign)}\n{_times(s.exaggeration)}",
        _share(s.wrong_decisions),
    ]


def _costs(rows: list[CaseScore]) -> Table:
    first = {s.score.design: s for s in reversed(rows)}
    names = dict.fromkeys(s.score.design for s in rows)
    cells = [[name, f"{_share(first[name].cost, 2)} ± {_share(first[name].cost_se, 2)}"]
             for name in names]  # fmt: skip
    return Table("What the test costs the platform", ["design", "minutes lost"], cells, _COST)


def _left_out(found: StudyFound) -> Section:
    failed = [
        [found.study.cells[o.index].variant.label, str(found.study.cells[o.index].seed), o.message]
        for o in found.failed
    ]
    tables = [Table("Failed runs", ["run", "seed", "message"], failed)] if failed else []
    unread = [f"{text[:1].upper()}{text[1:]}." for text in found.unread[:50]]
    return Section("What is left out", unread, tables=tables)


def _facts(found: StudyFound) -> dict[str, str]:
    config = found.study.config
    horizons = ", ".join(f"{h // DAY_S} d" for h in config.horizons)
    return {
        "worlds": ", ".join(world.name for world in config.worlds),
        "changes": ", ".join(policy.name for policy in config.policies),
        "designs": ", ".join(config.named_designs()),
        "horizons": horizons,
        "traffic": ", ".join(f"{share:.0%}" for share in config.traffic),
        "seeds": ", ".join(str(seed) for seed in found.study.seeds),
        "runs": f"{len(found.outcomes)}, {len(found.failed)} failed",
    }


def _share(value: float, digits: int = 0) -> str:
    return f"{value:.{digits}%}".replace("-", "−") if math.isfinite(value) else present.NOTHING


def _times(value: float) -> str:
    return f"× {value:.2f}" if math.isfinite(value) else present.NOTHING
