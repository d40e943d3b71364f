"""Newest-first lists of notes, one for each value of a key, and how requests read them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recall import kernels
from simulator.contracts.batches import RequestBatch
from simulator.contracts.views import PlatformView

G = TypeVar("G", bound=np.generic)


def frozen(array: NDArray[G]) -> NDArray[G]:
    """Return a read-only view, the kind of array that the list kernels are compiled for."""
    view = array[:]
    view.flags.writeable = False
    return view


def build_lists(
    keys: NDArray[np.int32], view: PlatformView, n_lists: int, length: int
) -> NDArray[np.int32]:
    """List the newest live notes of each key.

    Args:
        keys: int32[n, W], list numbers of the live notes, -1 where unused.
        view: the platform; gives the first live row.
        n_lists: number of lists.
        length: places in a list.

    Returns:
        int32[n_lists, length] note rows, newest first, -1 where there are fewer.
    """
    return np.asarray(kernels.newest_lists(frozen(keys), view.live_start, n_lists, length))


def seed_lists(
    requests: RequestBatch, view: PlatformView, keys: NDArray[np.int32], n_last: int
) -> NDArray[np.int32]:
    """Return int32[B, n_last * W], the lists of the notes that readers last interacted with.

    Args:
        requests: the requests.
        view: the platform; gives the readers' history.
        keys: int32[N, W], list numbers by note row, -1 where unused.
        n_last: how many notes of each reader to look at.
    """
    reader_idx = frozen(requests.reader_idx)
    return np.asarray(kernels.seed_lists(view.readers.recent, reader_idx, frozen(keys), n_last))


def interest_lists(
    requests: RequestBatch, view: PlatformView, tie_key: np.uint64, n: int
) -> NDArray[np.int32]:
    """Return int32[B, n], the categories that readers like best; list c is that of category c.

    Args:
        requests: the requests.
        view: the platform; gives the readers' interests.
        tie_key: key of the stream that orders equal interests.
        n: how many categories.
    """
    reader_idx = frozen(requests.reader_idx)
    return np.asarray(kernels.top_interests(view.readers.category_profile, reader_idx, tie_key, n))


def read_lists(
    lists: NDArray[np.int32],
    wanted: NDArray[np.int32],
    k: int,
    requests: RequestBatch,
    view: PlatformView,
    max_similarity: float = 1.0,
) -> NDArray[np.int32]:
    """Return int32[B, k] distinct notes of the wanted lists, taken in turn, -1 after the last.

    Args:
        lists: int32[n_lists, m], from `build_lists`.
        wanted: int32[B, S] list numbers, most wanted first, may repeat, -1 where unused.
        k: most notes for a request.
        requests: the requests.
        view: the platform.
        max_similarity: with `wanted` of one place for each recent note, pass over notes whose
            cosine with a recent note of the same list is above this; 1 passes over none.
    """
    return np.asarray(
        kernels.gather(
            lists, wanted, k, frozen(requests.reader_idx), view.readers.recent,
            view.notes.embedding, max_similarity,
        )
    )  # fmt: skip
