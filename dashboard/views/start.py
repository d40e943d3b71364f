"""The first page: what this is, what one can start, what was run."""

from __future__ import annotations

import streamlit as st

from dashboard import jobs
from dashboard.gallery import Offer, offers
from dashboard.picks import offered
from dashboard.words import escaped, known, t
from dashboard.workspace import RunCard, workspace
from simulator.app.files import read_text
from simulator.app.present import about, span

_FIRST = "quickstart"
_RECENT = 8
_COLUMNS = 3


def page() -> None:
    """Draw the page."""
    st.title(t("start.title"), anchor=False)
    st.markdown(t("start.what"))
    found = offers(workspace())
    first = next((offer for offer in found if offer.name == _FIRST), None)
    if first is not None:
        if st.button(t("start.run_first"), type="primary", icon=":material/play_arrow:"):
            _start(first)
        st.caption(t("start.run_first_why"))
    _recent(offered())
    st.subheader(t("start.gallery"), anchor=False)
    wanted = st.text_input(t("start.search"), key="search", placeholder=t("start.search_hint"))
    shown = [o for o in found if wanted.lower() in f"{o.name} {o.question} {_question(o)}".lower()]
    if not shown:
        st.caption(t("start.none_fits"))
    for i in range(0, len(shown), _COLUMNS):
        columns = st.columns(_COLUMNS)
        for column, offer in zip(columns, shown[i : i + _COLUMNS], strict=False):
            with column, st.container(border=True):
                _card(offer)


def _card(offer: Offer) -> None:
    st.markdown(f"**{escaped(offer.name)}**")
    st.markdown(escaped(_question(offer)))
    size = t("start.size", readers=f"{offer.readers:,}", days=offer.days)
    kind = t("start.own") if offer.is_own else t("start.test") if offer.is_experiment else ""
    st.caption(f"{size} {kind}")
    left, right = st.columns(2)
    key = f"{offer.name}-{offer.is_own}"
    if left.button(t("start.run"), key=f"run-{key}"):
        _start(offer)
    if right.button(t("start.tune"), key=f"tune-{key}", disabled=offer.is_experiment):
        st.session_state["tune-scenario"] = offer.name
        st.session_state["go"] = "tune"
        st.rerun()


def _question(offer: Offer) -> str:
    return known(f"scenarios.{offer.name}", offer.question)


def _start(offer: Offer) -> None:
    kind: jobs.Kind = "experiment" if offer.is_experiment else "run"
    options = {"seeds": 1} if offer.is_experiment else {}
    text = read_text(offer.path)
    jobs.submit(workspace(), kind, offer.name, text, options)
    st.toast(t("start.started", name=escaped(offer.name)))
    st.rerun()


def _recent(cards: list[RunCard]) -> None:
    st.subheader(t("start.recent"), anchor=False)
    if not cards:
        st.info(t("start.empty"), icon=":material/hourglass_empty:")
        return
    rows = [
        {
            t("start.col_run"): card.id,
            t("start.col_policies"): ", ".join(card.facts.policies) or "–",
            t("start.col_seed"): str(card.facts.seed),
            t("start.col_impressions"): about(card.facts.impressions),
            t("start.col_took"): span(card.facts.wall_s),
            t("start.col_finished"): (card.facts.finished or "").replace("T", " ")[:16],
        }
        for card in cards[:_RECENT]
    ]
    st.dataframe(rows, hide_index=True)
