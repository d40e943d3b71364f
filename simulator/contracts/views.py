"""What a real platform can see: read-only columns, refreshed by the engine.

No column here holds latent truth. Arrays are views on the engine's state with `writeable=False`;
row `i` of a table is entity `i`, and rows are never reused. Notes are stored in order of
publication, so every age band is one contiguous range of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import WINDOW_S, Kind, Window
from simulator.contracts.spec import PlatformSpec


@dataclass(slots=True)
class NoteView:
    """Notes, N rows, sorted by `published_t`.

    Attributes:
        creator_idx: int32[N], row in the creator table.
        published_t: float64[N], seconds of simulated time (negative before the run).
        category: int16[N].
        keywords: int32[N, W], -1 where unused.
        is_video: uint8[N].
        is_promoted: uint8[N], promoted by operators.
        has_card: uint8[N], carries a shopping card.
        embedding: float32[N, D], unit length.
        arm: uint8[N], experiment arm of the note.
        totals: float32[N, N_KINDS], life totals by `Kind`; exact at the start of the window.
        decayed: float32[N, 3, N_KINDS], forward-decayed counts by `Window`; use `windowed`.
        epoch_t: time at which `decayed` is normalised, seconds.
    """

    creator_idx: NDArray[np.int32]
    published_t: NDArray[np.float64]
    category: NDArray[np.int16]
    keywords: NDArray[np.int32]
    is_video: NDArray[np.uint8]
    is_promoted: NDArray[np.uint8]
    has_card: NDArray[np.uint8]
    embedding: NDArray[np.float32]
    arm: NDArray[np.uint8]
    totals: NDArray[np.float32]
    decayed: NDArray[np.float32]
    epoch_t: float

    @property
    def n(self) -> int:
        """Number of notes published so far."""
        return int(self.published_t.shape[0])

    @property
    def impressions(self) -> NDArray[np.float32]:
        """Life impressions, float32[N]."""
        return self.totals[:, Kind.IMPRESSION]

    def decay_factors(self, now: float) -> NDArray[np.float32]:
        """Return float32[3]: multiply `decayed[:, w]` by element w to get counts as of `now`.

        Exponential windows by forward decay (Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
        """
        return np.exp(-(now - self.epoch_t) / WINDOW_S).astype(np.float32)

    def windowed(
        self, window: Window, now: float, rows: slice | NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[len(rows), N_KINDS] exponentially windowed counts as of `now`."""
        return np.asarray(self.decayed[rows, window] * self.decay_factors(now)[window])


@dataclass(slots=True)
class ReaderView:
    """Readers, R rows.

    Attributes:
        arm: uint8[R], experiment arm.
        joined_t: float64[R], seconds.
        category_profile: float32[R, C], share of interest by category, rows sum to 1.
        vector: float32[R, D], unit-length mean embedding of interacted notes (declared
            interests before the first interaction); zero when nothing is known.
        recent: int32[R, L], interacted notes, newest first, -1 where empty.
        totals: float32[R, N_KINDS], life totals by `Kind`.
        active_days: int32[R], days with at least one request.
    """

    arm: NDArray[np.uint8]
    joined_t: NDArray[np.float64]
    category_profile: NDArray[np.float32]
    vector: NDArray[np.float32]
    recent: NDArray[np.int32]
    totals: NDArray[np.float32]
    active_days: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of readers registered so far."""
        return int(self.joined_t.shape[0])


@dataclass(slots=True)
class CreatorView:
    """Creators, A rows.

    Attributes:
        reader_idx: int32[A], the creator's row in the reader table.
        joined_t: float64[A], first day as a creator, seconds.
        n_notes: int32[A], notes published so far.
        totals: float32[A, N_KINDS], life totals over the creator's notes by `Kind`.
    """

    reader_idx: NDArray[np.int32]
    joined_t: NDArray[np.float64]
    n_notes: NDArray[np.int32]
    totals: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of creators so far."""
        return int(self.joined_t.shape[0])


@dataclass(slots=True)
class PlatformView:
    """All that recall, ranking and policies may look at.

    Attributes:
        spec: sizes and rules of the platform.
        now: simulated time of this view, seconds.
        notes, readers, creators: the tables.
        live_start: first note row still distributed (age below `spec.max_age_s`).
        new_start: first note row that counts as new (age below `spec.new_age_s`).
    """

    spec: PlatformSpec
    now: float
    notes: NoteView
    readers: ReaderView
    creators: CreatorView
    live_start: int
    new_start: int

    def first_younger_than(self, age_s: float) -> int:
        """Return the first note row whose age is below `age_s` seconds."""
        return int(np.searchsorted(self.notes.published_t, self.now - age_s, side="right"))
