"""Kinds of reader feedback, in the order in which every counter array stores them."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

DAY_S: Final = 86_400
HOUR_S: Final = 3_600


class Kind(IntEnum):
    """Column of a counter array. Counts, except `DWELL`, which sums seconds."""

    IMPRESSION = 0
    CLICK = 1
    LIKE = 2
    COLLECT = 3
    COMMENT = 4
    SHARE = 5
    FOLLOW = 6
    HIDE = 7
    DWELL = 8


N_KINDS: Final = len(Kind)


class Window(IntEnum):
    """Index of a decayed counter window; the 30-day window is the note's life total."""

    HOUR = 0
    DAY = 1
    WEEK = 2


WINDOW_S: Final = np.array([HOUR_S, DAY_S, 7 * DAY_S], dtype=np.float64)
"""Time constants of the decayed windows, seconds."""


class Head(IntEnum):
    """Column of a ranker's prediction array.

    `CLICK` is per impression; the others are conditional on a click. `DWELL` is expected
    seconds after a click.
    """

    CLICK = 0
    LIKE = 1
    COLLECT = 2
    COMMENT = 3
    SHARE = 4
    DWELL = 5


N_HEADS: Final = len(Head)


class Arm(IntEnum):
    """Arm of a reader or a note in an experiment; everything is 0 where there is none."""

    CONTROL = 0
    TREATMENT = 1
    OUTSIDE = 2


N_ARMS: Final = len(Arm)


class SlotKind(IntEnum):
    """What may fill a slot of a slate."""

    ANY = 0
    OLD = 1
    NEW = 2
    INSERT = 3
    EXPLORE = 4
