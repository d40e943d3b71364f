"""What only a simulator knows of an experiment: truth, bias, coverage, other designs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import outcome_words as says
from dashboard.charts import experiment as charts
from dashboard.experiment_cards import ExperimentCard
from dashboard.frames import experiment as frames
from dashboard.words import t
from simulator.app import present


def truth_panel(card: ExperimentCard, primary: str, table: pd.DataFrame) -> None:
    """Draw the truth beside what a test says.

    Args:
        card: the experiment.
        primary: metric that decides.
        table: effects of the first seed, from `frames.experiment.effects`.
    """
    _sentence(table, primary)
    st.subheader(t("experiment.beside_truth"), anchor=False)
    shown = table.assign(
        name=[says.outcome(name) for name in table["metric"]],
        value=table["relative"],
        low=table["relative_low"],
        high=table["relative_high"],
        truth=table["truth_relative"],
    )
    titles = _titles()
    columns = ["name", "value", "low", "high", "truth"]
    chart = charts.forest(shown[columns], t("experiment.relative_axis"), titles, reach=says.REACH)
    st.altair_chart(chart, width="stretch")
    st.caption(t("experiment.diamonds"))
    st.dataframe(pd.DataFrame([_row(row) for row in frames.rows(table)]), hide_index=True)
    _designs(card, primary)
    _seeds(card, primary)
    _scores(card)


def _titles() -> dict[str, str]:
    keys = ("value", "low", "high", "truth", "seed", "estimate")
    return {key: t(f"experiment.tip_{key}") for key in keys}


def _sentence(table: pd.DataFrame, primary: str) -> None:
    rows = table[table["metric"] == primary]
    if rows.empty or math.isnan(rows.iloc[0]["truth"]):
        st.caption(t("experiment.no_truth"))
        return
    row = rows.iloc[0]
    key = "covered" if row["covered"] else "missed"
    st.markdown(
        t(
            f"experiment.truth_{key}",
            metric=says.outcome(primary),
            truth=says.change(primary, row["truth"]),
            estimate=says.change(primary, row["difference"]),
        )
    )


def _row(row: dict[str, Any]) -> dict[str, str]:
    name = str(row["metric"])
    return {
        t("experiment.col_metric"): says.outcome(name),
        t("experiment.col_truth"): says.change(name, row["truth"]),
        t("experiment.col_estimate"): says.change(name, row["difference"]),
        t("experiment.col_bias"): says.change(name, row["difference"] - row["truth"]),
        t("experiment.col_inside"): t("experiment.yes" if row["covered"] else "experiment.no"),
    }


def _designs(card: ExperimentCard, primary: str) -> None:
    table = frames.scorecard(card.report, primary)
    if len(table) < 2:
        st.caption(t("experiment.one_design"))
        return
    st.subheader(t("experiment.other_designs", metric=says.outcome(primary)), anchor=False)
    rows = [
        {
            t("experiment.design"): says.design_name(str(row["design"])),
            t("experiment.col_decision"): says.decision(row) or present.NOTHING,
            **_score(row),
        }
        for row in frames.rows(table)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(t("experiment.star"))


def _seeds(card: ExperimentCard, primary: str) -> None:
    table = frames.by_seed(card.report, primary)
    if table["seed"].nunique() < 2:
        st.caption(t("experiment.one_seed"))
        return
    st.subheader(t("experiment.seeds_title", metric=says.outcome(primary)), anchor=False)
    st.altair_chart(charts.seeds(table, _titles(), with_truth=True), width="stretch")


def _scores(card: ExperimentCard) -> None:
    table = frames.scorecard(card.report)
    if table.empty:
        return
    rows = [
        {
            t("experiment.col_metric"): says.outcome(str(row["metric"])),
            t("experiment.design"): str(row["design"]),
            **_score(row),
        }
        for row in frames.rows(table)
    ]
    with st.expander(t("experiment.scorecard"), expanded=False):
        st.dataframe(pd.DataFrame(rows), hide_index=True)
        st.caption(t("experiment.scorecard_caption", n=int(table["n"].max())))


def _score(row: dict[str, Any]) -> dict[str, str]:
    name = str(row["metric"])
    spread = f" ± {says.amount(name, row['bias_se'])}" if math.isfinite(row["bias_se"]) else ""
    wrong = row["wrong_sign"]
    return {
        t("experiment.col_truth"): says.change(name, row["truth"]),
        t("experiment.col_estimate"): says.change(name, row["estimate"]),
        t("experiment.col_bias"): f"{says.change(name, row['bias'])}{spread}",
        t("experiment.col_rmse"): says.amount(name, row["rmse"]) + (" ★" if row["best"] else ""),
        t("experiment.col_coverage"): f"{row['coverage']:.0%}",
        t("experiment.col_power"): f"{row['power']:.0%}",
        t("experiment.col_wrong"): f"{wrong:.0%}" if math.isfinite(wrong) else present.NOTHING,
    }
