"""Log of clicks to learn from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from recall.lists import frozen
from recall.two_tower.features import reader_features, reader_width
from recall.two_tower.log_kernels import log_clicks
from simulator.contracts.batches import Feedback, RequestBatch, Slate, Trail
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.replay import Replay


@dataclass(slots=True)
class Clicks:
    """Logged clicks, oldest first.

    Attributes:
        reader: int32[n].
        note: int32[n].
        weight: float32[n].
        hard: int32[n, H], notes that the funnel rejected for the same request, -1 where none.
        x: float32[n, F], `reader_features` when the slate was served.
    """

    reader: NDArray[np.int32]
    note: NDArray[np.int32]
    weight: NDArray[np.float32]
    hard: NDArray[np.int32]
    x: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of clicks."""
        return int(self.note.shape[0])

    def where(self, chosen: NDArray[np.bool_]) -> Clicks:
        """Return some of the clicks, in the same order."""
        return Clicks(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


class ClickLog:
    """Keeps the latest clicks with what the funnel rejected beside them.

    Args:
        spec: sizes of the platform.
        capacity: most clicks kept.
        share: share of clicks that are logged.
        strong_weight: what stronger actions add to the weight of a click.
        n_hard: hard negatives logged for a click.
    """

    def __init__(
        self, spec: PlatformSpec, capacity: int, share: float, strong_weight: float, n_hard: int
    ) -> None:
        self._key = stream_key(spec.seed, "two_tower.log")
        self._share = share
        self._strong_weight = strong_weight
        self._n_hard = n_hard
        self._replay = Replay(
            capacity,
            {
                "reader": ("int32", ()),
                "note": ("int32", ()),
                "weight": ("float32", ()),
                "hard": ("int32", (n_hard,)),
                "x": ("float32", (reader_width(spec),)),
            },
        )

    @property
    def serial(self) -> int:
        """Number of the next click, counted from the start of the run."""
        return self._replay.serial

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log the clicks of served requests; `view` is still as it was when serving."""
        most = slate.note_idx.size
        row, note = np.empty(most, np.int32), np.empty(most, np.int32)
        weight, hard = np.empty(most, np.float32), np.empty((most, self._n_hard), np.int32)
        n = log_clicks(
            frozen(requests.request_id), frozen(slate.note_idx), frozen(feedback.actions),
            frozen(trail.candidates.note_idx), frozen(trail.candidates.n),
            frozen(trail.ranked_at), frozen(trail.ranked.n), frozen(trail.kept_at),
            frozen(trail.n_kept), self._key, self._share, self._strong_weight,
            row, note, weight, hard,
        )  # fmt: skip
        if n == 0:
            return
        reader = requests.reader_idx[row[:n]]
        self._replay.append(
            reader=reader, note=note[:n], weight=weight[:n], hard=hard[:n],
            x=reader_features(view, reader),
        )  # fmt: skip

    def since(self, serial: int) -> Clicks:
        """Return copies of the clicks of number `serial` and above that are still kept."""
        return Clicks(**self._replay.latest(serial))

    def state_arrays(self) -> Arrays:
        """Return the kept clicks."""
        return self._replay.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._replay.load_state(arrays)
