"""A finished experiment: what a platform would see, and the truth."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import outcome_words as says
from dashboard import state
from dashboard.charts import experiment as charts
from dashboard.experiment_cards import ExperimentCard, experiment_cards
from dashboard.frames import experiment as frames
from dashboard.panels.experiment_files import files
from dashboard.panels.experiment_truth import truth_panel
from dashboard.words import escaped, known, t
from dashboard.workspace import workspace
from simulator.app.experiment_words import p_value
from simulator.experiments.analysis.power import mde

SEES = ("platform", "truth")


def read_panel() -> None:
    """Let the user pick a finished experiment, and draw it."""
    cards = experiment_cards(workspace())
    if not cards:
        st.info(t("experiment.none"), icon=":material/hourglass_empty:")
        return
    card = _pick(cards)
    design = _pick_design(card)
    see = st.segmented_control(
        t("experiment.see"),
        SEES,
        default=state.read("see", SEES[0], SEES),
        format_func=lambda name: t(f"experiment.see_{name}"),
        key="experiment-see",
        required=True,
    )
    state.write(see=see)
    st.caption(t(f"experiment.see_{see}_what"))
    if question := card.report.get("question"):
        name = str(card.report.get("name", ""))
        st.markdown(f"*{known(f'scenarios.{name}', escaped(str(question)))}*")
    test = frames.test_of(card.report, design)
    table = frames.effects(card.report, design)
    primary = str(test.get("primary") or (table["metric"].iloc[0] if len(table) else ""))
    _verdict(card, design, primary, table)
    if see == "truth":
        truth_panel(card, primary, table)
    else:
        _effects(table)
        _guardrails(card, design)
        _trust(card, design)
        _strata(card, design, primary)
    files(card)


def _pick(cards: list[ExperimentCard]) -> ExperimentCard:
    by_id = {card.id: card for card in cards}
    names = list(by_id)
    chosen = st.selectbox(
        t("experiment.pick"),
        names,
        index=state.index_of(names, state.read("experiment")),
        format_func=lambda key: _label(by_id[key]),
        key="experiment-pick",
    )
    state.write(experiment=chosen)
    return by_id[chosen]


def _label(card: ExperimentCard) -> str:
    seeds = t("experiment.n_seeds", n=len(card.seeds))
    return f"{card.id} · {', '.join(card.designs)} · {seeds}"


def _pick_design(card: ExperimentCard) -> str:
    if len(card.designs) == 1:
        return card.designs[0]
    chosen = st.segmented_control(
        t("experiment.design"),
        card.designs,
        default=state.read("design", card.designs[0], card.designs),
        format_func=says.design_name,
        key=f"experiment-design-{card.id}",
        required=True,
    )
    state.write(design=chosen)
    return str(chosen)


def _verdict(card: ExperimentCard, design: str, primary: str, table: pd.DataFrame) -> None:
    verdict = frames.test_of(card.report, design).get("verdict") or {}
    text = f"**{says.decision(verdict)}** {says.reason(verdict)}"
    if needed := verdict.get("units_needed"):
        text += " " + t("experiment.units_needed", n=f"{needed:,}")
    is_bad = verdict.get("decision") in {"ROLL BACK", "INVALID"}
    (st.warning if is_bad else st.info)(text, icon=_ICONS.get(str(verdict.get("decision"))))
    rows = table[table["metric"] == primary]
    if rows.empty:
        return
    row = rows.iloc[0]
    found = frames.checks(card.report, design)
    least = mde(row["se"]) / abs(row["control"]) if row["se"] > 0 and row["control"] else math.nan
    numbers = (
        (
            says.outcome(primary),
            says.level(primary, row["treatment"]),
            says.percent(row["relative"]).replace("−", "-"),  # the arrow follows the sign
        ),
        (t("experiment.p_adjusted"), p_value(row["p_adjusted"]), None),
        (t("experiment.detectable"), says.plain_percent(least), None),
        (t("experiment.units"), f"{int(row['n_control'] + row['n_treatment']):,}", None),
        (t("experiment.ratio"), _ratio_holds(found), None),
    )
    for column, (label, value, delta) in zip(st.columns(len(numbers)), numbers, strict=True):
        column.metric(label, value, delta, delta_color="off", border=True, height="stretch")


_ICONS = {
    "SHIP": ":material/check_circle:",
    "HOLD": ":material/pause_circle:",
    "ROLL BACK": ":material/undo:",
    "INVALID": ":material/block:",
}


def _ratio_holds(found: pd.DataFrame) -> str:
    if found.empty:
        return "–"
    return t("experiment.broken") if found["flagged"].any() else t("experiment.holds")


def _effects(table: pd.DataFrame) -> None:
    st.subheader(t("experiment.effects"), anchor=False)
    shown = table.assign(
        name=[says.outcome(name) for name in table["metric"]],
        value=table["relative"],
        low=table["relative_low"],
        high=table["relative_high"],
    )
    columns = ["name", "value", "low", "high"]
    titles = {key: t(f"experiment.tip_{key}") for key in (*columns[1:], "truth")}
    chart = charts.forest(shown[columns], t("experiment.relative_axis"), titles, reach=says.REACH)
    st.altair_chart(chart, width="stretch")
    st.caption(t("experiment.effects_caption"))
    rows = [_effect_row(row) for row in frames.rows(table)]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _effect_row(row: dict[str, Any]) -> dict[str, str]:
    name = str(row["metric"])
    low, high = (says.change(name, row[f"difference_{end}"]) for end in ("low", "high"))
    return {
        t("experiment.col_metric"): says.outcome(name),
        t("experiment.col_control"): says.level(name, row["control"]),
        t("experiment.col_difference"): says.change(name, row["difference"]),
        t("experiment.col_interval"): f"{low} … {high}",
        t("experiment.col_relative"): says.percent(row["relative"]),
        t("experiment.col_p"): p_value(row["p"]),
        t("experiment.col_p_adjusted"): p_value(row["p_adjusted"]),
        t("experiment.col_units"): f"{int(row['n_control']):,} / {int(row['n_treatment']):,}",
        t("experiment.col_removed"): f"{max(row['variance_reduction'], 0.0):.0%}",
    }


def _guardrails(card: ExperimentCard, design: str) -> None:
    told = frames.rows(frames.guardrails(card.report, design))
    if not told:
        return
    st.subheader(t("experiment.guardrails"), anchor=False)
    shown = [
        {
            t("experiment.col_metric"): says.outcome(row["metric"]),
            t("experiment.col_margin"): says.plain_percent(row["margin"]),
            t("experiment.col_harm"): f"{says.percent(row['low'])} … {says.percent(row['high'])}",
            t("experiment.col_guard"): t(f"experiment.guard_{row['state']}"),
        }
        for row in told
    ]
    st.dataframe(pd.DataFrame(shown), hide_index=True)
    st.caption(t("experiment.guard_caption"))


def _trust(card: ExperimentCard, design: str) -> None:
    st.subheader(t("experiment.trust"), anchor=False)
    rows = [
        {
            t("experiment.col_side"): known(f"experiment.unit_{row['side']}", str(row["side"])),
            t("experiment.col_arms"): f"{row['n_control']:,} / {row['n_treatment']:,}",
            t("experiment.col_share"): f"{row['share']:.1%}",
            t("experiment.col_expected"): f"{row['expected']:.1%}",
            t("experiment.col_p"): p_value(row["p"]),
            t("experiment.ratio"): t("experiment.broken" if row["flagged"] else "experiment.holds"),
        }
        for row in frames.rows(frames.checks(card.report, design))
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    else:
        st.caption(t("experiment.no_sides"))
    for remark in frames.test_of(card.report, design).get("remarks") or ():
        st.caption(escaped(f"{remark[:1].upper()}{remark[1:]}."))
    st.markdown(f"**{says.design_name(design)}.** {says.design_says(design)}")
    st.markdown(says.design_beware(design))


def _strata(card: ExperimentCard, design: str, primary: str) -> None:
    table, by = frames.strata(card.report, design)
    if table.empty:
        return
    st.subheader(t("experiment.strata", metric=says.outcome(primary)), anchor=False)
    shown = table.rename(columns={"stratum": "name"})[["name", "value", "low", "high"]]
    titles = {key: t(f"experiment.tip_{key}") for key in ("value", "low", "high", "truth")}
    chart = charts.forest(shown, t("experiment.difference_axis"), titles, form="+.3~g")
    st.altair_chart(chart, width="stretch")
    st.caption(t("experiment.strata_by", by=escaped(by)))
