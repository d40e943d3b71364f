"""Where the vectors of notes and readers come from: the seam between pools and models."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.errors import PluginError
from simulator.contracts.learning import ColdIds, VectorModel
from simulator.contracts.plugins import Model
from simulator.contracts.views import PlatformView

_LOG = logging.getLogger(__name__)

CONTENT = "content"
"""The source that needs no model."""


class VectorSource(Protocol):
    """Unit-length vectors of notes and readers in one space; the inner product is the score."""

    @property
    def version(self) -> int:
        """Changes whenever some of the vectors do."""

    @property
    def generation(self) -> int:
        """Changes whenever all vectors do: those handed out before have lost their meaning."""

    @property
    def is_ready(self) -> bool:
        """Whether there are vectors to hand out yet."""

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the vectors of the given notes."""

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, d], the vectors of the given readers; zero for an unknown one."""


class ContentSource:
    """Content embeddings for notes; for a reader the mean embedding of interacted notes."""

    version = generation = 0
    is_ready = True

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), D], the notes' embeddings."""
        return np.asarray(view.notes.embedding[rows])

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, D], the readers' vectors."""
        return np.asarray(view.readers.vector[reader_idx])


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
    def generation(self) -> int:
        """Generation of the model that serves."""
        return self._model.generation

    @property
    def is_ready(self) -> bool:
        """Whether a model serves."""
        return self._model.version > 0

    def note_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the notes' vectors."""
        return self._model.note_vectors(view, rows, self._cold)

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, d], the readers' vectors."""
        return self._model.reader_vectors(view, reader_idx)


class Waiting:
    """Says once that a channel finds nothing because its model does not serve yet.

    Args:
        channel: name of the channel.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._is_said = False

    def say(self, model: str) -> None:
        """Log that the channel waits for the model of the given name."""
        if not self._is_said:
            _LOG.info("%s finds nothing until the model %r has been trained", self._channel, model)
            self._is_said = True


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
