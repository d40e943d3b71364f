"""Log of requests to learn from, with the notes that they saw, and some that they did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, RequestBatch, Slate, Trail
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.replay import Replay
from simulator.ranking.features import N_NOTE_FEATURES
from simulator.ranking.three_tower.config import ExamplesConfig
from simulator.ranking.three_tower.log_kernels import log_requests

HEADS: Final = ("click", "like", "collect", "comment", "share")
"""Heads, in the order of `Head`; reading time has none."""

N_ACTIVITY: Final = 3
"""Columns of a reader's inputs beside vector and categories."""

_DAYS_KEPT = 1.25
_REQUESTS_A_READER = 4


def reader_width(spec: PlatformSpec) -> int:
    """Return the number of a reader's inputs, D + C + 3."""
    return spec.embedding_dim + spec.n_categories + N_ACTIVITY


@dataclass(slots=True)
class Examples:
    """Logged requests, oldest first; E places for notes in each.

    Attributes:
        reader: float32[n, D + C + 3], inputs of the reader tower when the request was served.
        note: int32[n, E], -1 where empty.
        kind: uint8[n, E]; 1 shown, 2 passed pre-rank, 3 did not pass, 0 empty.
        statistics: float32[n, E, N_NOTE_FEATURES].
        labels: float32[n, E, H], 0 or 1 by `HEADS`.
        taught: float32[n, E, H], predictions of the ranker, NaN where there are none.
    """

    reader: NDArray[np.float32]
    note: NDArray[np.int32]
    kind: NDArray[np.uint8]
    statistics: NDArray[np.float32]
    labels: NDArray[np.float32]
    taught: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of requests."""
        return int(self.note.shape[0])


class Sampling:
    """Which share of requests to log, so that a day has about as many as wanted.

    Args:
        requests_a_day: requests wanted.
    """

    def __init__(self, requests_a_day: int) -> None:
        self._wanted = requests_a_day
        self._day, self._counted, self._before = -1, 0, 0

    def nearline(self, view: PlatformView) -> None:
        """Begin a new day when it is one; until there was one, guess from the number of readers."""
        day = int(view.now // DAY_S)
        if day != self._day:
            self._before = self._counted or _REQUESTS_A_READER * view.readers.n
            self._day, self._counted = day, 0

    def count(self, n: int) -> float:
        """Count requests, and return the share of them to log."""
        self._counted += n
        return min(1.0, self._wanted / max(self._before, 1))

    def state_arrays(self) -> Arrays:
        """Return the day and what was counted."""
        return {"counted": np.array([self._day, self._counted, self._before])}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._day, self._counted, self._before = (int(n) for n in arrays["counted"].tolist())


class ExampleLog:
    """Keeps the requests of a little more than a day.

    Args:
        spec: sizes of the platform.
        config: what to log.
    """

    def __init__(self, spec: PlatformSpec, config: ExamplesConfig) -> None:
        self._config = config
        self._key = stream_key(spec.seed, "three_tower.log")
        self._n_places = spec.n_slots + config.passed + config.rejected
        e, h = self._n_places, len(HEADS)
        self._replay = Replay(
            int(_DAYS_KEPT * config.requests_a_day),
            {
                "reader": ("float32", (reader_width(spec),)),
                "note": ("int32", (e,)),
                "kind": ("uint8", (e,)),
                "statistics": ("float32", (e, N_NOTE_FEATURES)),
                "labels": ("float32", (e, h)),
                "taught": ("float32", (e, h)),
            },
        )

    @property
    def serial(self) -> int:
        """Number of the next request, counted from the start of the run."""
        return self._replay.serial

    def observe(
        self,
        share: float,
        requests: RequestBatch,
        served: tuple[Slate, Feedback, Trail],
        inputs: NDArray[np.float32],
        features: NDArray[np.float32],
    ) -> None:
        """Log a share of served requests.

        Args:
            share: share of requests to log.
            requests: the requests.
            served: what they were shown, what they did, and what was considered.
            inputs: float32[B, D + C + 3], inputs of the reader tower.
            features: float32[N, N_NOTE_FEATURES], statistics as pre-rank saw them.
        """
        slate, feedback, trail = served
        b, e, h = requests.n, self._n_places, len(HEADS)
        row = np.empty(b, np.int32)
        note, kind = np.empty((b, e), np.int32), np.empty((b, e), np.uint8)
        statistics = np.zeros((b, e, N_NOTE_FEATURES), np.float32)
        labels, taught = np.zeros((b, e, h), np.float32), np.zeros((b, e, h), np.float32)
        n = log_requests(
            requests.request_id,
            slate.note_idx,
            feedback.examined,
            feedback.actions,
            trail.candidates.note_idx,
            trail.candidates.n,
            trail.ranked.note_idx,
            trail.ranked.n,
            trail.p,
            features,
            self._key,
            share,
            self._config.passed,
            self._config.rejected,
            row,
            note,
            kind,
            statistics,
            labels,
            taught,
        )
        if n:
            self._replay.append(
                reader=inputs[row[:n]],
                note=note[:n],
                kind=kind[:n],
                statistics=statistics[:n],
                labels=labels[:n],
                taught=taught[:n],
            )

    def since(self, serial: int) -> Examples:
        """Return copies of the requests of number `serial` and above that are still kept."""
        return Examples(**self._replay.latest(serial))

    def state_arrays(self) -> Arrays:
        """Return the kept requests."""
        return self._replay.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._replay.load_state(arrays)
