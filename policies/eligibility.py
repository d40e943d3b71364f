"""Which notes a simple policy supports: young ones, until they have been shown enough."""

from __future__ import annotations

import numpy as np

from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


def young_notes(
    view: PlatformView, max_age_s: float, until_impressions: int | None
) -> NoteSupport | None:
    """Return neutral support of notes younger than an age and below a count of impressions.

    Args:
        view: the platform.
        max_age_s: age at which support ends, seconds.
        until_impressions: impressions at which it ends, or None; what is left is `remaining`.

    Returns:
        The support, which the caller may change, or None when it has no note.
    """
    first = max(view.first_younger_than(max_age_s), view.live_start)
    if until_impressions is None:
        rows = np.arange(first, view.notes.n, dtype=np.int32)
        return NoteSupport.of(rows) if rows.size else None
    left = until_impressions - view.notes.impressions[first:]
    below = np.flatnonzero(left > 0)
    if not below.size:
        return None
    support = NoteSupport.of((below + first).astype(np.int32))
    support.remaining = np.ceil(left[below]).astype(np.int32)
    return support
