"""The page of a study of traces: verdict, charts, tables, and how to make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.app import present
from simulator.app.traces_words import effect_of, gap, interval, level, span_of, verdict
from simulator.contracts.events import HOUR_S
from simulator.experiments.traces.outcomes import OUTCOMES, Outcome
from simulator.reports.charts import Axes, intervals, lines
from simulator.reports.page import Chart, Page, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from simulator.app.traces_run import Found
    from simulator.experiments.traces.comparison import Effect

_AGE: Final = "age of the note, hours"
_STATISTIC: Final = (
    "The smoothed click rate is what the funnel's statistics hold of a note; it counts every note "
    "once, shown or not."
)
_SHOWN: Final = (
    "Click rates and predictions are those of impressions, so they also depend on which notes are "
    "shown, and to whom."
)
_BAND: Final = "Bands are 95 % intervals of the difference to the control, clustered by creator."


def traces_page(found: Found, command: str) -> Page:
    """Return the page of a study.

    Args:
        found: the study's findings.
        command: command line that makes it again.
    """
    study = found.study
    sections = [_traffic(found), _belief(found), _numbers(found)]
    if found.others:
        sections.append(_others(found))
    return Page(
        title=f"Traces of support: {study.scenario.name}",
        question=" ".join(study.scenario.question.split()),
        verdict=verdict(found),
        sections=sections,
        facts=_facts(found),
        command=command,
        scenario=study.scenario.dump_yaml(),
    )


def _traffic(found: Found) -> Section:
    hours = found.study.window_s / HOUR_S
    shown = Axes("age_h", "value", _AGE, "impressions a note and day", log_x=True, zero=True)
    gaps = Axes(
        "age_h", "difference", _AGE, "difference to the control, a note and day", log_x=True
    )
    later = Axes("boost", "difference", "boost", "impressions a note")
    gained = Axes("boost", "difference", "boost", "later for one gained")
    return Section(
        "What happens to natural traffic",
        [f"Support may act until a note is {hours:g} h old; the dotted line marks that age."],
        [
            Chart(
                "Impressions by age",
                lines(_curve(found, "impressions_per_day", band=False), shown, "boost", (hours,)),
                "Supported ones included; after the dotted line all traffic is natural.",
            ),
            Chart(
                "Impressions by age, less the control's",
                lines(_curve(found, "impressions_per_day"), gaps, "boost", (hours,)),
                _BAND,
            ),
            Chart(
                f"Natural impressions from {span_of(found.study)}, less the control's",
                intervals(_against_control(found, "later_impressions"), later),
                "By boost, a note of the cohort; rules are 95 % intervals.",
            ),
            Chart(
                "Natural impressions later for one impression gained",
                intervals(_against_control(found, "later_per_gained"), gained),
                "Both less the control's.",
            ),
        ],
    )


def _belief(found: Found) -> Section:
    hours = (found.study.window_s / HOUR_S,)
    rate = Axes("to_h", "difference", _AGE, "difference to the control", ".2%", log_x=True)
    shown = Axes("age_h", "difference", _AGE, "difference to the control", ".1%", log_x=True)
    return Section(
        "What the platform comes to believe",
        [_STATISTIC, _SHOWN],
        [
            Chart(
                "Smoothed click rate of a note",
                lines(_curve(found, "smoothed_ctr"), rate, "boost", hours),
                _BAND,
            ),
            Chart(
                "Clicks per impression",
                lines(_curve(found, "ctr"), shown, "boost", hours),
                f"All impressions, supported ones included. {_BAND}",
            ),
            Chart(
                "Predicted click probability when shown",
                lines(_curve(found, "p_click"), shown, "boost", hours),
                f"All impressions, supported ones included. {_BAND}",
            ),
        ],
    )


def _numbers(found: Found) -> Section:
    boosts = found.study.boosts
    tables = [_table(found, boosts[0], boosts[1:])]
    if len(boosts) > 2:
        tables.append(_table(found, boosts[1], boosts[2:]))
    return Section("Numbers", tables=tables)


def _table(found: Found, against: float, boosts: tuple[float, ...]) -> Table:
    by_key = {(e.outcome, e.boost): e for e in found.effects if e.against == against}
    rows = [
        _row(outcome, [by_key[outcome.name, boost] for boost in boosts]) for outcome in OUTCOMES
    ]
    columns = ["", f"{against:g}×", *(f"{boost:g}×, difference" for boost in boosts)]
    caption = (
        "In brackets 95 % intervals, clustered by creator. The notes of one run share a ranker, "
        "and what they owe to it together the intervals do not hold. Where readers are compared, "
        "the level is that beside the mildest boost of the table."
    )
    return Table(f"Each boost against {against:g}×", columns, rows, caption)


def _row(outcome: Outcome, effects: list[Effect]) -> list[str]:
    kind = outcome.kind
    gaps = [f"{gap(kind, e.difference)}\n({interval(kind, e)})" for e in effects]
    return [outcome.description, level(kind, effects[0].base), *gaps]


def _others(found: Found) -> Section:
    boosts = found.study.boosts
    names = ("window_impressions", "later_impressions", "life_clicks")
    chosen = [outcome for outcome in OUTCOMES if outcome.name in names]
    rows = [
        _row(outcome, [effect_of(found.others, outcome.name, b, boosts[0]) for b in boosts[1:]])
        for outcome in chosen
    ]
    columns = ["", f"{boosts[0]:g}×", *(f"{boost:g}×, difference" for boost in boosts[1:])]
    table = Table("Notes of the same days outside the cohort", columns, rows)
    return Section("Who pays", tables=[table])


def _facts(found: Found) -> dict[str, str]:
    study, cohort = found.study, found.study.cohort
    seeds = sorted({run["seed"] for run in found.runs})
    cpu_s = sum(run["cpu_s"] for run in found.runs)
    who = "all notes" if cohort is None else f"{cohort.share:.0%} of {cohort.by}s, keyed"
    worlds = found.worlds
    return {
        "runs": f"{len(found.runs)}: boosts {', '.join(f'{b:g}' for b in study.boosts)}, "
        f"seeds {', '.join(map(str, seeds))}",
        "varied": study.knob,
        "cohort": f"{who}: {len(worlds.notes):,} notes of {worlds.n_clusters:,} creators, found in "
        f"the runs of every boost; {worlds.unmatched:,} that some run lacks are left out",
        "world": f"{study.scenario.world.readers.n:,} readers; thresholds × "
        f"{study.scenario.thresholds.scale:g}",
        "smoothing": f"{study.prior_impressions:g} impressions at the run's own click rate",
        "cost": f"{present.span(cpu_s)} of CPU time, {present.span(cpu_s / len(found.runs))} a run",
    }


def _curve(found: Found, outcome: str, *, band: bool = True) -> pd.DataFrame:
    table = found.curves[found.curves["outcome"] == outcome]
    age = (table["from_h"] + table["to_h"]) / 2
    named = table.assign(age_h=age, boost=[f"{boost:g}×" for boost in table["boost"]])
    kept = ["boost", "age_h", "to_h", "value", "difference", "low", "high"]
    return named[kept if band else kept[:4]]


def _against_control(found: Found, outcome: str) -> pd.DataFrame:
    import pandas as pd

    control = found.study.boosts[0]
    chosen = [e for e in found.effects if e.outcome == outcome and e.against == control]
    rows = [
        {"boost": f"{e.boost:g}×", "difference": e.difference, "low": e.low, "high": e.high}
        for e in chosen
    ]
    return pd.DataFrame(rows)
