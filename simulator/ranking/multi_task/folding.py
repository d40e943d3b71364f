"""From a trained network to the arrays that the serving kernels read."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS, Head
from simulator.contracts.plugins import Arrays
from simulator.ranking.features import N_NOTE_FEATURES, PAIR_START, READER_START
from simulator.ranking.multi_task.inputs import (
    N_LOGGED,
    N_PAIR,
    PROFILE_SCALE,
    Shape,
    embedding_scale,
    shifts_and_scales,
)
from simulator.ranking.multi_task.layer_kernels import Weights

_UNROLLED: Final = 8
_TOGETHER: Final = 4


def fold(arrays: Arrays, shape: Shape, smearing: float, negative_rate: float) -> Weights:
    """Lay out a network for serving.

    Scales of inputs go into weights and shifts into constants, so kernels read raw features. The
    click's logit gains log(negative rate), which undoes the sampling of negatives: the same as
    p = a·p' / ((1 - p') + a·p') (He et al., ADKDD 2014).

    Args:
        arrays: parameters of the network.
        shape: its sizes.
        smearing: factor from exp(mean logarithm) to the mean, for the dwell head.
        negative_rate: share a of negatives that it learned from.
    """
    first, expert = _pairs(shape)
    columns = _columns(arrays, shape, first, expert)
    shift, scale = shifts_and_scales()
    features = columns[:N_LOGGED] / scale[:, None]
    features[0] = columns[0] - (features[1:] * shift[1:, None]).sum(axis=0)
    features[0, -N_HEADS + Head.CLICK] += math.log(negative_rate)
    features[0, -N_HEADS + Head.DWELL] += math.log(smearing)
    embedding, category, profile, products = _blocks(columns, shape)
    pair = np.zeros((-(-(N_PAIR + products.shape[0]) // _UNROLLED) * _UNROLLED, columns.shape[1]))
    pair[:N_PAIR] = features[PAIR_START:]
    pair[N_PAIR : N_PAIR + products.shape[0]] = products
    note = np.concatenate([features[:READER_START], embedding * embedding_scale(len(embedding))])
    side = np.zeros((note.shape[0], shape.n_interactions))
    side[N_NOTE_FEATURES:] = arrays["note_side"]
    return Weights(
        note=_single(np.concatenate([note, side], axis=1)),
        category=_single(np.pad(category, ((0, 0), (0, shape.n_interactions)))),
        reader=_single(
            np.concatenate([features[READER_START:PAIR_START], profile * PROFILE_SCALE])
        ),
        interaction=_single(arrays["reader_side"]),
        pair=_single(pair),
        tower=_single(np.pad(arrays["tower"], ((0, -shape.width % _TOGETHER), (0, 0))).T),
        first=first,
        expert=expert,
        n_gates=expert.size if shape.is_gated else 0,
    )


def _pairs(shape: Shape) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first pair of each head, int64[N_HEADS + 1], and the expert of each pair."""
    first = np.cumsum([0, *map(len, shape.experts)], dtype=np.int64)
    return first, np.array([e for of_head in shape.experts for e in of_head], np.int64)


def _columns(
    arrays: Arrays, shape: Shape, first: NDArray[np.int64], expert: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return float64[n_inputs, M]: experts, gates of the pairs that there are, linear parts."""
    experts = arrays["experts"].reshape(-1, shape.n_experts, shape.width)
    padded = np.pad(experts, ((0, 0), (0, 0), (0, -shape.width % _TOGETHER)))
    parts = [padded.reshape(experts.shape[0], -1), arrays["linear"]]
    if shape.is_gated:
        head = np.repeat(np.arange(N_HEADS), np.diff(first))
        parts.insert(1, arrays["gates"][:, expert * N_HEADS + head])
    return np.concatenate(parts, axis=1).astype(np.float64)


def _blocks(columns: NDArray[np.float64], shape: Shape) -> list[NDArray[np.float64]]:
    """Return the rows of embedding, category, profile and products."""
    sizes = [N_LOGGED, shape.embedding_dim, shape.n_categories, shape.n_categories]
    return np.split(columns, np.cumsum(sizes))[1:]


def _single(values: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
