"""Adjustment of p-values for several comparisons, inside families."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError

Method = Literal["holm", "bh", "none"]


def adjust(
    p: ArrayLike, family: Sequence[Hashable] | None = None, method: Method = "holm"
) -> NDArray[np.float64]:
    """Adjust p-values within families.

    Args:
        p: p-values, float[n]; missing ones stay missing and do not count.
        family: family of each p-value; one family by default.
        method: `holm` bounds the chance of any false finding in a family, `bh` the expected share
            of false findings (Benjamini and Hochberg), `none` leaves the p-values alone.

    Raises:
        AnalysisError: unknown method, or lengths differ.
    """
    values = np.asarray(p, np.float64).copy()
    families = [0] * values.size if family is None else list(family)
    if len(families) != values.size:
        raise AnalysisError("every p-value needs a family")
    if method == "none":
        return values
    if method not in _STEPS:
        raise AnalysisError(f"unknown method {method!r}; allowed: 'holm', 'bh', 'none'")
    for name in dict.fromkeys(families):
        members = np.array([f == name for f in families]) & np.isfinite(values)
        if members.any():
            values[members] = _STEPS[method](values[members])
    return values


def _holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(p)
    out = np.empty_like(p)
    out[order] = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return np.minimum(out, 1.0)


def _benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(p)[::-1]
    out = np.empty_like(p)
    out[order] = np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1))
    return np.minimum(out, 1.0)


# statsmodels has both, but collects garbage on every call, which takes longer than an analysis.
_STEPS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "holm": _holm,
    "bh": _benjamini_hochberg,
}
