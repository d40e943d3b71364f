"""Diversity of what passes pre-rank: the best go through, the rest pass for being unlike them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates
from simulator.contracts.config import Config, knob
from simulator.contracts.views import PlatformView
from simulator.ranking.diversity_kernels import add_category_novelty, add_content_novelty


class PreRankDiversityConfig(Config):
    """How much being unlike the best helps a note to pass."""

    weight: float = knob(
        0.0,
        "Weight w of diversity: a note unlike all direct ones gains w times the lowest score among "
        "them; 0 for none.",
        ge=0,
        le=100,
        tunable=True,
    )
    direct: int = knob(
        32,
        "Candidates that go through for their score alone; diversity is measured against them.",
        unit="notes a request",
        ge=1,
        le=5_000,
        tunable=True,
    )
    by: Literal["category", "content"] = knob(
        "category",
        "`category`: 1 less the share of the note's category among direct ones; `content`: 1 less "
        "the cosine between its embedding and their centroid.",
    )


def check_direct(diversity: PreRankDiversityConfig, keep: int) -> None:
    """Refuse more direct places than there are places.

    Raises:
        ValueError: they do not fit.
    """
    if diversity.weight > 0 and diversity.direct > keep:
        raise ValueError(f"diversity.direct ({diversity.direct}) is above keep ({keep})")


def diversified(
    config: PreRankDiversityConfig,
    scores: NDArray[np.float32],
    supported: NDArray[np.float32],
    candidates: Candidates,
    view: PlatformView,
) -> NDArray[np.float32]:
    """Return the keys s + w·d of candidates, where the best `direct` have the largest d.

    So those go through and the others are ranked by score and diversity (course slides on
    diversity at pre-rank; there is no sliding window there). Who is direct, and the scale of d,
    follow from scores before support: support moves a note by its own score alone, and never
    changes which others pass.

    Args:
        config: weight and measure of diversity.
        scores: float32[B, K], positive scores before support.
        supported: float32[B, K], scores after support; returned as they are when the weight is 0.
        candidates: the rows that they belong to.
        view: the platform.
    """
    if config.weight == 0.0:
        return supported
    keys = supported.copy()
    rows = (scores, candidates.note_idx, candidates.n)
    if config.by == "category":
        notes, n_categories = view.notes, view.spec.n_categories
        add_category_novelty(
            *rows, notes.category, n_categories, config.direct, config.weight, keys
        )
    else:
        add_content_novelty(*rows, view.notes.embedding, config.direct, config.weight, keys)
    return keys
