"""How much of a quota is due when, and the rules that turn a lag into a coefficient.

Formulas of course slides and notes on cold start. Time t is the share of the window that has
passed, x the share of the target that a note has, y the share that is due; all are arrays of one
shape, or broadcast to one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_STEEPEST = 20.0


def front_load(t: ArrayLike, theta: ArrayLike) -> Floats:
    """Return y(t) = 1 - (1 - t)·e^(-θt), the share of the target that is due.

    It solves y' = [1 + θ(1 - t)]·(1 - y)/(1 - t) with y(0) = 0: uniform for θ = 0, and the
    larger θ, the earlier most is due, because early impressions encourage a creator most.

    Args:
        t: share of the window that has passed; cut to 0..1.
        theta: steepness.
    """
    at = np.clip(np.asarray(t, np.float64), 0.0, 1.0)
    return np.asarray(1.0 - (1.0 - at) * np.exp(-np.asarray(theta, np.float64) * at))


def theta_through(t0: ArrayLike, y0: ArrayLike) -> Floats:
    """Return the θ whose curve passes through (t0, y0): ln[(1 - t0)/(1 - y0)]/t0.

    A later stage starts at the target of the stage before, N1 of N, whether or not the note has
    reached it: a note that is behind starts with a positive lag. A stage that begins right after
    birth would have no finite θ; it is cut at 20.

    Args:
        t0: share of the window of the stage, counted from birth, that has passed at its start.
        y0: share of its target that is due then, below 1.
    """
    at = np.clip(np.asarray(t0, np.float64), 1e-6, 1.0 - 1e-6)
    due = np.minimum(np.asarray(y0, np.float64), 1.0 - 1e-6)
    return np.asarray(np.minimum(np.log((1.0 - at) / (1.0 - due)) / at, _STEEPEST))


def table_boost(t: ArrayLike, x: ArrayLike, step: float = 0.1, cells: int = 4) -> Floats:
    """Return 1 + step·max(0, ⌊cells·t⌋ - ⌊cells·x⌋): the boost table with `cells` rows and columns.

    With a step of 0.1 and 4 cells it is the table of the slides for 100 impressions in 24 hours.
    """
    last = cells - 1
    row = np.minimum(np.floor(np.asarray(t, np.float64) * cells), last)
    column = np.minimum(np.floor(np.asarray(x, np.float64) * cells), last)
    return np.asarray(1.0 + step * np.maximum(0.0, row - column))


def lookup_boost(t: ArrayLike, x: ArrayLike, table: ArrayLike) -> Floats:
    """Return the cell of a table for each note: rows go with time, columns with impressions.

    Args:
        t: share of the window that has passed; from 1 on the last row counts.
        x: share of the target that a note has; from 1 on the last column counts.
        table: float64[rows, columns] of boosts, each axis cut into equal parts.
    """
    cells = np.asarray(table, np.float64)
    n_rows, n_columns = cells.shape
    row = np.clip(np.floor(np.asarray(t, np.float64) * n_rows), 0, n_rows - 1)
    column = np.clip(np.floor(np.asarray(x, np.float64) * n_columns), 0, n_columns - 1)
    return np.asarray(cells[row.astype(np.int64), column.astype(np.int64)])


def formula_boost(t: ArrayLike, x: ArrayLike, alpha: float, beta: float, gamma: float) -> Floats:
    """Return max{α/√(1 + βt + γx), 1}: strongest at birth, weaker with age and impressions."""
    root = np.sqrt(1.0 + beta * np.asarray(t, np.float64) + gamma * np.asarray(x, np.float64))
    return np.asarray(np.maximum(alpha / root, 1.0))


def curve_boost(lag: ArrayLike, alpha: float, gain: float = 1.0) -> Floats:
    """Return max{α·e^(gain·lag), 1} for a lag y - x behind the delivery curve."""
    exponent = np.minimum(gain * np.asarray(lag, np.float64), 50.0)
    return np.asarray(np.maximum(alpha * np.exp(exponent), 1.0))
