"""One new note, hour by hour, and the same note under another policy."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.frames import note as frames
from dashboard.frames.compare import is_paired
from dashboard.panels.note import Shown, cards, facts, journeys, pick_note, why
from dashboard.picks import pick_beside, pick_run
from dashboard.words import escaped, t
from dashboard.workspace import workspace
from simulator.app.oracle import oracle_quality
from simulator.results.result import Result


def page() -> None:
    """Draw the page."""
    st.title(t("note.title"), anchor=False)
    st.markdown(t("note.what"))
    left, right = st.columns(2)
    with left:
        card = pick_run(label=t("note.run"), events=True)
    if card is None:
        return
    with right:
        beside = pick_beside(card, t("note.beside"), t("note.alone"), same_seed=True)
    run = workspace().open_run(card.id)
    note_id = pick_note(run)
    if note_id is None:
        return
    note = Shown(run, note_id, frames.journey(run, note_id))
    notes = [note, *_counterpart(note, beside)]
    by = _pick_peers()
    ids = frames.peers(run, note_id, by)
    band = frames.band(run, ids)
    cards(note, band)
    st.subheader(t("note.impressions"), anchor=False)
    journeys(notes, band, len(ids))
    why(notes)
    _facts(notes)


def _counterpart(note: Shown, beside: Result | None) -> list[Shown]:
    """Find the note in the second run, and say what was found."""
    if beside is None:
        return []
    if not is_paired(note.run, beside):
        name = escaped(beside.folder.name)
        st.warning(t("note.other_world", run=name), icon=":material/public_off:")
        return []
    found = frames.match(note.run, note.note_id, beside)
    if found.note_id is None:
        st.warning(t("note.no_match"), icon=":material/link_off:")
        return []
    creator = frames.facts_of(note.run, note.note_id)["creator_id"]
    key: str = found.how
    if key == "same" and found.note_id != note.note_id:
        key = "same_drifted"
    box = st.warning if key == "nth" else st.caption
    box(t(f"note.{key}", creator=creator, id=found.note_id))
    return [Shown(beside, found.note_id, frames.journey(beside, found.note_id))]


def _pick_peers() -> frames.PeersBy:
    names = list(frames.PEERS)
    chosen = st.selectbox(
        t("note.peers"),
        names,
        index=state.index_of(names, state.read("peers")),
        format_func=lambda name: t(f"note.peers_{name}"),
        key="pick-peers",
    )
    state.write(peers=None if chosen == names[0] else chosen)
    return chosen


def _facts(notes: list[Shown]) -> None:
    """Show the facts of the notes; the truth only behind a switch that says so."""
    peek = st.toggle(t("note.oracle"), value=state.read("oracle") == "1", key="oracle")
    state.write(oracle="1" if peek else None)
    qualities = [float(oracle_quality(n.run, [n.note_id])[0]) for n in notes] if peek else None
    facts(notes, qualities)
