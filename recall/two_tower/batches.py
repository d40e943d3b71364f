"""Clicks as places in small tables of the rows in use, with negatives and how often each is drawn.

A training touches few of the platform's readers and notes. What it optimises are tables of those
alone, so that its cost follows from the clicks and not from the size of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.config import NegativesConfig
from recall.two_tower.examples import Clicks
from simulator.contracts.events import Kind
from simulator.contracts.views import PlatformView

_EASY_POWER = 0.75


@dataclass(slots=True)
class Drawn:
    """Negatives of n clicks.

    Attributes:
        at: int64[n, m], places in the table of notes.
        is_there: bool[n, m], False where none was found; the place is then any.
        log_p: float32[n, m], logarithm of the share of each among the negatives of its sort.
    """

    at: NDArray[np.int64]
    is_there: NDArray[np.bool_]
    log_p: NDArray[np.float32]


@dataclass(slots=True)
class Batches:
    """Clicks of one training.

    Attributes:
        readers, notes: int32, rows in use, ascending.
        reader_at, note_at: int64[n], places of each click in `readers` and `notes`.
        weight: float32[n].
        x: float32[n, F], features of the readers.
        log_p: float32[n], logarithm of the probability with which the note of each click is drawn
            as an easy negative.
        easy: easy negatives of their own; None where the notes of the batch serve.
        hard: hard negatives.
    """

    readers: NDArray[np.int32]
    notes: NDArray[np.int32]
    reader_at: NDArray[np.int64]
    note_at: NDArray[np.int64]
    weight: NDArray[np.float32]
    x: NDArray[np.float32]
    log_p: NDArray[np.float32]
    easy: Drawn | None
    hard: Drawn

    @property
    def n(self) -> int:
        """Number of clicks."""
        return int(self.note_at.shape[0])


def usable(clicks: Clicks, first: int) -> Clicks:
    """Return the clicks on notes from row `first` on, with hard negatives from there on."""
    kept = clicks.where(clicks.note >= first)
    kept.hard = np.where(kept.hard >= first, kept.hard, np.int32(-1))
    return kept


def make_batches(
    clicks: Clicks, config: NegativesConfig, view: PlatformView, rng: np.random.Generator
) -> Batches:
    """Find the rows in use and draw easy negatives where they are not taken from the batch.

    Args:
        clicks: at least one.
        config: what is told apart.
        view: the platform, for the clicks of notes so far.
        rng: draws easy negatives.
    """
    easy = None
    if config.easy == "sampled":
        easy = _draw(view, (clicks.n, config.n), rng)
    is_hard = clicks.hard >= 0
    named = [clicks.note, clicks.hard[is_hard], *([] if easy is None else [easy.ravel()])]
    notes = np.unique(np.concatenate(named)).astype(np.int32)
    readers, reader_at = np.unique(clicks.reader, return_inverse=True)
    note_at = np.searchsorted(notes, clicks.note).astype(np.int64)
    hard_at = np.searchsorted(notes, np.where(is_hard, clicks.hard, notes[0])).astype(np.int64)
    drawn = None
    if easy is not None:
        easy_at = np.searchsorted(notes, easy).astype(np.int64)
        everywhere = np.ones(easy_at.shape, np.bool_)
        drawn = Drawn(easy_at, everywhere, _log_share(easy_at, easy_at))
    return Batches(
        readers=readers.astype(np.int32),
        notes=notes,
        reader_at=reader_at.astype(np.int64),
        note_at=note_at,
        weight=clicks.weight,
        x=clicks.x,
        log_p=_log_share(note_at if drawn is None else drawn.at, note_at),
        easy=drawn,
        hard=Drawn(hard_at, is_hard, _log_share(hard_at[is_hard], hard_at)),
    )


def _draw(
    view: PlatformView, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Draw live notes by clicks^0.75; a note without clicks counts as half of one."""
    clicks = view.notes.totals[view.live_start :, Kind.CLICK].astype(np.float64)
    edges = np.cumsum(np.maximum(clicks, 0.5) ** _EASY_POWER)
    drawn = np.searchsorted(edges, rng.random(shape) * edges[-1], side="right")
    return np.asarray(view.live_start + np.minimum(drawn, edges.shape[0] - 1), np.int32)


def _log_share(drawn: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the logarithm of each place's share among those drawn, at least half a draw's."""
    if not drawn.size:
        return np.zeros(at.shape, np.float32)
    counts = np.bincount(drawn.ravel(), minlength=int(at.max()) + 1)
    return np.asarray(np.log(np.maximum(counts[at], 0.5) / drawn.size), np.float32)
