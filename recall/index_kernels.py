"""Compiled search in packed vectors: scan lists of blocks, then select the best.

Vectors lie in blocks of `LANES`, stored dimension by dimension (`float32[d, LANES]`), so that a
block's inner products with one query are computed side by side. Each query is computed alone and
in a fixed order of sums: its result never depends on the rest of the batch.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LANES = 64
"""Vectors in a block; also what a compiler can turn into vector instructions."""

MOST_BINS = 512
"""Bins of the score histogram by which the best are selected, when there are as many scores."""


@njit(cache=True)
def pack(
    vectors: NDArray[np.float32],
    ids: NDArray[np.int32],
    assigned: NDArray[np.int32],
    first_block: NDArray[np.int32],
    blocks: NDArray[np.float32],
    packed_ids: NDArray[np.int32],
) -> None:
    """Write vectors into the blocks of the lists they are assigned to, in row order.

    Args:
        vectors: float32[n, d].
        ids: int32[n].
        assigned: int32[n], list of each vector.
        first_block: int32[n_lists + 1], first block of each list.
        blocks: float32[n_blocks, d', LANES] with d' >= d, all zero; filled.
        packed_ids: int32[n_blocks * LANES], all -1; filled.
    """
    filled = np.zeros(first_block.shape[0], np.int32)
    for i in range(vectors.shape[0]):
        to = assigned[i]
        place = first_block[to] * LANES + filled[to]
        filled[to] += 1
        packed_ids[place] = ids[i]
        block, lane = place // LANES, place % LANES
        for j in range(vectors.shape[1]):
            blocks[block, j, lane] = vectors[i, j]


@njit(cache=True)
def _scan(
    blocks: NDArray[np.float32],
    first: int,
    end: int,
    query: NDArray[np.float32],
    scores: NDArray[np.float32],
    at: int,
) -> None:
    for b in range(first, end):
        start = at + (b - first) * LANES
        total = scores[start : start + LANES]
        block = blocks[b]
        for lane in range(LANES):
            total[lane] = 0
        for j in range(0, block.shape[0], 4):
            x0, x1, x2, x3 = block[j], block[j + 1], block[j + 2], block[j + 3]
            q0, q1, q2, q3 = query[j], query[j + 1], query[j + 2], query[j + 3]
            for lane in range(LANES):
                total[lane] += (q0 * x0[lane] + q1 * x1[lane]) + (q2 * x2[lane] + q3 * x3[lane])


@njit(cache=True)
def select(
    scores: NDArray[np.float32],
    n: int,
    bound: np.float32,
    k: int,
    bin_of: NDArray[np.int32],
    order: NDArray[np.int32],
) -> int:
    """Find the k largest of n scores; ties keep their order.

    A histogram finds the bin that the k-th falls into, a counting sort by bin brings what lies
    above it nearly into order, and an insertion sort finishes.

    Args:
        scores: float32, the first n are looked at.
        n: number of scores.
        bound: scores lie between -bound and bound; beyond that the result is still right, only
            slower.
        k: how many to find.
        bin_of: int32, at least n places of scratch.
        order: int32, at least n places; the first places receive the positions, best first.

    Returns:
        How many were found: min(k, n).
    """
    n_bins = min(max(n, 16), MOST_BINS)
    counts = np.zeros(n_bins, np.int32)
    scale = np.float32(0.5 * n_bins) / max(bound, np.float32(1e-20))
    for i in range(n):
        place = int((scores[i] + bound) * scale)
        place = min(max(place, 0), n_bins - 1)
        bin_of[i] = place
        counts[place] += 1
    lowest, above = n_bins, 0
    while lowest > 0 and above < k:
        lowest -= 1
        start = above
        above += counts[lowest]
        counts[lowest] = start
    for i in range(n):
        if bin_of[i] >= lowest:
            order[counts[bin_of[i]]] = i
            counts[bin_of[i]] += 1
    for a in range(1, above):
        i = order[a]
        score = scores[i]
        c = min(a, k)
        if c == k and score <= scores[order[k - 1]]:
            continue
        c = min(c, k - 1)
        while c > 0 and scores[order[c - 1]] < score:
            order[c] = order[c - 1]
            c -= 1
        order[c] = i
    return min(k, above)


@njit(cache=True)
def _length(vector: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for j in range(vector.shape[0]):
        total += vector[j] * vector[j]
    return np.float32(np.sqrt(total))


@njit(cache=True)
def search(
    queries: NDArray[np.float32],
    coarse: NDArray[np.float32],
    blocks: NDArray[np.float32],
    packed_ids: NDArray[np.int32],
    first_block: NDArray[np.int32],
    sizes: NDArray[np.int32],
    n_probe: int,
    scan: int,
    out: NDArray[np.int32],
) -> None:
    """Find the vectors of largest inner product with each query.

    Args:
        queries: float32[B, d].
        coarse: float32[c, d', LANES], packed centroids of the lists; not used for one list.
        blocks, packed_ids, first_block: see `pack`.
        sizes: int32[n_lists], vectors in each list.
        n_probe: most lists to look into, nearest first.
        scan: look into no further list once so many vectors were compared.
        out: int32[B, k], all -1; receives ids, best first. A query of length 0 finds nothing.
    """
    n_lists, k = sizes.shape[0], out.shape[1]
    longest = 0
    for listed in range(n_lists):
        longest = max(longest, sizes[listed])
    room = max(min(blocks.shape[0] * LANES, scan + longest), coarse.shape[0] * LANES) + LANES
    scores = np.empty(room, np.float32)
    ids = np.empty(room, np.int32)
    bin_of = np.empty(room, np.int32)
    order = np.empty(room, np.int32)
    probes = np.zeros(n_probe, np.int32)
    query = np.zeros(blocks.shape[1], np.float32)
    for b in range(queries.shape[0]):
        bound = _length(queries[b])
        if bound == 0:
            continue
        for j in range(queries.shape[1]):
            query[j] = queries[b, j]
        if n_lists > 1:
            _scan(coarse, 0, coarse.shape[0], query, scores, 0)
            select(scores, n_lists, bound, n_probe, bin_of, order)
            for p in range(n_probe):
                probes[p] = order[p]
        n = 0
        for p in range(n_probe):
            listed = probes[p]
            start = first_block[listed] * LANES
            _scan(blocks, first_block[listed], first_block[listed + 1], query, scores, n)
            for i in range(sizes[listed]):
                ids[n + i] = packed_ids[start + i]
            n += sizes[listed]
            if n >= scan:
                break
        for a in range(select(scores, n, bound, k, bin_of, order)):
            out[b, a] = ids[order[a]]
