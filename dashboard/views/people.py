"""Creators and readers: who comes back, by what a platform sees; and how real the run looks."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.frames.people import next_day_share
from dashboard.panels.people_creators import creators_panel
from dashboard.panels.people_days import days_panel
from dashboard.panels.people_readers import readers_panel
from dashboard.panels.people_realism import realism_panel
from dashboard.picks import offered, pick_run
from dashboard.words import t
from dashboard.workspace import RunCard, workspace
from simulator.app import present
from simulator.results.result import Result

PARTS = ("creators", "readers", "days", "realism")
_CARDS = ("dau", "publish_penetration", "notes_per_dau", "creator_retention_d7")
_SHARES = frozenset({"publish_penetration", "creator_retention_d7", "next_day"})
_NONE = ""


def page() -> None:
    """Draw the page."""
    st.title(t("people.title"), anchor=False)
    st.markdown(t("people.what"))
    card = pick_run()
    if card is None:
        return
    baseline = _baseline(card)
    runs = [(card.id, workspace().open_run(card.id))]
    if baseline:
        runs.append((baseline, workspace().open_run(baseline)))
    _numbers([result for _, result in runs])
    part = st.segmented_control(
        t("people.part"),
        PARTS,
        default=state.read("part", PARTS[0], PARTS),
        format_func=lambda name: t(f"people.part_{name}"),
        key="people-part",
        label_visibility="collapsed",
        required=True,
    )
    state.write(part=part)
    if part == "realism":
        realism_panel(card)
    else:
        {"creators": creators_panel, "readers": readers_panel, "days": days_panel}[part](runs)


def _baseline(card: RunCard) -> str:
    names = [_NONE, *(other.id for other in offered() if other.id != card.id)]
    chosen = st.selectbox(
        t("people.baseline"),
        names,
        index=state.index_of(names, state.read("baseline")),
        format_func=lambda name: name or t("people.no_baseline"),
        key=f"people-baseline-{card.id}",
    )
    state.write(baseline=chosen)
    return chosen


def _numbers(results: list[Result]) -> None:
    values = [_values(result) for result in results]
    for column, name in zip(st.columns(len(_CARDS) + 1), values[0], strict=True):
        value = values[0][name]
        change = _change(value, values[1][name]) if len(values) > 1 else None
        text = _written(name, value)
        column.metric(
            t(f"people.card_{name}"), text, change, delta_color="off", border=True,
            height="stretch",
            help=t(f"people.card_{name}_help"),
        )  # fmt: skip


def _values(result: Result) -> dict[str, float]:
    found = {name: float(result.metrics.get(name, float("nan"))) for name in _CARDS}
    return {**found, "next_day": next_day_share(result)}


def _written(name: str, value: float) -> str:
    if value != value:  # noqa: PLR0124  (not a number)
        return present.NOTHING
    return f"{100 * value:.1f} %" if name in _SHARES else present.significant(value)


def _change(value: float, before: float) -> str | None:
    if not before or value != value or before != before:  # noqa: PLR0124  (not a number)
        return None
    return present.relative(value / before - 1.0).replace("−", "-")  # the arrow follows the sign
