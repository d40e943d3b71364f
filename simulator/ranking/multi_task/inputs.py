"""What the networks read, in which order and on which scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS, Head
from simulator.ranking.features import FEATURES, N_FEATURES, N_PAIR_FEATURES, N_READER_FEATURES
from simulator.ranking.training import prior_weights

LOGGED: Final = (*FEATURES, "repetition")
"""Features that are logged with every impression: those of the linear ranker, and log(1 +
impressions of the note's category earlier in the session)."""

N_LOGGED: Final = len(LOGGED)
N_CONTEXT: Final = N_READER_FEATURES
N_PAIR: Final = N_PAIR_FEATURES + 1

_PLACES: Final = {
    "ctr_1h": (0.0, 0.15),
    "ctr_24h": (0.1, 0.25),
    "ctr_7d": (0.2, 0.3),
    "ctr_30d": (0.25, 0.3),
    "impressions": (5.0, 1.5),
    "impressions_24h": (3.0, 1.5),
    "age": (5.0, 1.0),
    "creator_ctr": (0.1, 0.2),
    "like_rate": (0.0, 0.3),
    "collect_rate": (0.0, 0.3),
    "comment_rate": (-0.2, 0.7),
    "share_rate": (-0.2, 0.7),
    "dwell": (0.0, 0.1),
    "reader_ctr": (0.0, 0.6),
    "experience": (4.0, 1.0),
    "session_depth": (0.5, 0.6),
    "affinity": (0.5, 0.3),
    "affinity_new": (0.0, 0.3),
    "affinity_experience": (2.0, 1.2),
    "category": (1.2, 1.3),
}
"""Centre and spread of features over impressions, which are of notes that did well before."""

_AFTER_CLICK: Final = 1.0 / 3.0

PROFILE_SCALE: Final = 2.0
"""Factor on the square root of a reader's share of interest in a category."""


def shifts_and_scales() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32[N_LOGGED] twice: a network reads (feature - shift) / scale.

    They are fixed, so that a network means the same whatever it was trained on.
    """
    shift, scale = np.array([_PLACES.get(name, (0.0, 1.0)) for name in LOGGED], np.float32).T
    return np.ascontiguousarray(shift), np.ascontiguousarray(scale)


def embedding_scale(embedding_dim: int) -> float:
    """Return the factor on a unit-length embedding that gives its numbers a spread of 1/2."""
    return 0.5 * math.sqrt(embedding_dim)


def prior_linear() -> NDArray[np.float32]:
    """Return float32[N_LOGGED, N_HEADS]: the linear ranker's prior weights, for scaled features.

    The constant is 0, so an impression with usual features is predicted at the platform's average.
    Weights of what follows a click count for a third: a note's own rates rest on few clicks, and a
    network unlearns more slowly than the linear ranker does.
    """
    weights = np.zeros((N_LOGGED, N_HEADS), np.float32)
    weights[1:N_FEATURES] = prior_weights().T[1:]
    weights[:, Head.LIKE :] *= _AFTER_CLICK
    return weights * shifts_and_scales()[1][:, None]


def offsets(rates: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return float32[N_HEADS], what a network's outputs are added to.

    Args:
        rates: float64[6], the platform's clicks an impression; likes, collects, comments, shares
            and seconds of dwell a click.
    """
    out = np.log(rates / np.maximum(1.0 - rates, 1e-6))
    out[Head.DWELL] = math.log1p(rates[Head.DWELL])
    return out.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network.

    Attributes:
        n_categories: categories of notes.
        embedding_dim: width of a note's embedding and of a reader's vector.
        n_interactions: products of a projection of the one and of the other.
        width: outputs of an expert.
        experts: for each head, the experts that it reads.
        gate_dropout: chance that training leaves an expert out of a gate's choice.
        is_entire_space: whether the heads after a click learn on all impressions.
    """

    n_categories: int
    embedding_dim: int
    n_interactions: int
    width: int
    experts: tuple[tuple[int, ...], ...]
    gate_dropout: float = 0.0
    is_entire_space: bool = False

    @property
    def n_experts(self) -> int:
        """Experts in all."""
        return 1 + max(max(of_head) for of_head in self.experts)

    @property
    def is_gated(self) -> bool:
        """Whether heads choose among experts."""
        return any(len(of_head) > 1 for of_head in self.experts)

    @property
    def n_inputs(self) -> int:
        """Inputs of the first layer: logged features, embedding, category, profile, products."""
        return N_LOGGED + self.embedding_dim + 2 * self.n_categories + self.n_interactions
