"""Where the vectors of notes and readers come from: the seam between pools and models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.errors import PluginError
from simulator.contracts.learning import ColdIds, VectorModel
from simulator.contracts.plugins import Model
from simulator.contracts.views import PlatformView

CONTENT = "content"
"""The source that needs no model."""


class VectorSource(Protocol):
    """Unit-length vectors of notes and readers in one space; the inner product is the score."""

    @property
    def version(self) -> int:
        """Changes whenever vectors handed out before have lost their meaning."""

    @property
    def is_ready(self) -> bool:
        """Whether there are vectors to hand out yet."""

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the vectors of the given notes."""

    def reader_vectors(self, view: PlatformView, requests: RequestBatch) -> NDArray[np.float32]:
        """Return float32[B, d], the vectors of the requests' readers; zero for an unknown one."""


class ContentSource:
    """Content embeddings for notes; for a reader the mean embedding of interacted notes."""

    version = 0
    is_ready = True

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), D], the notes' embeddings."""
        return np.asarray(view.notes.embedding[rows])

    def reader_vectors(self, view: PlatformView, requests: RequestBatch) -> NDArray[np.float32]:
        """Return float32[B, D], the readers' vectors."""
        return np.asarray(view.readers.vector[requests.reader_idx])


class ModelSource:
    """Vectors of a trained model.

    Args:
        model: the model.
        cold: where notes without an ID vector of their own are placed.
    """

    def __init__(self, model: VectorModel, cold: ColdIds) -> None:
        self._model = model
        self._cold = cold

    @property
    def version(self) -> int:
        """Version of the model that serves."""
        return self._model.version

    @property
    def is_ready(self) -> bool:
        """Whether a model serves."""
        return self._model.version > 0

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the notes' vectors."""
        return self._model.note_vectors(view, rows, self._cold)

    def reader_vectors(self, view: PlatformView, requests: RequestBatch) -> NDArray[np.float32]:
        """Return float32[B, d], the readers' vectors."""
        return self._model.reader_vectors(view, requests.reader_idx)


def source_of(name: str, cold: ColdIds, models: Mapping[str, Model[Any]]) -> VectorSource:
    """Return the source that a channel's configuration names.

    Args:
        name: `content`, or the name of a model.
        cold: see `ModelSource`.
        models: models of the scenario by name.

    Raises:
        PluginError: the model is of another sort and has no vectors.
    """
    if name == CONTENT:
        return ContentSource()
    model = models[name]
    if not isinstance(model, VectorModel):
        raise PluginError(f"the model {name!r} ({model.config.type}) has no vectors to search")
    return ModelSource(model, cold)
