"""Compiled parts of the channels that read newest-first lists."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.random import mix


@njit(cache=True)
def newest_lists(
    keys: NDArray[np.int32], first_row: int, n_lists: int, length: int
) -> NDArray[np.int32]:
    """List the newest notes of each key.

    Args:
        keys: int32[n, W], list numbers of note rows `first_row` and on, -1 where unused.
        first_row: row of the first note.
        n_lists: number of lists.
        length: places in a list.

    Returns:
        int32[n_lists, length] note rows, newest first, -1 where there are fewer.
    """
    lists = np.full((n_lists, length), -1, np.int32)
    filled = np.zeros(n_lists, np.int32)
    n_open = n_lists
    for i in range(keys.shape[0] - 1, -1, -1):
        if n_open == 0:
            break
        for w in range(keys.shape[1]):
            key = keys[i, w]
            if key < 0 or filled[key] == length:
                continue
            at = filled[key]
            if at > 0 and lists[key, at - 1] == first_row + i:
                continue
            lists[key, at] = first_row + i
            filled[key] = at + 1
            n_open -= filled[key] == length
    return lists


@njit(cache=True)
def top_interests(
    profile: NDArray[np.float32], reader_idx: NDArray[np.int32], key: np.uint64, n: int
) -> NDArray[np.int32]:
    """Return int32[B, n], the categories a reader likes best, best first.

    Equal shares are ordered from a category that depends on the reader, so that readers of whom
    nothing is known do not all get the same ones.

    Args:
        profile: float32[R, C], share of interest by category.
        reader_idx: int32[B].
        key: key of the stream that orders equal shares.
        n: how many; places beyond C hold -1.
    """
    n_categories = profile.shape[1]
    out = np.full((reader_idx.shape[0], n), -1, np.int32)
    for b in range(reader_idx.shape[0]):
        reader = reader_idx[b]
        start = np.int64(mix(key, np.uint64(reader)) % np.uint64(n_categories))
        for place in range(min(n, n_categories)):
            best = -1
            for step in range(n_categories):
                category = (start + step) % n_categories
                taken = False
                for earlier in range(place):
                    taken |= out[b, earlier] == category
                if not taken and (best < 0 or profile[reader, category] > profile[reader, best]):
                    best = category
            out[b, place] = best
    return out


@njit(cache=True)
def seed_lists(
    recent: NDArray[np.int32], reader_idx: NDArray[np.int32], keys: NDArray[np.int32], n_last: int
) -> NDArray[np.int32]:
    """Return int32[B, n_last * W], the lists of the notes a reader last interacted with.

    Args:
        recent: int32[R, L], interacted notes, newest first, -1 where empty.
        reader_idx: int32[B].
        keys: int32[N, W], list numbers by note row, -1 where unused; rows beyond have none.
        n_last: how many notes of each reader to look at.
    """
    width = keys.shape[1]
    out = np.full((reader_idx.shape[0], n_last * width), -1, np.int32)
    for b in range(reader_idx.shape[0]):
        for s in range(min(n_last, recent.shape[1])):
            seed = recent[reader_idx[b], s]
            if 0 <= seed < keys.shape[0]:
                for w in range(width):
                    out[b, s * width + w] = keys[seed, w]
    return out


@njit(cache=True)
def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> np.float32:
    """Return the inner product of two vectors, in a fixed order of sums."""
    s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    whole = a.shape[0] // 4 * 4
    for j in range(0, whole, 4):
        s0 += a[j] * b[j]
        s1 += a[j + 1] * b[j + 1]
        s2 += a[j + 2] * b[j + 2]
        s3 += a[j + 3] * b[j + 3]
    for j in range(whole, a.shape[0]):
        s0 += a[j] * b[j]
    return (s0 + s1) + (s2 + s3)


@njit(cache=True)
def _is_near_duplicate(
    note: int,
    listed: int,
    wanted: NDArray[np.int32],
    recent: NDArray[np.int32],
    vectors: NDArray[np.float32],
    max_similarity: float,
) -> bool:
    for s in range(wanted.shape[0]):
        if wanted[s] == listed and (similarity(vectors[recent[s]], vectors[note]) > max_similarity):
            return True
    return False


@njit(cache=True)
def gather(
    lists: NDArray[np.int32],
    wanted: NDArray[np.int32],
    k: int,
    reader_idx: NDArray[np.int32],
    recent: NDArray[np.int32],
    vectors: NDArray[np.float32],
    max_similarity: float,
) -> NDArray[np.int32]:
    """Take notes from the wanted lists in turn: the first of each, then the second of each.

    Args:
        lists: int32[n_lists, m] note rows, -1 after the last of a list.
        wanted: int32[B, S] list numbers, most wanted first, may repeat, -1 where unused.
        k: most notes for a request.
        reader_idx, recent: with a limit, place s of `wanted` is the list of the reader's s-th
            most recent note.
        vectors: float32[N, d], unit length.
        max_similarity: pass over notes more similar than this to a seed of the same list; at 1
            or more nothing is compared.

    Returns:
        int32[B, k] distinct note rows, -1 after the last.
    """
    room = 16
    while room < 2 * k:
        room *= 2
    placed = np.empty(room, np.int32)
    stamp = np.full(room, -1, np.int32)
    distinct = np.empty(wanted.shape[1], np.int32)
    out = np.full((wanted.shape[0], k), -1, np.int32)
    for b in range(wanted.shape[0]):
        n_lists, n = 0, 0
        for s in range(wanted.shape[1]):
            known = wanted[b, s] < 0
            for t in range(n_lists):
                known |= distinct[t] == wanted[b, s]
            if not known:
                distinct[n_lists] = wanted[b, s]
                n_lists += 1
        for m in range(lists.shape[1]):
            n_ended = 0
            for t in range(n_lists):
                listed = distinct[t]
                note = lists[listed, m]
                if note < 0:
                    n_ended += 1
                    continue
                at = note & (room - 1)
                while stamp[at] == b and placed[at] != note:
                    at = (at + 1) & (room - 1)
                if n == k or stamp[at] == b:
                    continue
                if max_similarity < 1 and _is_near_duplicate(
                    note, listed, wanted[b], recent[reader_idx[b]], vectors, max_similarity
                ):
                    continue
                stamp[at], placed[at] = b, note
                out[b, n] = note
                n += 1
            if n == k or n_ended == n_lists:
                break
    return out
