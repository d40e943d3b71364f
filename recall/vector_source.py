"""Where the vectors of notes and readers come from: the seam between pools and models."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.views import PlatformView


class VectorSource(Protocol):
    """Unit-length vectors of notes and readers in one space; the inner product is the score."""

    @property
    def version(self) -> int:
        """Changes whenever vectors handed out before have lost their meaning."""

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the vectors of the given notes."""

    def reader_vectors(self, view: PlatformView, requests: RequestBatch) -> NDArray[np.float32]:
        """Return float32[B, d], the vectors of the requests' readers; zero for an unknown one."""


class ContentSource:
    """Content embeddings for notes; for a reader the mean embedding of interacted notes."""

    version = 0

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), D], the notes' embeddings."""
        return np.asarray(view.notes.embedding[rows])

    def reader_vectors(self, view: PlatformView, requests: RequestBatch) -> NDArray[np.float32]:
        """Return float32[B, D], the readers' vectors."""
        return np.asarray(view.readers.vector[requests.reader_idx])


SOURCES: dict[str, type[VectorSource]] = {"content": ContentSource}
"""Sources by the name that scenario files use."""
