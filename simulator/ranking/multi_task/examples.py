"""Impressions as training examples: what was predicted from, and what came of it."""

from __future__ import annotations

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
from simulator.ranking.multi_task.inputs import N_LOGGED, offsets
from simulator.ranking.multi_task.note_rows import NoteRows
from simulator.ranking.multi_task.session_kernels import count_shown


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
        replay: what is kept.
    """

    def __init__(
        self, spec: PlatformSpec, capacity: int, negative_rate: float, reader_strength: float
    ) -> None:
        self._seed = spec.seed
        self._negative_rate = negative_rate
        self._reader_strength = reader_strength
        self.replay = Replay(
            capacity,
            {
                "features": ("float32", (N_LOGGED,)),
                "offset": ("float32", (N_HEADS,)),
                "vector": ("float32", (spec.embedding_dim,)),
                "profile": ("float32", (spec.n_categories,)),
                "note": ("int32", ()),
                "label": ("float32", (N_HEADS,)),
            },
        )

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
        repeated = np.empty(slate.note_idx.size, np.float32)
        labels = np.empty((slate.note_idx.size, N_HEADS), np.float32)
        shown = (requests, slate, feedback, view)
        n = self._write_features(shown, notes, features, labels)
        count_shown(
            requests.reader_idx,
            requests.session_no,
            slate.note_idx,
            feedback.examined,
            view.notes.category,
            sessions.session,
            sessions.shown,
            repeated,
        )
        request, slot = np.nonzero((feedback.examined != 0) & (slate.note_idx >= 0))
        keep = self._kept(requests.request_id[request], slate.note_idx[request, slot], labels[:n])
        reader = requests.reader_idx[request][keep]
        self.replay.append(
            features=np.column_stack([features[:n][keep], repeated[:n][keep]]),
            offset=np.broadcast_to(offsets(notes.rates), (reader.size, N_HEADS)),
            vector=view.readers.vector[reader],
            profile=view.readers.category_profile[reader],
            note=slate.note_idx[request, slot][keep],
            label=labels[:n][keep],
        )

    def _write_features(
        self,
        shown: tuple[RequestBatch, Slate, Feedback, PlatformView],
        notes: NoteRows,
        features: NDArray[np.float32],
        labels: NDArray[np.float32],
    ) -> int:
        requests, slate, feedback, view = shown
        return int(
            log_impressions(
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
        )

    def _kept(
        self, request_id: NDArray[np.int64], note: NDArray[np.int32], labels: NDArray[np.float32]
    ) -> NDArray[np.bool_] | slice:
        if self._negative_rate == 1.0:
            return slice(None)
        drawn = uniform(self._seed, "rank.multi_task.negative", request_id, note)
        return np.asarray((labels[:, Head.CLICK] > 0) | (drawn < self._negative_rate))
