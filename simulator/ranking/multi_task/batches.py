"""Logged examples as the tensors of one training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Head
from simulator.contracts.views import PlatformView
from simulator.learning.networks import torch_alone
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
        self._examples = examples
        self._notes = view.notes
        self._categories = np.eye(shape.n_categories, dtype=np.float32)
        self._embedding_scale = np.float32(embedding_scale(shape.embedding_dim))
        self._shift, self._scale = shifts_and_scales()

    @property
    def n(self) -> int:
        """Number of examples."""
        return int(self._examples["note"].shape[0])

    def batch(self, chosen: NDArray[np.int64]) -> Batch:
        """Return the examples of the given numbers, int64[b]."""
        torch = torch_alone()
        examples, note = self._examples, self._examples["note"][chosen]
        features = (examples["features"][chosen] - self._shift) / self._scale
        embedding = self._notes.embedding[note]
        parts = (
            features,
            embedding * self._embedding_scale,
            self._categories[self._notes.category[note]],
            np.float32(PROFILE_SCALE) * np.sqrt(examples["profile"][chosen]),
        )
        columns = (
            np.concatenate(parts, axis=1),
            examples["vector"][chosen],
            embedding,
            examples["offset"][chosen],
            examples["label"][chosen],
        )
        return Batch(*(torch.from_numpy(column) for column in columns))

    def clicked(self) -> NDArray[np.int64]:
        """Return the numbers of examples with a click."""
        return np.flatnonzero(self._examples["label"][:, Head.CLICK] > 0)
