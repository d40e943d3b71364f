"""Notes that lead to notes: what the channels share that keep neighbours of every note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recall import item_cf_kernels
from recall.lists import frozen
from simulator.contracts.batches import RequestBatch
from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView


class Neighbours:
    """The most similar notes of each note, as they were last found.

    Args:
        n_neighbours: how many are kept for a note.
    """

    def __init__(self, n_neighbours: int) -> None:
        self._first_row = 0
        self._notes = np.empty((0, n_neighbours), np.int32)
        self._similarities = np.empty((0, n_neighbours), np.float32)

    def replace(
        self, first_row: int, found: NDArray[np.int32], similarities: NDArray[np.float32]
    ) -> None:
        """Take new neighbours.

        Args:
            first_row: note row of the first place.
            found: int32[n, m] neighbours counted from `first_row`, best first, -1 after the last.
            similarities: float32[n, m].
        """
        self._first_row = first_row
        self._notes = np.where(found >= 0, found + first_row, -1).astype(np.int32)
        self._similarities = similarities

    def recommend(
        self, requests: RequestBatch, view: PlatformView, n_last: int, k: int
    ) -> NDArray[np.int32]:
        """Return int32[B, k], the notes of largest summed similarity to each reader's last notes.

        Args:
            requests: the requests.
            view: the platform; gives the readers' histories.
            n_last: how many of a reader's notes have a say; all of the history is left out.
            k: most notes for a request.
        """
        return np.asarray(
            item_cf_kernels.recommend(
                view.readers.recent, frozen(requests.reader_idx), n_last, self._first_row,
                self._notes, self._similarities, k,
            )
        )  # fmt: skip

    def state_arrays(self) -> Arrays:
        """Return the neighbours."""
        return {
            "first_row": np.array([self._first_row]),
            "neighbours": self._notes,
            "similarities": self._similarities,
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take the neighbours back."""
        self._first_row = int(arrays["first_row"][0])
        self._notes = np.array(arrays["neighbours"], np.int32)
        self._similarities = np.array(arrays["similarities"], np.float32)
