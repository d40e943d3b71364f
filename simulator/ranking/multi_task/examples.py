"""Impressions as training examples: what was predicted from, and what came of it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, RequestBatch, Slate
from simulator.contracts.events import N_HEADS, Head
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import uniform
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.replay import Replay
from simulator.ranking.features import N_FEATURES
from simulator.ranking.logistic_kernels import log_impressions
from simulator.ranking.multi_task.inputs import N_LOGGED
from simulator.ranking.multi_task.note_rows import NoteRows
from simulator.ranking.multi_task.session_kernels import write_examples

_NEGATIVE: Final = "rank.multi_task.negative"


class Sessions:
    """Impressions of each category in the session that each reader is in.

    Args:
        n_categories: categories of notes.

    Attributes:
        session: int32[>= R], number of the session that is counted, -1 for none.
        shown: uint8[>= R, C].
    """

    def __init__(self, n_categories: int) -> None:
        self.session = np.full(0, -1, np.int32)
        self.shown = np.zeros((0, n_categories), np.uint8)

    def reserve(self, n_readers: int) -> None:
        """Make room for readers."""
        n = self.session.shape[0]
        if n >= n_readers:
            return
        more = max(n_readers, 2 * n) - n
        self.session = np.concatenate([self.session, np.full(more, -1, np.int32)])
        self.shown = np.concatenate([self.shown, np.zeros((more, self.shown.shape[1]), np.uint8)])

    def state_arrays(self) -> Arrays:
        """Return the counts."""
        return {"session": self.session.copy(), "shown": self.shown.copy()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self.session = np.array(arrays["session"], np.int32)
        self.shown = np.array(arrays["shown"], np.uint8)


class Examples:
    """Logs examined impressions with the features that served them.

    Args:
        spec: the platform.
        capacity: most examples kept.
        negative_rate: share of impressions without a click that are kept.
        reader_strength: impressions that the platform's average counts for in a reader's rate.

    Attributes:
        replay: what is kept: `row` as `columns_of` reads it, and `note`.
    """

    def __init__(
        self, spec: PlatformSpec, capacity: int, negative_rate: float, reader_strength: float
    ) -> None:
        self._seed = spec.seed
        self._negative_rate = negative_rate
        self._reader_strength = reader_strength
        self._width = N_LOGGED + 2 * N_HEADS + spec.embedding_dim + spec.n_categories
        self.replay = Replay(capacity, {"row": ("float32", (self._width,)), "note": ("int32", ())})

    def log(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        view: PlatformView,
        notes: NoteRows,
        sessions: Sessions,
    ) -> None:
        """Log a chunk; must come before counters, statistics and profiles move."""
        features = np.empty((slate.note_idx.size, N_FEATURES), np.float32)
        labels = np.empty((slate.note_idx.size, N_HEADS), np.float32)
        n = log_impressions(
            requests.reader_idx,
            requests.request_no,
            slate.note_idx,
            feedback.examined,
            feedback.actions,
            notes.features,
            view.notes.category,
            view.notes.embedding,
            view.readers.vector,
            view.readers.category_profile,
            view.readers.totals,
            float(notes.rates[0]),
            self._reader_strength,
            0,
            features,
            labels,
        )
        row, note = np.empty((n, self._width), np.float32), np.empty(n, np.int32)
        request = np.empty(n, np.int32)
        write_examples(
            requests.reader_idx,
            requests.session_no,
            slate.note_idx,
            feedback.examined,
            features,
            labels,
            notes.offset,
            view.notes.category,
            view.readers.vector,
            view.readers.category_profile,
            sessions.session,
            sessions.shown,
            row,
            note,
            request,
        )
        if self._negative_rate < 1.0:
            drawn = uniform(self._seed, _NEGATIVE, requests.request_id[request], note)
            kept = (labels[:n, Head.CLICK] > 0) | (drawn < self._negative_rate)
            row, note = row[kept], note[kept]
        self.replay.append(row=row, note=note)


def columns_of(row: NDArray[np.float32], embedding_dim: int) -> list[NDArray[np.float32]]:
    """Return features, offset, label, reader's vector and reader's profile of logged rows.

    Args:
        row: float32[n, *].
        embedding_dim: width of the vector.
    """
    sizes = [N_LOGGED, N_HEADS, N_HEADS, embedding_dim]
    return np.split(row, np.cumsum(sizes), axis=1)
