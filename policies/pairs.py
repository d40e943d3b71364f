"""Pairs of reader and supported note among the candidates of a batch, for policies that gate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.promises import Promises
from simulator.contracts.batches import Candidates, RequestBatch
from simulator.contracts.events import Kind
from simulator.contracts.views import PlatformView


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates with an open promise.

    Attributes:
        row, column: int64[p], where they stand in the batch.
        reader_idx, note_idx: int32[p].
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    reader_idx: NDArray[np.int32]
    note_idx: NDArray[np.int32]


def promised_pairs(
    promises: Promises, requests: RequestBatch, candidates: Candidates
) -> Pairs | None:
    """Return the candidates whose notes have an open promise; None when there are none."""
    row, column = np.nonzero(promises.is_open(candidates.note_idx))
    if not row.size:
        return None
    reader = requests.reader_idx[row]
    return Pairs(row, column, reader, candidates.note_idx[row, column])


def affinity(
    view: PlatformView, reader_idx: NDArray[np.int32], note_idx: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return float64[p], inner product of each reader's vector and note's embedding."""
    products = view.readers.vector[reader_idx] * view.notes.embedding[note_idx]
    return np.asarray(products.sum(axis=1, dtype=np.float64))


def reader_rates(
    view: PlatformView, reader_idx: NDArray[np.int32], usual: float, belief: float
) -> NDArray[np.float64]:
    """Return float64[p], click rates of readers, shrunk to the usual one.

    Args:
        view: the platform.
        reader_idx: int32[p].
        usual: click rate of the usual reader.
        belief: impressions for which the usual reader counts.
    """
    totals = view.readers.totals[reader_idx]
    clicks = totals[:, Kind.CLICK].astype(np.float64) + belief * usual
    return np.asarray(clicks / (totals[:, Kind.IMPRESSION] + belief))
