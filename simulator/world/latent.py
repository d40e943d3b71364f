"""The latent space that tastes and appeals share: a content part and a hidden part.

The content part is what words and pictures of a note can reveal, the hidden part only behaviour
reveals. Categories have a centre in both; keywords move a note in the content part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.random import generator, hashed, uniform
from simulator.world.config import WorldConfig
from simulator.world.draws import choice, exponential, normals, pick_distinct, zipf_weights
from simulator.world.purposes import Purpose

MAX_FAVOURITES = 4
LIKED_KEYWORDS = 3
_N_PROBES = 4_096


@dataclass(frozen=True, slots=True)
class Geometry:
    """Fixed places of categories and keywords, and the scale of affinity.

    Attributes:
        category_weights: float64[C], popularity of categories, sums to 1.
        keyword_weights: float64[K], popularity of keywords within a category.
        content_centers: float64[C, Dc], unit length.
        hidden_centers: float64[C, Dh], unit length.
        keyword_offsets: float64[C, K, Dc].
    """

    category_weights: NDArray[np.float64]
    keyword_weights: NDArray[np.float64]
    content_centers: NDArray[np.float64]
    hidden_centers: NDArray[np.float64]
    keyword_offsets: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AffinityScale:
    """Factors that give affinity its spread over random pairs, and its mean.

    Attributes:
        content: factor on the content part of tastes.
        hidden: factor on the hidden part.
        mean: mean affinity of random pairs after scaling, logits.
    """

    content: float
    hidden: float
    mean: float


@dataclass(frozen=True, slots=True)
class Tastes:
    """Tastes of n readers before scaling.

    Attributes:
        favourites: int16[n, 4], favourite categories, strongest first, -1 where fewer.
        strengths: float64[n, 4], 1 for the strongest, 0 where unused.
        content: float64[n, Dc].
        hidden: float64[n, Dh].
    """

    favourites: NDArray[np.int16]
    strengths: NDArray[np.float64]
    content: NDArray[np.float64]
    hidden: NDArray[np.float64]

    def scaled(self, scale: AffinityScale) -> NDArray[np.float32]:
        """Return float32[n, Dc + Dh], whose dot product with an appeal is affinity in logits."""
        parts = (self.content * scale.content, self.hidden * scale.hidden)
        return np.concatenate(parts, axis=1).astype(np.float32)


def draw_geometry(config: WorldConfig, seed: int) -> Geometry:
    """Place categories and keywords."""
    notes = config.notes
    rng = generator(seed, Purpose.GEOMETRY)
    shape = (notes.n_categories, notes.keywords_per_category, notes.content_dim)
    spread = notes.keyword_spread / np.sqrt(notes.content_dim)
    return Geometry(
        category_weights=zipf_weights(notes.n_categories, config.readers.category_zipf),
        keyword_weights=zipf_weights(notes.keywords_per_category, notes.keyword_zipf),
        content_centers=_unit_rows(rng.standard_normal((shape[0], shape[2]))),
        hidden_centers=_unit_rows(rng.standard_normal((shape[0], notes.hidden_dim))),
        keyword_offsets=rng.standard_normal(shape) * spread,
    )


def draw_tastes(
    geometry: Geometry, config: WorldConfig, seed: int, ids: NDArray[np.int64]
) -> Tastes:
    """Draw the tastes of readers.

    A taste is the sum of one to four favourite categories, each with three liked keywords and a
    strength, and of a personal direction.

    Args:
        geometry: the latent space.
        config: the world.
        seed: replication seed.
        ids: int64[n], reader rows.
    """
    readers, notes = config.readers, config.notes
    favourites, strengths = _draw_favourites(geometry, config, seed, ids)
    content = normals(seed, Purpose.CONTENT_TASTE, ids, notes.content_dim)
    content *= readers.taste_noise / np.sqrt(notes.content_dim)
    hidden = normals(seed, Purpose.HIDDEN_TASTE, ids, notes.hidden_dim)
    hidden *= readers.hidden_noise / np.sqrt(notes.hidden_dim)
    pull = readers.keyword_strength / np.sqrt(LIKED_KEYWORDS)
    edges = np.cumsum(geometry.keyword_weights)[:-1]
    for place in range(favourites.shape[1]):
        category, strength = favourites[:, place], strengths[:, place, None]
        content += strength * geometry.content_centers[category]
        hidden += strength * geometry.hidden_centers[category]
        for liked in range(LIKED_KEYWORDS):
            u = uniform(seed, Purpose.LIKED_KEYWORD, ids, category, liked)
            keyword = np.searchsorted(edges, u, side="right")
            content += strength * pull * geometry.keyword_offsets[category, keyword]
    return Tastes(favourites, strengths, content, hidden)


def draw_keywords(
    geometry: Geometry, config: WorldConfig, seed: int, key: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Return int64[n, W]: two or more distinct keywords within the category, -1 where fewer."""
    width = config.notes.keywords_per_note
    picked = pick_distinct(seed, Purpose.NOTE_KEYWORDS, key, geometry.keyword_weights, width)
    n_keywords = 2 + choice(seed, Purpose.NOTE_N_KEYWORDS, key, [1.0] * (width - 1))
    return np.where(np.arange(width) < n_keywords[:, None], picked, -1)


def draw_appeals(
    geometry: Geometry,
    config: WorldConfig,
    seed: int,
    key: NDArray[np.uint64],
    category: NDArray[np.integer],
    keywords: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Draw the appeal of notes.

    Args:
        geometry: the latent space.
        config: the world.
        seed: replication seed.
        key: uint64[n], note keys.
        category: integer[n].
        keywords: int64[n, W], keyword within the category, -1 where unused.

    Returns:
        float32[n, Dc + Dh], content part first.
    """
    notes = config.notes
    used = keywords >= 0
    weight = 1.0 / used.sum(axis=1)
    content = normals(seed, Purpose.NOTE_CONTENT, key, notes.content_dim)
    content *= notes.content_noise / np.sqrt(notes.content_dim)
    content += geometry.content_centers[category]
    for place in range(keywords.shape[1]):
        offset = geometry.keyword_offsets[category, np.maximum(keywords[:, place], 0)]
        content += (weight * used[:, place])[:, None] * offset
    hidden = normals(seed, Purpose.NOTE_HIDDEN, key, notes.hidden_dim)
    hidden *= notes.hidden_noise / np.sqrt(notes.hidden_dim)
    hidden += notes.hidden_pull * geometry.hidden_centers[category]
    return np.concatenate((content, hidden), axis=1).astype(np.float32)


def measure_scale(geometry: Geometry, config: WorldConfig, seed: int) -> AffinityScale:
    """Scale affinity so that random reader-note pairs have the configured spread.

    The pairs are drawn for this purpose, so the scale does not depend on how many readers there
    are or on what is published. Both parts are scaled on their own, as if uncorrelated; because
    they share the categories, affinity as a whole spreads a little more.
    """
    ids = np.arange(_N_PROBES, dtype=np.int64)
    tastes = draw_tastes(geometry, config, seed, ids)
    key = hashed(seed, Purpose.PROBE, ids)
    category = choice(seed, Purpose.PROBE, key, list(geometry.category_weights))
    keywords = draw_keywords(geometry, config, seed, key)
    appeal = draw_appeals(geometry, config, seed, key, category, keywords).astype(np.float64)
    width = config.notes.content_dim
    content = (tastes.content * appeal[:, :width]).sum(axis=1)
    hidden = (tastes.hidden * appeal[:, width:]).sum(axis=1)
    behavior = config.behavior
    content_sd = behavior.affinity_sd * np.sqrt(behavior.content_share)
    hidden_sd = behavior.affinity_sd * np.sqrt(1.0 - behavior.content_share)
    scale_content = content_sd / content.std()
    scale_hidden = hidden_sd / hidden.std()
    mean = scale_content * content.mean() + scale_hidden * hidden.mean()
    return AffinityScale(float(scale_content), float(scale_hidden), float(mean))


def _draw_favourites(
    geometry: Geometry, config: WorldConfig, seed: int, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    n_places = min(MAX_FAVOURITES, config.n_categories)
    picked = pick_distinct(seed, Purpose.FAVOURITES, ids, geometry.category_weights, n_places)
    n_favourites = 1 + choice(seed, Purpose.N_FAVOURITES, ids, config.readers.n_favourites_weights)
    places = np.arange(n_places)
    used = places < n_favourites[:, None]
    raw = exponential(seed, Purpose.FAVOURITE_STRENGTH, ids[:, None], places[None, :])
    raw = np.where(used, 0.3 + raw, 0.0)
    order = np.argsort(-raw, axis=1, kind="stable")
    strengths = np.take_along_axis(raw, order, axis=1)
    favourites = np.take_along_axis(np.where(used, picked, -1), order, axis=1)
    return favourites.astype(np.int16), strengths / strengths[:, :1]


def _unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
