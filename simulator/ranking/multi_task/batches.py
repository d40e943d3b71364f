"""Logged examples as the tensors of one training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Head
from simulator.contracts.views import PlatformView
from simulator.learning.networks import torch_alone
from simulator.ranking.multi_task.examples import columns_of
from simulator.ranking.multi_task.inputs import (
    PROFILE_SCALE,
    Shape,
    embedding_scale,
    shifts_and_scales,
)

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Batch:
    """Some examples.

    Attributes:
        inputs: float32[b, n_inputs - d], scaled features, embedding, category and profile.
        vector: float32[b, D], readers' vectors.
        embedding: float32[b, D], notes' embeddings.
        offset: float32[b, N_HEADS], log-odds of the platform's averages when served.
        label: float32[b, N_HEADS], 0 or 1, and log(1 + seconds).
    """

    inputs: torch.Tensor
    vector: torch.Tensor
    embedding: torch.Tensor
    offset: torch.Tensor
    label: torch.Tensor


class Batches:
    """Gives examples by number.

    Args:
        examples: columns of a replay.
        view: the platform; what never changes of a note is read from it.
        shape: sizes of the network.
    """

    def __init__(self, examples: dict[str, NDArray[Any]], view: PlatformView, shape: Shape) -> None:
        self._row, self._note = examples["row"], examples["note"]
        self._notes = view.notes
        self._embedding_dim = shape.embedding_dim
        self._categories = np.eye(shape.n_categories, dtype=np.float32)
        self._embedding_scale = np.float32(embedding_scale(shape.embedding_dim))
        self._shift, self._scale = shifts_and_scales()

    @property
    def n(self) -> int:
        """Number of examples."""
        return int(self._note.shape[0])

    def batch(self, chosen: NDArray[np.int64]) -> Batch:
        """Return the examples of the given numbers, int64[b]."""
        torch = torch_alone()
        note = self._note[chosen]
        features, offset, label, vector, profile = columns_of(
            self._row[chosen], self._embedding_dim
        )
        embedding = self._notes.embedding[note]
        parts = (
            (features - self._shift) / self._scale,
            embedding * self._embedding_scale,
            self._categories[self._notes.category[note]],
            np.float32(PROFILE_SCALE) * np.sqrt(profile),
        )
        columns = (np.concatenate(parts, axis=1), vector, embedding, offset, label)
        return Batch(*(torch.from_numpy(column) for column in columns))

    def clicked(self) -> NDArray[np.int64]:
        """Return the numbers of examples with a click."""
        label = columns_of(self._row, self._embedding_dim)[2]
        return np.flatnonzero(label[:, Head.CLICK] > 0)
