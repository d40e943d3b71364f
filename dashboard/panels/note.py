"""Parts of the note's page: choosing a note, its charts, its facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.charts import note as charts
from dashboard.frames import note as frames
from dashboard.frames.compare import stacked
from dashboard.words import t
from simulator.app.present import NOTHING, significant
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.metrics.intervals import wilson
from simulator.results.result import Result

_NOTE = "note-id"
_DRAW = "note-draw"


@dataclass(frozen=True, slots=True)
class Shown:
    """One note on the page.

    Attributes:
        run: its run.
        note_id: the note.
        journey: its impressions, from `frames.note.journey`.
    """

    run: Result
    note_id: int
    journey: pd.DataFrame

    @property
    def label(self) -> str:
        """Return what charts call it."""
        return f"{self.run.folder.name} · {self.note_id}"


def pick_note(run: Result) -> int | None:
    """Let the user choose a note of a run; the choice stands in the address."""
    ids = frames.notes_of(run).index
    fallback = frames.choose(run, "best")
    if fallback is None:
        st.info(t("note.no_notes"), icon=":material/hourglass_empty:")
        return None
    if _NOTE not in st.session_state:
        asked = state.read("note")
        st.session_state[_NOTE] = int(asked) if asked.isdecimal() and len(asked) < 9 else fallback
    columns = st.columns([1, 1, 2, 1], vertical_alignment="bottom")
    for column, how in zip(columns, ("random", "best", "worst"), strict=False):
        column.button(
            t(f"note.{how}"), key=f"note-{how}", on_click=_choose, args=(run, how), width="stretch"
        )
    with columns[3]:
        asked_id = int(st.number_input(t("note.id"), min_value=0, step=1, key=_NOTE))
    chosen = asked_id if asked_id in ids else fallback
    if chosen != asked_id:
        st.info(t("note.no_such", id=asked_id, other=chosen), icon=":material/search_off:")
    elif chosen not in frames.judged(run).index:
        st.info(t("note.not_over"), icon=":material/hourglass_bottom:")
    state.write(note=str(chosen))
    return chosen


def _choose(run: Result, how: frames.Choice) -> None:
    st.session_state[_DRAW] = st.session_state.get(_DRAW, 0) + 1
    found = frames.choose(run, how, st.session_state[_DRAW])
    if found is None:
        st.toast(t("note.none_missed"))
        found = frames.choose(run, "best")
    st.session_state[_NOTE] = found


def cards(note: Shown, peers: pd.DataFrame) -> None:
    """Show the headline numbers of a note."""
    events, n = note.journey, len(note.journey)
    row = frames.facts_of(note.run, note.note_id)
    took = (row["reached_target_t"] - row["published_t"]) / HOUR_S
    usual = t("note.card_peers", n=f"{peers['median'].iloc[-1]:g}") if len(peers) else None
    clicks = events["click"].sum()
    low, high = wilson(np.array([clicks / max(1, n)]), np.array([float(n)]))
    share = events["helped"].mean() if n else np.nan
    found = (
        ("impressions", f"{n:,}", usual),
        ("reached", f"{took:.1f} h" if np.isfinite(took) else t("note.missed"),
         t("note.target", n=frames.target(note.run))),
        ("ctr", _percent(clicks / n) if n else NOTHING,
         f"{_percent(low[0])} … {_percent(high[0])}" if n else None),
        ("support", _percent(share), None),
        ("first", f"{60 * events['hour'].iloc[0]:.0f} min" if n else NOTHING, None),
    )  # fmt: skip
    for column, (name, value, beside) in zip(st.columns(len(found)), found, strict=True):
        column.metric(t(f"note.card_{name}"), value, beside, delta_color="off", delta_arrow="off",
                      border=True, height="stretch")  # fmt: skip


def journeys(notes: Sequence[Shown], peers: pd.DataFrame, n_peers: int) -> None:
    """Draw impressions, coefficient, click rate and channels of a note and its counterpart."""
    first, hours = notes[0], frames.window_h(notes[0].run)
    x = t("note.hours")
    lines = pd.concat([frames.steps(note.journey, hours).assign(run=note.label) for note in notes])
    path, promised = frames.quota_path(first.run, first.note_id)
    st.altair_chart(charts.impressions_chart(peers, path, lines, (x, t("note.impressions_y"))))
    path_text = t("note.path_promise" if promised else "note.path_even")
    st.caption(t("note.peers_what", n=n_peers, path=path_text) if n_peers else t("note.no_peers"))
    seen = [note.journey.assign(run=note.label) for note in notes if len(note.journey)]
    if not seen:
        st.info(t("note.no_impressions"), icon=":material/visibility_off:")
        return
    frame = pd.concat(seen, ignore_index=True)
    left, right = st.columns(2)
    with left:
        st.subheader(t("note.coefficient"), anchor=False)
        titles = x, t("note.coefficient_y"), t("note.helped")
        st.altair_chart(charts.coefficient_chart(frame, titles))
        helped = bool(frame["helped"].any())
        st.caption(t("note.coefficient_what" if helped else "note.no_support"))
    with right:
        st.subheader(t("note.ctr"), anchor=False)
        st.altair_chart(charts.ctr_chart(frame, (x, t("note.ctr_y"))))
        st.caption(t("note.ctr_what"))
    _channels(notes)


def _channels(notes: Sequence[Shown]) -> None:
    st.subheader(t("note.channels"), anchor=False)
    counts = [frames.channel_counts(n.journey, n.run.manifest.channels) for n in notes]
    frame = pd.concat([c.assign(run=n.label) for c, n in zip(counts, notes, strict=True)])
    frame = frame[frame.groupby("channel")["impressions"].transform("max") > 0]
    st.altair_chart(charts.channel_chart(frame, t("note.channels_x")))
    st.caption(t("note.channels_what"))


def why(notes: Sequence[Shown]) -> None:
    """Say why a note missed its quota, factor by factor."""
    st.subheader(t("note.why"), anchor=False)
    first = notes[0]
    main, _ = frames.reason(first.run, first.note_id)
    found = [frames.reason(note.run, note.note_id)[1] for note in notes]
    frame = stacked([note.run for note in notes], found)
    if frame.empty:
        st.caption(t("note.not_over"))
        return
    labels = {note.run.folder.name: note.label for note in notes}
    frame = frame.assign(
        run=frame["run"].map(labels), factor=[t(f"note.factor_{name}") for name in frame["factor"]]
    )
    st.altair_chart(charts.lag_chart(frame, t("note.why_x")))
    top = frames.failures(first.run).reference.startswith("the tenth")
    reference = t("note.reference_top" if top else "note.reference_reached")
    if main:
        reason = t(f"note.factor_{main}")
        st.caption(t("note.why_what", reason=reason, reference=reference))
    else:
        st.caption(t("note.why_reached", reference=reference))


def facts(notes: Sequence[Shown], qualities: Sequence[float] | None) -> None:
    """Show what is known of a note and its counterpart, side by side.

    Args:
        notes: one or two.
        qualities: true quality of each, NaN where not known; None for the platform's view.
    """
    st.subheader(t("note.facts"), anchor=False)
    columns = {}
    for i, note in enumerate(notes):
        quality = None if qualities is None else qualities[i]
        columns[note.label] = _facts(note, quality)
    table = pd.DataFrame(columns).rename_axis(t("note.fact")).reset_index()
    st.dataframe(table, hide_index=True, height="content")


def _facts(note: Shown, quality: float | None) -> dict[str, str]:
    row = frames.facts_of(note.run, note.note_id)
    seconds = int(row["published_t"] % DAY_S)
    clock = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    values = {
        "run": note.run.folder.name,
        "policies": ", ".join(note.run.manifest.policies) or NOTHING,
        "id": str(note.note_id),
        "title": str(row["title"]) or NOTHING,
        "creator": str(row["creator_id"]),
        "category": str(row["category"]),
        "published": t("note.at", day=row["published_day"], clock=clock),
        "kind": t("note.video" if row["is_video"] else "note.images"),
        "promoted": t("note.yes" if row["is_promoted"] else "note.no"),
        "impressions": f"{len(note.journey):,}",
        "clicks": f"{note.journey['click'].sum():,.0f}",
        "interactions": f"{row['interactions_24h']:,}",
    }
    if quality is not None:
        known = np.isfinite(quality)
        values["quality"] = f"{quality:+.2f}" if known else t("note.oracle_unknown")
    return {t(f"note.fact_{name}"): value for name, value in values.items()}


def _percent(share: float) -> str:
    return f"{significant(100 * share)} %" if np.isfinite(share) else NOTHING
