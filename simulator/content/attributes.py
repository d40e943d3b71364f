"""Notes for training and judging encoders: attributes drawn at random, some never trained on."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.content.covers import styles
from simulator.contracts.content import NoteContent
from simulator.contracts.random import generator, hashed, uniform

CATEGORIES: Final = 20
KEYWORDS: Final = 30
PLACES: Final = 4
EXPRESSION_DIM: Final = 16
HELD_OUT_SHARE: Final = 0.15
"""Share of keyword pairs of a category, and of styles of a category, kept out of training."""


def draw_notes(n: int, seed: int, purpose: str, *, held_out: bool) -> NoteContent:
    """Draw notes of the bundled vocabulary with attributes independent of each other.

    Training notes hold no pair of keywords and no style that is held out for their category. A
    held-out note has both: its first two keywords, and its style, never met in its category.

    Args:
        n: notes.
        seed: of the draw.
        purpose: of the draw, for example "train.17".
        held_out: whether to draw notes that are never trained on, or only those that may be.

    Returns:
        n notes whose keys are unique to the seed and purpose.
    """
    rng = generator(seed, f"content.attributes.{purpose}")
    parts: list[NoteContent] = []
    found = 0
    while found < n:
        drawn = _draw(4 * n + 64, rng)
        kept = take(drawn, np.flatnonzero(_is_held_out(drawn) if held_out else _is_trained(drawn)))
        parts.append(kept)
        found += kept.key.shape[0]
    return take(_joined(parts), np.arange(n))


def take(content: NoteContent, rows: NDArray[np.integer]) -> NoteContent:
    """Return some rows of notes."""
    return NoteContent(*(getattr(content, field.name)[rows] for field in fields(content)))


def _joined(parts: list[NoteContent]) -> NoteContent:
    columns = [
        np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(NoteContent)
    ]
    return NoteContent(*columns)


def _draw(n: int, rng: np.random.Generator) -> NoteContent:
    category = rng.integers(0, CATEGORIES, n)
    within = rng.random((n, KEYWORDS)).argsort(axis=1)[:, :PLACES]
    used = np.arange(PLACES) < rng.integers(2, PLACES + 1, n)[:, None]
    keywords = np.where(used, within + category[:, None] * KEYWORDS, -1)
    length = rng.uniform(0.4, 1.8, (n, 1)) / np.sqrt(EXPRESSION_DIM)
    return NoteContent(
        key=rng.integers(0, 1 << 63, n).astype(np.uint64),
        creator=rng.integers(0, 1 << 20, n).astype(np.int32),
        category=category.astype(np.int16),
        keywords=keywords.astype(np.int32),
        is_video=(rng.random(n) < 0.4).astype(np.uint8),
        expression=(length * rng.standard_normal((n, EXPRESSION_DIM))).astype(np.float32),
        quality=rng.standard_normal(n).astype(np.float32),
    )


def _pair_is_out(content: NoteContent, i: int, j: int) -> NDArray[np.bool_]:
    """Tell whether keywords i and j of each note form a held-out pair, in either order."""
    first, second = content.keywords[:, i], content.keywords[:, j]
    low, high = np.minimum(first, second), np.maximum(first, second)
    out = uniform(0, "content.held_out.pair", low, high) < HELD_OUT_SHARE
    return np.asarray(out & (low >= 0))


def _style_is_out(content: NoteContent) -> NDArray[np.bool_]:
    style = styles(content.creator)
    u = uniform(0, "content.held_out.style", content.category, style)
    return np.asarray(u < HELD_OUT_SHARE)


def _is_trained(content: NoteContent) -> NDArray[np.bool_]:
    out = _style_is_out(content)
    for i, j in combinations(range(PLACES), 2):
        out |= _pair_is_out(content, i, j)
    return np.asarray(~out)


def _is_held_out(content: NoteContent) -> NDArray[np.bool_]:
    return np.asarray(_pair_is_out(content, 0, 1) & _style_is_out(content))


def shuffled(n: int, seed: int) -> NDArray[np.int64]:
    """Return a permutation of n rows, keyed by the seed."""
    return np.asarray(hashed(seed, "content.shuffle", np.arange(n)).argsort())
