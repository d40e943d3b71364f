"""How well a model finds the title of a cover among others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.content.attributes import KEYWORDS, draw_notes, shuffled
from simulator.content.clip_model import ClipModel
from simulator.content.covers import render
from simulator.content.titles import Language, write_titles

GALLERY: Final = 100
"""Titles that each cover chooses from."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Retrieval over held-out attribute combinations.

    Attributes:
        notes: covers asked for.
        image_to_text: share of covers whose own title is nearest among GALLERY.
        text_to_image: share of titles whose own cover is nearest among GALLERY.
        shuffled: `image_to_text` with titles that belong to other covers: chance is 1 / GALLERY.
    """

    notes: int
    image_to_text: float
    text_to_image: float
    shuffled: float


def evaluate(model: ClipModel, language: Language, n: int = 1_000, seed: int = 0) -> Retrieval:
    """Measure retrieval over combinations of keywords and style that were never trained on.

    Args:
        model: the model.
        language: of the titles.
        n: notes, a multiple of GALLERY.
        seed: of the notes drawn.
    """
    notes = draw_notes(n, seed, f"judge.{language}", held_out=True)
    images = model.image_features(render(notes, KEYWORDS))
    texts = model.text_features(write_titles(notes, KEYWORDS, language))
    return Retrieval(
        notes=n,
        image_to_text=recall_at_1(images, texts),
        text_to_image=recall_at_1(texts, images),
        shuffled=recall_at_1(images, texts[shuffled(n, seed)]),
    )


def recall_at_1(queries: NDArray[np.float32], keys: NDArray[np.float32]) -> float:
    """Return the share of rows whose own key is nearest within galleries of GALLERY rows.

    Args:
        queries: float32[n, D] of unit length.
        keys: float32[n, D] of unit length; row i belongs to query i.
    """
    hits = 0
    for start in range(0, queries.shape[0], GALLERY):
        part = slice(start, start + GALLERY)
        nearest = (queries[part] @ keys[part].T).argmax(axis=1)
        hits += int((nearest == np.arange(nearest.shape[0])).sum())
    return hits / len(queries)
