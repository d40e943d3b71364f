"""Dense layers summed in a fixed order: a row's result never depends on its batch.

Matrix libraries choose the order of sums by the shape of the whole batch, so the last bits of a
row would depend on its neighbours. Here inputs are added one after the other; the loop over
outputs is what the compiler turns into vector instructions.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def dense(
    x: NDArray[np.float32],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    is_relu: bool,
    out: NDArray[np.float32],
) -> None:
    """Write `x @ weight + bias`, cut at 0 when `is_relu`.

    Args:
        x: float32[n, i].
        weight: float32[i, o], C order.
        bias: float32[o].
        is_relu: whether to apply a rectifier.
        out: float32[n, o], overwritten.
    """
    zero = np.float32(0.0)
    for row in range(x.shape[0]):
        for o in range(out.shape[1]):
            out[row, o] = bias[o]
        for i in range(x.shape[1]):
            value = x[row, i]
            if value != zero:
                for o in range(out.shape[1]):
                    out[row, o] += value * weight[i, o]
        if is_relu:
            for o in range(out.shape[1]):
                out[row, o] = max(out[row, o], zero)


@njit(cache=True)
def unit_rows(x: NDArray[np.float32]) -> None:
    """Scale each row to unit length in place; a row of zeros stays."""
    for row in range(x.shape[0]):
        total = np.float32(0.0)
        for i in range(x.shape[1]):
            total += x[row, i] * x[row, i]
        if total > 0.0:
            scale = np.float32(1.0) / np.sqrt(total)
            for i in range(x.shape[1]):
                x[row, i] *= scale
