"""Writes notes: topic, keywords, quality, appeal and flags, all keyed by the note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.content import Encoder, NoteContent
from simulator.contracts.events import DAY_S
from simulator.contracts.random import hashed, normal, uniform
from simulator.world.config import NotesConfig, WorldConfig
from simulator.world.latent import Geometry, draw_appeals, draw_keywords
from simulator.world.plans import NewNotes, PublishPlan
from simulator.world.purposes import Purpose
from simulator.world.tables import CreatorTruth, NoteTruth


def write_notes(
    notes: NoteTruth,
    creators: CreatorTruth,
    plan: PublishPlan,
    geometry: Geometry,
    config: WorldConfig,
    seed: int,
    start_day: int,
    encoder: Encoder,
) -> NewNotes:
    """Append the truth of planned notes and return what the platform sees of them.

    A note's key comes from its creator's reader, the day and the serial number, so that the
    same note exists in every world in which it is published.
    """
    creator = plan.creator_idx
    reader = creators.reader_idx[creator]
    day = np.floor(plan.t / DAY_S).astype(np.int64) + start_day
    key = hashed(seed, Purpose.NOTE, reader, day, plan.serial)
    category = _draw_topic(creators, creator, key, seed)
    within = draw_keywords(geometry, config, seed, key)
    first = category.astype(np.int64)[:, None] * config.notes.keywords_per_category
    columns: dict[str, NDArray[np.generic]] = {
        "key": key,
        "creator_idx": creator,
        "published_t": plan.t,
        "category": category,
        "keywords": np.where(within >= 0, first + within, -1).astype(np.int32),
        "is_video": _flag(seed, Purpose.NOTE_VIDEO, key, config.notes.video_share),
        "appeal": draw_appeals(geometry, config, seed, key, category, within),
        "quality": _draw_quality(creators, creator, key, config.notes, seed),
    }
    rows = notes.append(plan.n, columns)
    return NewNotes(
        creator_idx=notes.creator_idx[rows].copy(),
        published_t=notes.published_t[rows].copy(),
        category=notes.category[rows].copy(),
        keywords=notes.keywords[rows].copy(),
        is_video=notes.is_video[rows].copy(),
        is_promoted=_flag(seed, Purpose.NOTE_PROMOTED, key, config.notes.promoted_share),
        has_card=_flag(seed, Purpose.NOTE_CARD, key, config.notes.card_share),
        embedding=encoder.encode(note_content(notes, creators, rows, config.notes.content_dim)),
        key=key,
    )


def note_content(
    notes: NoteTruth,
    creators: CreatorTruth,
    rows: slice | NDArray[np.integer],
    content_dim: int,
) -> NoteContent:
    """Return what an encoder may see of notes: everything but the hidden part of appeal."""
    return NoteContent(
        key=notes.key[rows],
        creator=creators.reader_idx[notes.creator_idx[rows]],
        category=notes.category[rows],
        keywords=notes.keywords[rows],
        is_video=notes.is_video[rows],
        expression=notes.appeal[rows, :content_dim],
        quality=notes.quality[rows],
    )


def _draw_topic(
    creators: CreatorTruth, creator: NDArray[np.int32], key: NDArray[np.uint64], seed: int
) -> NDArray[np.int16]:
    edges = np.cumsum(creators.topic_weights[creator].astype(np.float64), axis=1)
    u = uniform(seed, Purpose.NOTE_TOPIC, key) * edges[:, -1]
    place = (u[:, None] >= edges[:, :-1]).sum(axis=1)
    return np.asarray(creators.topics[creator, place])


def _draw_quality(
    creators: CreatorTruth,
    creator: NDArray[np.int32],
    key: NDArray[np.uint64],
    config: NotesConfig,
    seed: int,
) -> NDArray[np.float32]:
    share = config.creator_quality_share
    own = normal(seed, Purpose.NOTE_QUALITY, key)
    quality = np.sqrt(share) * creators.quality[creator] + np.sqrt(1.0 - share) * own
    return np.asarray(quality, np.float32)


def _flag(seed: int, purpose: str, key: NDArray[np.uint64], share: float) -> NDArray[np.uint8]:
    return (uniform(seed, purpose, key) < share).astype(np.uint8)
