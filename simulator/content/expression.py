"""Visible traces of what a note expresses: a fixed projection that covers and titles share."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.random import generator

N_TRACES: Final = 12
"""Numbers a cover shows: hues, saturation, brightness, stripes, places."""

MOOD_TRACES: Final = 6
"""Leading traces that titles put into words: the strongest of them names the mood."""

_SPREAD: Final = 1.2


def traces(expression: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what covers show of the content part of appeal.

    A random projection keeps distances about as they are (Johnson, Lindenstrauss 1984). It does
    not depend on the seed of a run, so that one trained network serves every world.

    Args:
        expression: float32[n, Dc].

    Returns:
        float64[n, N_TRACES] within (-1, 1).
    """
    directions = _directions(expression.shape[1])
    raw = np.zeros((expression.shape[0], N_TRACES))
    for axis in range(expression.shape[1]):
        raw += expression[:, axis, None] * directions[axis]
    return np.asarray(np.tanh(raw / _SPREAD))


def moods(trace: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return int64[n] in [0, 2 * MOOD_TRACES): the strongest leading trace and its sign."""
    leading = trace[:, :MOOD_TRACES]
    strongest = np.abs(leading).argmax(axis=1)
    negative = leading[np.arange(trace.shape[0]), strongest] < 0
    return np.asarray(2 * strongest + negative)


@cache
def _directions(width: int) -> NDArray[np.float64]:
    return generator(0, f"content.traces.{width}").standard_normal((width, N_TRACES))
