"""One pass over rows into sums and cross-products by arm; totals by cluster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Arms = Ints | NDArray[np.int8]
_CHUNK = 8_192
_ROUNDING = 1e-12
"""Share of its parts below which a total is what rounding left of zero."""


def row_moments(
    columns: Sequence[NDArray[np.generic]], arm: Arms, n_arms: int
) -> tuple[Floats, Floats]:
    """Read every row once and return totals and centred cross-products of each arm.

    Rows go through a buffer that stays in the processor's cache. Columns are centred at the mean of
    the first rows, so that large offsets cost no precision.

    Args:
        columns: numeric columns of one length.
        arm: arm of each row, integers 0..n_arms-1.
        n_arms: number of arms.

    Returns:
        Totals float64[n_arms, 1 + C] and cross-products about the arm's mean
        float64[n_arms, 1 + C, 1 + C]; index 0 is the column of ones, so totals[:, 0] counts rows.
    """
    means = [float(column[:_CHUNK].astype(np.float64).mean()) for column in columns]
    shift = np.array([0.0, *means])
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = _crossed(columns, arm, n_arms, shift)
        count, sums = cross[:, :1, 0], cross[:, 0, :]
        scatter = cross - sums[:, :, None] * sums[:, None, :] / count[:, :, None]
    moved = count * shift
    totals = sums + moved
    totals[np.abs(totals) <= _ROUNDING * (np.abs(sums) + np.abs(moved))] = 0.0
    return totals, scatter


def _crossed(
    columns: Sequence[NDArray[np.generic]], arm: Arms, n_arms: int, shift: Floats
) -> Floats:
    n, width = arm.size, shift.size
    buffer, masked = np.ones((width, _CHUNK)), np.empty((width, _CHUNK))
    cross = np.zeros((n_arms, width, width))
    for start in range(0, n, _CHUNK):
        stop = min(start + _CHUNK, n)
        x, y = buffer[:, : stop - start], masked[:, : stop - start]
        for j, column in enumerate(columns, 1):
            np.subtract(column[start:stop], shift[j], out=x[j])
        rest = x @ x.T
        for a in range(1, n_arms):
            np.multiply(x, arm[start:stop] == a, out=y)
            part = y @ y.T
            cross[a] += part
            rest -= part
        cross[0] += rest
    return cross


def cluster_totals(columns: Sequence[NDArray[np.generic]], cell: Ints, n_cells: int) -> Floats:
    """Sum the columns, and a column of ones, over the rows of each cell.

    Args:
        columns: numeric columns of one length.
        cell: cell of each row, integers 0..n_cells-1.
        n_cells: number of cells.

    Returns:
        float64[n_cells, 1 + C].
    """
    out = np.empty((n_cells, 1 + len(columns)))
    out[:, 0] = np.bincount(cell, minlength=n_cells)
    for j, column in enumerate(columns, 1):
        out[:, j] = np.bincount(cell, column, n_cells)
    return out
