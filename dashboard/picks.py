"""Choosing runs, the same way on every page."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.words import t
from dashboard.workspace import RunCard, workspace
from simulator.results.result import Result


def pick_run(name: str = "run", label: str = "", *, events: bool = False) -> RunCard | None:
    """Let the user choose a finished run; the choice stands in the address.

    Args:
        name: query parameter.
        label: what the field is called.
        events: offer only runs whose event log was kept.

    Returns:
        The run, None (and a hint on the page) when there is none.
    """
    cards = offered(events=events)
    if not cards:
        st.info(t("shell.no_runs"), icon=":material/hourglass_empty:")
        return None
    by_id = {card.id: card for card in cards}
    names = list(by_id)
    chosen = st.selectbox(
        label or t("shell.pick_run"),
        names,
        index=state.index_of(names, state.read(name)),
        format_func=lambda key: by_id[key].label,
        key=f"pick-{name}",
    )
    state.write(**{name: chosen})
    return by_id[chosen]


def pick_runs(name: str = "runs", label: str = "", *, most: int = 6) -> list[RunCard]:
    """Let the user choose up to several finished runs; the first chosen is the baseline.

    Args:
        name: query parameter, repeated for each run.
        label: what the field is called.
        most: how many may be chosen.
    """
    cards = offered()
    if not cards:
        st.info(t("shell.no_runs"), icon=":material/hourglass_empty:")
        return []
    by_id = {card.id: card for card in cards}
    names = list(by_id)
    before = state.read_many(name, names)[:most] or names[: min(2, most)]
    chosen = st.multiselect(
        label or t("shell.pick_run"),
        names,
        default=before,
        max_selections=most,
        format_func=lambda key: by_id[key].label,
        key=f"pick-{name}",
    )
    state.write(**{name: chosen})
    return [by_id[key] for key in chosen]


def pick_beside(card: RunCard, label: str, alone: str, *, same_seed: bool = False) -> Result | None:
    """Let the user choose a second run to stand beside one; the choice stands in the address.

    Args:
        card: the run that is shown.
        label: what the field is called.
        alone: what having no second run is called.
        same_seed: offer only runs of the same seed.
    """
    labels = {"": alone}
    for other in offered(events=True):
        if other.id != card.id and (not same_seed or other.facts.seed == card.facts.seed):
            labels[other.id] = other.label
    names = list(labels)
    chosen = st.selectbox(
        label,
        names,
        index=state.index_of(names, state.read("beside")),
        format_func=labels.__getitem__,
        key="pick-beside",
    )
    state.write(beside=chosen)
    return workspace().open_run(chosen) if chosen else None


def offered(*, events: bool = False) -> list[RunCard]:
    """Return the finished runs of the workspace that a page can use, newest first."""
    return [card for card in workspace().run_cards() if card.has_events or not events]
