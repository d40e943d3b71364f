"""The report of an experiment: decision, checks, effects beside the truth, pitfalls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.app import experiment_words as words
from simulator.app import present
from simulator.app.experiment_cells import cells_sections
from simulator.app.experiment_checks import checks_section
from simulator.app.experiment_sessions import sessions_sections
from simulator.app.experiment_strata import all_strata, strata_section
from simulator.app.experiment_truth import (
    horizon_section,
    sharp_section,
    spillover_table,
    spillovers_of,
)
from simulator.app.experiments import CONTROL, LAUNCH, design_of
from simulator.contracts.events import DAY_S
from simulator.experiments.analysis import mde, peeking_rate
from simulator.experiments.following import FOLLOWED, cumulative, displacement
from simulator.experiments.outcomes import DESCRIPTIONS, FAMILIES, family_of
from simulator.experiments.reading import DAY
from simulator.experiments.scorecard import advice, scores
from simulator.reports.charts import SHADES, Axes, lines
from simulator.reports.forest import TRUTH, forest
from simulator.reports.page import Chart, Page, Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.app.experiments import Found
    from simulator.contracts.plugins import ExperimentDesign
    from simulator.experiments.analysis import Effect
    from simulator.experiments.reading import Read
    from simulator.experiments.scorecard import Reading, Score

_NO_BREAK: Final = "\u00a0"
_TRUTH: Final = (
    "The truth is the difference between two worlds that share their past and their luck: in one, "
    "everybody is under the treatment's policies from the first measured day, in the other nobody "
    "is. No platform can see it."
)


_EFFECTS: Final = (
    "Covariates from before the test are in all estimates (CUPED) but the plain ones. Errors are "
    "those of the randomised units or their clusters. p-values are adjusted within a family: Holm "
    "bounds the chance of one false finding, BH (Benjamini and Hochberg) the share of false ones."
)


def experiment_page(found: Found, agreed: words.Agreed, command: str) -> Page:
    """Return the report of a study.

    Args:
        found: the study's findings.
        agreed: what was agreed before the test.
        command: command line that makes it again.
    """
    study = found.study
    name, read = next(iter(found.first.items()))
    chosen = words.primary_of(read, agreed.primary)
    verdict = words.verdict_of(read, agreed, found.n_leaks(name))
    design = design_of(study, study.designs[name], study.seeds[0])
    sections = [
        checks_section(found, name, read),
        _effects(
            read,
            [r for r in found.readings if r.design == name and _is_first(found, r)],
            agreed.guardrails,
        ),
        *cells_sections(found.logged.get(name, {})),
        *sessions_sections(found.logged.get(name, {})),
        *_following(found, name, chosen),
        strata_section(all_strata(found, name, chosen)),
        *horizon_section(found, chosen),
        _truth(found, agreed),
        *sharp_section(found, scores(found.readings), name),
        Section("What to know of the design", [f"{type(design).__name__}. {_about(design)}"],
                tables=[_pitfalls(design)]),
    ]  # fmt: skip
    return Page(
        title=f"Experiment: {study.scenario.name}",
        question=" ".join(study.scenario.question.split()),
        verdict=[f"{words.decision(verdict)}.", *_beside_truth(found, name, chosen)],
        sections=sections,
        facts={**_facts(found, chosen, agreed), "detectable effect": _detectable(read, chosen)},
        command=command,
        scenario=study.scenario.dump_yaml(),
    )


def _is_first(found: Found, reading: Reading) -> bool:
    return reading.seed == min(r.seed for r in found.readings)


def _beside_truth(found: Found, design: str, primary: str) -> list[str]:
    score = next(s for s in scores(found.readings) if (s.design, s.metric) == (design, primary))
    worlds = "the world" if score.n == 1 else f"{score.n} worlds"
    sentence = (
        f"In {worlds} the true effect on {primary} is {words.signed(score.truth)}; the test says "
        f"{words.signed(score.estimate)}: bias {words.bias_of(score)}."
    )
    return [sentence]


def _effects(read: Read, readings: list[Reading], margins: Mapping[str, float]) -> Section:
    truth = {r.metric: r for r in readings}
    families = dict.fromkeys(family_of(name) for name in read.effects)
    charts = [
        _forest(family, [r for r in readings if family_of(r.metric) == family], margins)
        for family in families
    ]
    tables = [_family(read, family, truth) for family in families]
    return Section("Effects", [_EFFECTS], charts=charts, tables=tables)


def _forest(family: str, readings: list[Reading], margins: Mapping[str, float]) -> Chart:
    frame = pd.DataFrame(
        [
            {"metric": r.metric, "value": r.relative, "low": r.relative_low,
             "high": r.relative_high, "truth": r.truth / r.base if r.base else None}
            for r in readings
        ]
    )  # fmt: skip
    held = [r.metric in margins for r in readings]
    if any(held):
        frame["margin"] = [-margins.get(r.metric, math.nan) for r in readings]
    strokes = " Strokes: margins of guardrails." if any(held) else ""
    return Chart(
        f"Relative effects on {family}, and the truth",
        forest(frame, "metric", "treatment over control, less 1"),
        "Points and rules: estimates with 95 % intervals. Diamonds: the truth in the same world."
        + strokes,
    )


def _family(read: Read, family: str, truth: Mapping[str, Reading]) -> Table:
    rows = [
        [
            f"{name}\n{DESCRIPTIONS.get(name, '')}",
            words.number(e.control),
            f"{words.signed(e.difference)}\n{words.interval(e)}",
            present.relative(e.relative).replace(" ", _NO_BREAK),
            "\n".join(map(words.p_value, (e.p, e.p_adjusted, read.p_bh.get(name, math.nan)))),
            _sizes(e),
            f"{max(e.variance_reduction, 0.0):.0%}\n{words.signed(e.unadjusted)}",
            words.signed(truth[name].truth),
        ]
        for name, e in read.effects.items()
        if family_of(name) == family
    ]
    columns = ["metric", "control", "difference\n95 % interval", "relative", "p\nHolm\nBH",
               "units\nclusters", "variance removed\nplain difference", "truth"]  # fmt: skip
    return Table(f"Effects on {family}", columns, rows)


def _sizes(effect: Effect) -> str:
    units = f"{effect.n_units_control:,} / {effect.n_units_treatment:,}"
    clusters = f"{effect.n_clusters_control:,} / {effect.n_clusters_treatment:,}"
    return f"{units}\n{clusters}".replace(" ", _NO_BREAK)


def _following(found: Found, name: str, primary: str) -> list[Section]:
    """Return the sections that need the worlds themselves: day by day, and displacement."""
    test, control, launch = (found.worlds[key] for key in (name, CONTROL, LAUNCH))
    design = design_of(found.study, found.study.designs[name], found.study.seeds[0])
    sections = []
    if DAY not in design.sides and primary in FOLLOWED:
        days = cumulative(test, control, launch, primary, design=design)
        if not days.empty:
            sections.append(_by_day(days, primary))
    table = displacement(test, control, launch, design)
    if not table.empty:
        sections.append(_displaced(table, spillover_table(spillovers_of(found, name))))
    return sections


def _by_day(days: pd.DataFrame, primary: str) -> Section:
    once = days.assign(series="looked at once")[["series", "day", "value", "low", "high"]]
    often = days.assign(series="looked at daily", low=days["valid_low"], high=days["valid_high"])
    true = days.assign(series="truth", value=days["truth"], low=days["truth"], high=days["truth"])
    frame = pd.concat([once, often[once.columns], true[once.columns]], ignore_index=True)
    axes = Axes("day", "value", "days of the test that count, from 0", f"{primary}, difference",
                whole_x=True)  # fmt: skip
    chart = Chart(
        f"Effect on {primary} of all days so far",
        lines(frame, axes, "series", colours=(SHADES[2], SHADES[0], TRUTH)),
        "The inner band holds for one look at the end; the outer one holds for a look every day. "
        f"{len(days)} looks at the inner one would reject a null effect in "
        f"{peeking_rate(np.arange(1, len(days) + 1) / len(days)):.0%} of tests.",
    )
    return Section("Day by day", charts=[chart])


def _displaced(table: pd.DataFrame, spilled: list[Table]) -> Section:
    rows = [
        [
            str(row["metric"]),
            words.number(row["control_arm"]),
            words.number(row["control_world"]),
            words.signed(row["control_arm"] - row["control_world"]),
            words.number(row["treated_arm"]),
            words.number(row["launch_world"]),
            words.signed(row["treated_arm"] - row["launch_world"]),
        ]
        for row in table.to_dict(orient="records")
    ]
    columns = ["metric", "control arm", "nobody treated", "gap", "treated arm",
               "everybody treated", "gap"]  # fmt: skip
    text = (
        "What each arm has in the test, beside what everybody has in the world of its kind. The "
        "gap of the treated arm less that of the control arm is the bias of comparing the two."
    )
    levels = Table("Levels in the test and in whole worlds", columns, rows)
    return Section("What the arms do to each other", [text], tables=[levels, *spilled])


def _truth(found: Found, agreed: words.Agreed) -> Section:
    found_scores = scores(found.readings)
    best = advice(found_scores)
    order = {name: i for i, name in enumerate(dict.fromkeys([*FAMILIES, *DESCRIPTIONS]))}
    by_metric = sorted(found_scores, key=lambda score: order[score.metric])
    rows = [_score_row(score, best) for score in by_metric]
    columns = ["metric, design", "truth", "mean estimate", "bias ± Monte-Carlo error", "RMSE",
               "coverage", "power", "wrong sign"]  # fmt: skip
    n = found_scores[0].n
    caption = (
        f"Over {n} {'world' if n == 1 else 'worlds'}. Coverage: share of 95 % intervals that hold "
        "the truth. Power: share of tests with p < 0.05. A star marks the design with the least "
        "root mean squared error that reads the metric."
    )
    table = Table("Tests against the truth", columns, rows, caption)
    return Section("How right is the test?", [_TRUTH], tables=[_told(found, agreed), table])


def _told(found: Found, agreed: words.Agreed) -> Table:
    """Return what each design says and decides in the first world, beside the truth."""
    rows = []
    for name, read in found.first.items():
        chosen = words.primary_of(read, agreed.primary)
        effect = read.effects[chosen]
        reading = next(r for r in found.readings if (r.design, r.metric) == (name, chosen))
        inside = "yes" if reading.low <= reading.truth <= reading.high else "no"
        verdict = words.verdict_of(read, agreed, found.n_leaks(name))
        rows.append(
            [
                f"{name}\n{chosen}",
                verdict.decision,
                f"{words.signed(effect.difference)}\n{words.interval(effect)}",
                words.signed(reading.truth),
                words.signed(effect.difference - reading.truth),
                inside,
            ]
        )
    columns = ["design\nprimary metric", "it would say", "estimate\n95 % interval", "truth",
               "error", "interval holds it"]  # fmt: skip
    return Table("What every design would have told you, first world", columns, rows)


def _score_row(score: Score, best: dict[str, str]) -> list[str]:
    star = " ★" if best[score.metric] == score.design else ""
    return [
        f"{score.metric}\n{score.design}{star}",
        words.signed(score.truth),
        words.signed(score.estimate),
        words.bias_of(score),
        words.number(score.rmse),
        f"{score.coverage:.0%}",
        f"{score.power:.0%}",
        present.NOTHING if score.wrong_sign != score.wrong_sign else f"{score.wrong_sign:.0%}",
    ]


def _detectable(read: Read, primary: str) -> str:
    effect = read.effects[primary]
    if not effect.se > 0.0:
        return present.NOTHING
    least = mde(effect.se)
    text = f"{words.number(least)} on {primary} with 80 % power at the 5 % level"
    return f"{text} ({least / abs(effect.control):.1%} of control)" if effect.control else text


def _about(design: ExperimentDesign[Any]) -> str:
    return " ".join((type(design).__doc__ or "").split())


def _pitfalls(design: ExperimentDesign[Any]) -> Table:
    return Table("Pitfalls", ["pitfall"], [[text] for text in design.pitfalls])


def _version(found: Found) -> str:
    return found.worlds[CONTROL].manifest.packages.get("notesim", "of unknown version")


def _arms(name: str, block: Mapping[str, object]) -> str:
    """Say how arms were drawn: every knob that the scenario sets."""
    knobs = [f"{key} {value}" for key, value in block.items() if key != "type"]
    return f"{name} ({', '.join(knobs) or 'default knobs'})"


def _facts(found: Found, primary: str, agreed: words.Agreed) -> dict[str, str]:
    scenario = found.study.scenario
    kept = ", ".join(f"{name} within {margin:.1%}" for name, margin in agreed.guardrails.items())
    return {
        "designs": ", ".join(found.study.designs),
        "arms": "; ".join(_arms(name, block) for name, block in found.study.designs.items()),
        "control": ", ".join(config.type for config in scenario.policies) or "no policy",
        "treatment": ", ".join(config.type for config in scenario.treatment) or "no policy",
        "primary metric": primary,
        "guardrails": kept or "none",
        "world": f"{scenario.world.readers.n:,} readers; {scenario.horizon_s // DAY_S} days of "
        f"test, {scenario.warm_up_s // DAY_S} before it",
        "scenario": f"{scenario.name}, hash {scenario.hash8}, notesim {_version(found)}",
        "seeds": ", ".join(str(seed) for seed in found.study.seeds),
        "cost": f"{present.span(sum(run['cpu_s'] for run in found.runs))} of CPU time, "
        f"{len(found.runs)} runs",
    }
