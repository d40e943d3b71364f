"""What the towers read beside ID vectors: the same columns when logging and when serving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Kind
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_N_ACTIVITY = 3
_PRIOR_IMPRESSIONS = 50.0
_PRIOR_CLICK_RATE = 0.1


def reader_width(spec: PlatformSpec) -> int:
    """Return the number of columns of `reader_features`."""
    return spec.n_categories + spec.embedding_dim + _N_ACTIVITY


def note_width(spec: PlatformSpec, *, with_content: bool) -> int:
    """Return the number of columns of `note_features`."""
    return spec.n_categories + 1 + with_content * spec.embedding_dim


def reader_features(view: PlatformView, reader_idx: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return float32[B, C + D + 3]: category profile, mean content, activity.

    Profile and mean content of a reader of whom nothing is known are what the platform has.
    Activity is the logarithm of impressions and of active days, and the logit-like logarithm of
    the smoothed click rate over its prior, each brought to the order of one.

    Args:
        view: the platform.
        reader_idx: int32[B].
    """
    readers = view.readers
    c, d = readers.category_profile.shape[1], readers.vector.shape[1]
    out = np.empty((reader_idx.shape[0], c + d + _N_ACTIVITY), np.float32)
    out[:, :c] = readers.category_profile[reader_idx]
    out[:, c : c + d] = readers.vector[reader_idx]
    totals = readers.totals[reader_idx]
    impressions, clicks = totals[:, Kind.IMPRESSION], totals[:, Kind.CLICK]
    prior = np.float32(_PRIOR_IMPRESSIONS)
    rate = (clicks + np.float32(_PRIOR_CLICK_RATE) * prior) / (impressions + prior)
    out[:, c + d] = np.log1p(impressions) * np.float32(0.2) - np.float32(1)
    out[:, c + d + 1] = np.log(rate * np.float32(1 / _PRIOR_CLICK_RATE))
    out[:, c + d + 2] = np.log1p(readers.active_days[reader_idx]) * np.float32(0.3)
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
