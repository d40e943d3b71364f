"""A run beside stylised facts: value, band, source, verdict."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.people import strip
from dashboard.frames.experiment import rows
from dashboard.frames.realism import realism
from dashboard.words import known, t
from dashboard.workspace import RunCard, workspace

_SIGNS = {"pass": "✓", "fail": "✗", "not judged": "–"}
_VERDICTS = {"pass": "pass", "fail": "fail", "not judged": "not_judged"}


def realism_panel(card: RunCard) -> None:
    """Draw the facts that a run is held against.

    Args:
        card: the run.
    """
    st.subheader(t("people.realism"), anchor=False)
    st.caption(t("people.realism_what"))
    if not card.has_events:
        st.info(t("people.no_events"), icon=":material/database_off:")
        return
    with st.spinner(t("people.measuring")):
        table = realism(workspace().runs / card.id, card.changed)
    facts = table.drop_duplicates("name")
    n_pass, n_judged = (facts["verdict"] == "pass").sum(), (facts["verdict"] != "not judged").sum()
    st.markdown(t("people.score", passed=int(n_pass), judged=int(n_judged)))
    told = rows(table)
    shown = table.assign(
        label=_labels(told),
        shown=[_number(row["value"], row["unit"]) for row in told],
        band=[_band(row) for row in told],
        verdict=[_verdict(row) for row in told],
    )
    titles = {key: t(f"people.tip_{key}") for key in ("place", "shown", "band", "verdict")}
    verdicts = {name: t(f"people.verdict_{key}") for name, key in _VERDICTS.items()}
    st.altair_chart(strip(shown, titles, verdicts), width="stretch")
    st.caption(t("people.strip_what"))
    st.dataframe(
        pd.DataFrame([_row(row) for row in told]),
        hide_index=True,
        height="content",
        column_config={t("people.col_fact"): st.column_config.TextColumn(width="medium")},
    )


def _labels(told: list[dict[str, Any]]) -> list[str]:
    """Return the name of each value, and the fact's where two facts are about one value."""
    names = [str(row["value_name"]) for row in told]
    return [
        name if names.count(name) == 1 else str(row["name"])
        for name, row in zip(names, told, strict=True)
    ]


def _verdict(row: dict[str, Any]) -> str:
    """Return the verdict on one band: a fact fails as a whole when one of its bands does."""
    if row["verdict"] == "not judged":
        return "not judged"
    return "pass" if row["holds"] else "fail"


def _row(row: dict[str, Any]) -> dict[str, str]:
    verdict = str(row["verdict"])
    return {
        t(
            "people.tip_verdict"
        ).capitalize(): f"{_SIGNS[verdict]} {t(f'people.verdict_{_VERDICTS[verdict]}')}",
        t("people.col_fact"): known(f"facts.{row['name']}", str(row["fact"])),
        t("people.value"): f"{row['value_name']} {_number(row['value'], row['unit'])}",
        t("people.tip_band").capitalize(): _band(row),
        t("people.col_source"): str(row["source"]),
        t("people.col_strength"): t(f"people.strength_{row['strength']}"),
        t("people.col_reason"): str(row["reason"]),
    }


def _band(row: dict[str, Any]) -> str:
    return f"{_number(row['low'], row['unit'])} – {_number(row['high'], row['unit'])}"


def _number(x: float, unit: str) -> str:
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return t("people.any")
    return f"{100 * x:.3g} %" if unit == "share" else f"{x:.3g} {unit}".strip()
