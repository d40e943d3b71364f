"""A run of the tiny world that is watched from inside: every request, slate and response."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.contracts.support import UNLIMITED
from simulator.engine.replication import Replication
from tests.support.small_runs import logged, prepare


@dataclasses.dataclass
class Recording:
    """What a run logged, and what nobody logs.

    Attributes:
        replication: the replication, after its run.
        events, notes, activity, ticks: the logged tables.
        requests: one row a request, in order: request_id, reader_idx, session_no (100 times the
            day plus its number), request_no, t, window (number of the
            serving window), window_t (its start).
        slots: one row a slot of a slate, in order: the request's columns, position, kind, note_idx
            (-1 where empty), granted_by, final, organic, examined, click, is_new (whether the note
            was new as the window began), could_insert, could_be_new and could_be_old (whether
            such a note was left among the candidates).
        remaining: one row a supported note, policy and window with a limit: window, note_idx,
            policy, before and after the window.
        impressions: float32[windows, notes at the end], life impressions as each window began;
            NaN for notes not yet published.
    """

    replication: Replication
    events: pd.DataFrame
    notes: pd.DataFrame
    activity: pd.DataFrame
    ticks: pd.DataFrame
    requests: pd.DataFrame
    slots: pd.DataFrame
    remaining: pd.DataFrame
    impressions: np.ndarray


class _Spy:
    """Stands between the stages of a replication and writes down what passes."""

    def __init__(self, replication: Replication) -> None:
        self.requests: list[dict[str, np.ndarray]] = []
        self.slots: list[dict[str, np.ndarray]] = []
        self.remaining: list[dict[str, np.ndarray]] = []
        self.impressions: list[np.ndarray] = []
        self._serve = replication._serving.serve
        self._respond = replication.world.respond
        self._assemble = replication._funnel.reranker.assemble
        replication._serving.serve = self.serve
        replication.world.respond = self.respond
        replication._funnel.reranker.assemble = self.assemble

    def serve(self, requests, view, table):
        window = len(self.impressions)
        self.impressions.append(view.notes.impressions.copy())
        self.requests.append(
            {
                "request_id": requests.request_id.copy(),
                "reader_idx": requests.reader_idx.copy(),
                "session_no": requests.session_no.copy(),
                "request_no": requests.request_no.copy(),
                "t": requests.t.copy(),
                "window": np.full(requests.n, window),
                "window_t": np.full(requests.n, view.now),
            }
        )
        before = table.remaining.copy()
        served = self._serve(requests, view, table)
        policy, at = np.nonzero((before > 0) & (before != UNLIMITED))
        self.remaining.append(
            {
                "window": np.full(policy.size, window),
                "note_idx": table._rows[at],
                "policy": policy,
                "before": before[policy, at],
                "after": table.remaining[policy, at],
            }
        )
        return served

    def assemble(self, scored, support, slot_kind, view):
        insertable = _insertable(scored, support)
        is_new = (scored.note_idx >= view.new_start).astype(int)
        is_old = (scored.note_idx >= 0).astype(int) - is_new
        slate = self._assemble(scored, support, slot_kind, view)
        shape = slate.note_idx.shape
        rows = np.arange(shape[0])[:, None]
        at = np.maximum(slate.column, 0)
        filled = slate.column >= 0

        def is_left(wanted: np.ndarray) -> np.ndarray:
            takes = wanted[rows, at] * filled
            return wanted.sum(axis=1)[:, None] > np.cumsum(takes, axis=1) - takes

        self.slots.append(
            {
                "position": np.broadcast_to(np.arange(shape[1]), shape),
                "kind": slot_kind,
                "note_idx": slate.note_idx,
                "granted_by": slate.granted_by,
                "final": slate.final,
                "organic": scored.organic[rows, at],
                "is_new": is_new[rows, at] * filled,
                "could_insert": is_left(insertable),
                "could_be_new": is_left(is_new),
                "could_be_old": is_left(is_old),
            }
        )
        return slate

    def respond(self, requests, slate_notes):
        feedback = self._respond(requests, slate_notes)
        self.slots[len(self.slots) - self._unanswered()].update(
            examined=feedback.examined, click=feedback.actions[:, :, 1]
        )
        return feedback

    def _unanswered(self) -> int:
        return sum("examined" not in slots for slots in self.slots)


def _insertable(scored, support) -> np.ndarray:
    """Return int[B, K], 1 where a note could fill an insertion slot when its window began."""
    out = np.zeros(scored.note_idx.shape, int)
    for b, k in zip(*np.nonzero(scored.note_idx >= 0), strict=True):
        note = scored.note_idx[b, k]
        if scored.supported[b, k] and note < support.row.shape[0] and support.row[note] >= 0:
            row = support.row[note]
            out[b, k] = ((support.remaining[:, row] > 0) & (support.insert[:, row] > 0)).any()
    return out


def record(folder: Path, overrides: Mapping[str, object] | None = None) -> Recording:
    """Run the tiny scenario under observation.

    Args:
        folder: run folder; made when missing.
        overrides: changes of the tiny scenario by dotted path.
    """
    from simulator.engine.replication import Hooks

    replication = prepare(folder, overrides)
    spy = _Spy(replication)
    replication.run(Hooks())
    requests = pd.DataFrame(_joined(spy.requests))
    slots = pd.DataFrame({name: a.ravel() for name, a in _joined(spy.slots).items()})
    n_slots = replication.state.spec.n_slots
    of_request = requests.loc[np.repeat(np.arange(len(requests)), n_slots)]
    n_notes = replication.state.notes.n
    grown = [
        np.concatenate([row, np.full(n_notes - row.size, np.nan, np.float32)])
        for row in spy.impressions
    ]
    return Recording(
        replication=replication,
        events=logged(folder, "events"),
        notes=logged(folder, "notes").set_index("note_id"),
        activity=logged(folder, "activity"),
        ticks=logged(folder, "ticks"),
        requests=requests,
        slots=pd.concat([of_request.reset_index(drop=True), slots], axis=1),
        remaining=pd.DataFrame(_joined(spy.remaining)),
        impressions=np.array(grown),
    )


def _joined(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
