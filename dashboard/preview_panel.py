"""The preview of the page Tune: progress, cards, chart, and how far to trust them."""

from __future__ import annotations

import math

import streamlit as st

from dashboard import preview
from dashboard.charts.tune import differences
from dashboard.frames.tune import CARDS, Row, chart_frame, rows
from dashboard.preview import Preview
from dashboard.words import escaped, known, language, t
from simulator.app.present import metric_difference, metric_value, phrase
from simulator.app.resolved import ResolvedScenario

_KEY = "tune-preview"
_PERIOD = "0.4s"
_COLUMNS = 3
_STYLE = '<style>[data-testid="stMetricValue"] { font-size: 1.6rem; }</style>'


def preview_panel(tuned: ResolvedScenario, baseline: ResolvedScenario) -> None:
    """Draw the preview of a tuned scenario; while it runs the panel refreshes itself."""
    now: Preview | None = st.session_state.get(_KEY)
    if now is None or now.key != preview.key_of(tuned, baseline):
        if now is not None:
            preview.stop(now)
        now = preview.start(preview.pool(), tuned, baseline)
        st.session_state[_KEY] = now
    preview.poll(preview.pool(), now)
    if now.is_open:
        _live(baseline)
    else:
        _draw(now, baseline)


@st.fragment(run_every=_PERIOD)
def _live(baseline: ResolvedScenario) -> None:
    now: Preview = st.session_state[_KEY]
    preview.poll(preview.pool(), now)
    if not now.is_open:
        st.rerun()
    _draw(now, baseline)


def _draw(now: Preview, baseline: ResolvedScenario) -> None:
    same = len({task.scenario.hash8 for task in now.tasks}) < len(now.tasks)
    _progress(now)
    pairs = now.pairs()
    if not pairs:
        st.caption(t("tune.warming"))
        return
    found = rows(pairs)
    _cards([row for row in found if row.metric.name in CARDS], same=same)
    if same:
        st.info(t("tune.nothing_changed"), icon=":material/tune:")
    elif len(pairs) > 1:
        labels = {row.metric.name: name_of(row) for row in found}
        frame = chart_frame(found, labels)
        st.altair_chart(differences(frame, t("tune.relative")), width="stretch")
        if all(row.verdict == "unclear" for row in found):
            st.info(t("tune.too_few"), icon=":material/help:")
    _small_print(now, baseline)


def _progress(now: Preview) -> None:
    total = len(now.tasks)
    if now.is_open:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.progress(now.n_done / total, text=t("tune.progress", done=now.n_done, total=total))
        if right.button(t("tune.cancel"), key="tune-cancel"):
            preview.stop(now)
            st.rerun()
    elif now.problem:
        text = t(f"tune.{now.problem}", why=escaped(now.message))
        st.warning(text, icon=":material/error:")
        if st.button(t("tune.again"), key="tune-again"):
            del st.session_state[_KEY]
            st.rerun()


def _cards(found: list[Row], *, same: bool) -> None:
    st.html(_STYLE)
    for i in range(0, len(found), _COLUMNS):
        for column, row in zip(st.columns(_COLUMNS), found[i : i + _COLUMNS], strict=False):
            with column:
                _card(row, same=same)


def _card(row: Row, *, same: bool) -> None:
    is_clear = row.verdict in {"good", "bad"}
    colour = ("normal" if row.metric.better == "up" else "inverse") if is_clear else "off"
    shown = not same and math.isfinite(row.difference)
    st.caption(f"**{name_of(row)}**", help=escaped(row.metric.description))
    st.metric(
        name_of(row),
        metric_value(row.metric, row.value),
        _ascii(metric_difference(row.metric, row.difference)) if shown else None,
        delta_color=colour,  # type: ignore[arg-type]
        label_visibility="collapsed",
    )
    if shown and math.isfinite(row.low):
        ends = [metric_difference(row.metric, end) for end in (row.low, row.high)]
        text = t("tune.interval", low=ends[0], high=ends[1])
        st.caption(text if row.verdict != "unclear" else f"{text} · {t('tune.unclear')}")


def name_of(row: Row) -> str:
    """Return what a metric is called: a few words in the language of the session."""
    english = phrase(row.metric) if language() == "en" else row.metric.name
    return known(f"tune.{row.metric.name}", english)


def _small_print(now: Preview, baseline: ResolvedScenario) -> None:
    small = now.tasks[0].scenario
    st.caption(
        t(
            "tune.small",
            readers=f"{small.world.readers.n:,}",
            full=f"{baseline.world.readers.n:,}",
            days=small.horizon_s // 86_400,
            seeds=len(now.pairs()),
            took=f"{now.took_s:.1f}" if now.took_s else "…",
        )
    )
    if len(now.tasks) > 1 and now.tasks[0].scenario.world != now.tasks[1].scenario.world:
        st.caption(t("tune.other_world"))


def _ascii(text: str) -> str:
    """Write a minus as the card looks for it to point its arrow."""
    return text.replace("−", "-")
