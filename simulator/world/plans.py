"""What the world hands to the engine: plans of a day, and the observables of new rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class NewReaders:
    """Readers just appended, as the platform meets them.

    Attributes:
        joined_t: float64[n], seconds; not above 0 for readers who were there at the start.
        declared: float32[n, C], declared interests: a noisy picture of taste over one to three
            categories; rows sum to 1.
    """

    joined_t: NDArray[np.float64]
    declared: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of readers."""
        return int(self.joined_t.shape[0])


@dataclass(slots=True)
class NewCreators:
    """Creators just appended.

    Attributes:
        reader_idx: int32[m], the creator's row in the reader table.
        joined_t: float64[m], seconds, first time as a creator.
    """

    reader_idx: NDArray[np.int32]
    joined_t: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of creators."""
        return int(self.joined_t.shape[0])


@dataclass(slots=True)
class NewNotes:
    """Notes just appended, as the platform sees them, in order of publication.

    Attributes:
        creator_idx: int32[n].
        published_t: float64[n], seconds.
        category: int16[n].
        keywords: int32[n, W], -1 where unused.
        is_video: uint8[n].
        is_promoted: uint8[n].
        has_card: uint8[n].
        embedding: float32[n, D], unit length.
        key: uint64[n], identity of the note in every world of a seed.
    """

    creator_idx: NDArray[np.int32]
    published_t: NDArray[np.float64]
    category: NDArray[np.int16]
    keywords: NDArray[np.int32]
    is_video: NDArray[np.uint8]
    is_promoted: NDArray[np.uint8]
    has_card: NDArray[np.uint8]
    embedding: NDArray[np.float32]
    key: NDArray[np.uint64]

    @property
    def n(self) -> int:
        """Number of notes."""
        return int(self.published_t.shape[0])

    def rows(self, first: int, last: int) -> NewNotes:
        """Return the notes from row `first` up to, not including, row `last`."""
        return NewNotes(**{name: getattr(self, name)[first:last] for name in NOTE_COLUMNS})


NOTE_COLUMNS: Final = tuple(NewNotes.__dataclass_fields__)
"""Names of the columns of `NewNotes`."""


@dataclass(slots=True)
class SessionPlan:
    """Sessions that start on one day, sorted by time, then reader.

    Attributes:
        t: float64[m], seconds.
        reader_idx: int32[m].
        session_no: int32[m], 0-based session of the reader within the day, in order of time.
    """

    t: NDArray[np.float64]
    reader_idx: NDArray[np.int32]
    session_no: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of sessions."""
        return int(self.t.shape[0])


@dataclass(slots=True)
class PublishPlan:
    """Notes to be published, sorted by time, then creator.

    Attributes:
        t: float64[m], seconds.
        creator_idx: int32[m].
        serial: int32[m], 0-based note of the creator within the day.
    """

    t: NDArray[np.float64]
    creator_idx: NDArray[np.int32]
    serial: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of notes."""
        return int(self.t.shape[0])

    def rows(self, first: int, last: int) -> PublishPlan:
        """Return the part of the plan from row `first` up to, not including, row `last`."""
        part = slice(first, last)
        return PublishPlan(self.t[part], self.creator_idx[part], self.serial[part])


@dataclass(slots=True)
class DayEnd:
    """Who is new after a day has ended; their rows are appended already.

    Attributes:
        new_readers: readers who arrive now.
        new_creators: readers who have become creators.
    """

    new_readers: NewReaders
    new_creators: NewCreators


@dataclass(slots=True)
class PastReading:
    """Impressions before the start, by reader, then time; a block of readers at a time.

    Attributes:
        t: float64[m], seconds, below 0.
        reader_idx: int32[m].
        note_idx: int32[m].
        actions: float32[m, N_KINDS], by `Kind`.
        active_days: int32[R], days on which each reader of the block came; see `first_reader`.
        first_reader: first reader of the block.
    """

    t: NDArray[np.float64]
    reader_idx: NDArray[np.int32]
    note_idx: NDArray[np.int32]
    actions: NDArray[np.float32]
    active_days: NDArray[np.int32]
    first_reader: int

    @property
    def n(self) -> int:
        """Number of impressions."""
        return int(self.t.shape[0])
