"""A cohort: a fixed share of notes or creators, the same in every world of a seed."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Config, knob
from simulator.contracts.random import uniform
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

_PURPOSE: Final = "policy.cohort"


class CohortConfig(Config):
    """Which notes a policy is for; the others stay as they would be without it."""

    share: float = knob(..., "Share of notes, or of creators, in the cohort.", ge=0, le=1)
    by: Literal["note", "creator"] = knob(
        "note", "`note`: each note is drawn; `creator`: creators are drawn, with all their notes."
    )
    salt: int = knob(0, "Another number draws another cohort.", ge=0, le=2**31 - 1)


def in_cohort(
    config: CohortConfig,
    seed: int,
    creator_id: NDArray[np.integer],
    published_t: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return bool[n], True for the notes of the cohort.

    A note is known by its creator and the second of its publication. Both are visible to the
    platform and, unlike its row, the same in every world in which the note is published.

    Args:
        config: the cohort.
        seed: replication seed.
        creator_id: int[n], row of the note's creator among the readers.
        published_t: float64[n], seconds.
    """
    purpose = f"{_PURPOSE}:{config.salt}"
    if config.by == "creator":
        return uniform(seed, purpose, creator_id) < config.share
    second = np.floor(published_t).astype(np.int64)
    return uniform(seed, purpose, creator_id, second) < config.share


def keep_cohort(
    support: NoteSupport, view: PlatformView, config: CohortConfig
) -> NoteSupport | None:
    """Return the part of a policy's support that goes to a cohort; None when no note is left."""
    rows = support.note_idx
    creator_id = view.creators.reader_idx[view.notes.creator_idx[rows]]
    chosen = in_cohort(config, view.spec.seed, creator_id, view.notes.published_t[rows])
    if not chosen.any():
        return None
    return NoteSupport(
        note_idx=rows[chosen],
        pre_rank=support.pre_rank[chosen],
        rank=support.rank[chosen],
        price=support.price[chosen],
        remaining=support.remaining[chosen],
        insert=support.insert[chosen],
    )
