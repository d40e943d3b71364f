"""Identities of notes for keyed draws: the same in every world of a seed, unlike rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.views import PlatformView


def note_ids(
    view: PlatformView, rows: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the creator (as a reader, int32[m]) and the second of publication (int64[m])."""
    creator = view.creators.reader_idx[view.notes.creator_idx[rows]]
    return creator, np.floor(view.notes.published_t[rows]).astype(np.int64)
