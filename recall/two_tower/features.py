"""What the towers read beside ID vectors: the same columns when logging and when serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recall.lists import frozen
from recall.two_tower.feature_kernels import N_ACTIVITY, reader_rows
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

if TYPE_CHECKING:
    from recall.two_tower.id_table import IdTable

_NO_IDS = np.empty((1, 0), np.float32)


def reader_width(spec: PlatformSpec) -> int:
    """Return the number of columns of `reader_features`."""
    return spec.n_categories + spec.embedding_dim + N_ACTIVITY


def note_width(spec: PlatformSpec, *, with_content: bool) -> int:
    """Return the number of columns of `note_features`."""
    return spec.n_categories + 1 + with_content * spec.embedding_dim


def reader_features(view: PlatformView, reader_idx: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return float32[B, C + D + 3]: category profile, mean content, activity.

    Profile and mean content of a reader of whom nothing is known are what the platform has.

    Args:
        view: the platform.
        reader_idx: int32[B].
    """
    return _rows(view, reader_idx, _NO_IDS, np.empty(0, np.int32), _NO_IDS[0])


def reader_inputs(
    view: PlatformView, reader_idx: NDArray[np.int32], table: IdTable
) -> NDArray[np.float32]:
    """Return float32[B, d + C + D + 3]: ID vector, then `reader_features`.

    A reader on whom no full training has seen a click has the shared ID vector.

    Args:
        view: the platform.
        reader_idx: int32[B].
        table: ID vectors of readers, from the first on.
    """
    return _rows(view, reader_idx, table.vectors, table.clicks, table.default[0])


def _rows(
    view: PlatformView,
    reader_idx: NDArray[np.int32],
    ids: NDArray[np.float32],
    clicks: NDArray[np.int32],
    shared: NDArray[np.float32],
) -> NDArray[np.float32]:
    width = shared.shape[0] + reader_width(view.spec)
    out = np.empty((reader_idx.shape[0], width), np.float32)
    readers = view.readers
    reader_rows(
        frozen(reader_idx), ids, clicks, shared, readers.category_profile, readers.vector,
        readers.totals, readers.active_days, out,
    )  # fmt: skip
    return out


def note_features(
    view: PlatformView, rows: NDArray[np.int32], *, with_content: bool
) -> NDArray[np.float32]:
    """Return float32[n, C + 1 + D]: category (one column each), video or not, content.

    There are no statistics of a note among them: a new note has none, and a tower that leans on
    them places new notes where notes without clicks belong.

    Args:
        view: the platform.
        rows: int32[n].
        with_content: whether the D columns of the content embedding are there.
    """
    notes, c = view.notes, view.spec.n_categories
    out = np.zeros((rows.shape[0], note_width(view.spec, with_content=with_content)), np.float32)
    out[np.arange(rows.shape[0]), notes.category[rows]] = 1
    out[:, c] = notes.is_video[rows]
    if with_content:
        out[:, c + 1 :] = notes.embedding[rows]
    return out
