"""What a note expresses, handed to a content encoder when the note is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NoteContent:
    """Content of n notes, as a cover and a title would express it.

    Attributes:
        key: uint64[n], stable identity of the note: the same in every world of a seed.
        creator: int32[n], who made it and gave it a style: the creator's row among readers, which
            is the same in every world of a seed.
        category: int16[n].
        keywords: int32[n, W], -1 where unused.
        is_video: uint8[n].
        expression: float32[n, Dc], the content part of the note's latent appeal: what pixels
            and words reveal. The hidden part of appeal is not here.
        quality: float32[n], shows in sharpness and clutter of the cover.
    """

    key: NDArray[np.uint64]
    creator: NDArray[np.int32]
    category: NDArray[np.int16]
    keywords: NDArray[np.int32]
    is_video: NDArray[np.uint8]
    expression: NDArray[np.float32]
    quality: NDArray[np.float32]


class Encoder(Protocol):
    """What the world needs from a content encoder."""

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings."""

    def encode(self, content: NoteContent) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length embeddings."""

    def titles(self, content: NoteContent) -> list[str]:
        """Return n titles made of the notes' keywords."""
