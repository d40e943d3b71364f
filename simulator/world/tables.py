"""Truth about readers, creators and notes: columns that grow by doubling.

Row i is entity i; rows are never reused. The columns are longer than the table: rows from `n` on
are room to grow.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Arrays = dict[str, NDArray[np.generic]]


class Table:
    """Named columns of one length.

    Args:
        capacity: rows to make room for.
        widths: length of the second axis of each two-dimensional column, by name.
    """

    dtypes: ClassVar[dict[str, DTypeLike]] = {}

    def __init__(self, capacity: int, widths: dict[str, int]) -> None:
        self.n = 0
        self.capacity = max(capacity, 16)
        for name, dtype in self.dtypes.items():
            shape = (self.capacity, widths[name]) if name in widths else (self.capacity,)
            setattr(self, name, np.zeros(shape, dtype))

    def append(self, n: int, columns: dict[str, NDArray[np.generic]]) -> slice:
        """Add n rows; columns that are not given hold 0.

        Returns:
            The new rows.
        """
        self._reserve(self.n + n)
        rows = slice(self.n, self.n + n)
        for name, values in columns.items():
            getattr(self, name)[rows] = values
        self.n += n
        return rows

    def state_arrays(self) -> Arrays:
        """Return the filled part of every column."""
        return {name: getattr(self, name)[: self.n].copy() for name in self.dtypes}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        n = next(iter(arrays.values())).shape[0]
        self.n = 0
        for name in self.dtypes:
            getattr(self, name)[:] = 0
        self.append(n, arrays)

    @property
    def bytes_per_row(self) -> int:
        """Bytes that one row takes."""
        return sum(getattr(self, name)[:1].nbytes for name in self.dtypes)

    def _reserve(self, n: int) -> None:
        if n <= self.capacity:
            return
        self.capacity = max(n, 2 * self.capacity)
        for name in self.dtypes:
            old = getattr(self, name)
            grown = np.zeros((self.capacity, *old.shape[1:]), old.dtype)
            grown[: self.n] = old[: self.n]
            setattr(self, name, grown)


class ReaderTruth(Table):
    """Readers.

    Attributes:
        taste: float32[R, Dc + Dh], scaled so that the dot product with a note's appeal is
            affinity in logits.
        propensity: float32[R], added to the click logit.
        expected: float32[R], clicks per impression that the reader expects.
        patience: float32[R], added to the logit of asking for one more slate.
        activity: float32[R], logit of coming on a day at expected satisfaction.
        sessions: float32[R], mean sessions on an active day.
        satisfaction: float32[R], long-run relative surplus of clicks over expectation.
        day_impressions: float32[R], impressions since the last day end.
        day_surplus: float32[R], clicks beyond expectation since the last day end.
        surplus: float32[R], the same in the running session, fading from request to request.
        category_counts: uint8[R, C], impressions by category in the running session.
        joined_day: int32[R], first day on which the reader can come.
        alive: uint8[R], 0 when gone for good.
        is_creator: uint8[R], 1 when the reader is or was a creator.
    """

    dtypes = {  # noqa: RUF012  (declared as a class variable in the base)
        "taste": np.float32,
        "propensity": np.float32,
        "expected": np.float32,
        "patience": np.float32,
        "activity": np.float32,
        "sessions": np.float32,
        "satisfaction": np.float32,
        "day_impressions": np.float32,
        "day_surplus": np.float32,
        "surplus": np.float32,
        "category_counts": np.uint8,
        "joined_day": np.int32,
        "alive": np.uint8,
        "is_creator": np.uint8,
    }
    taste: NDArray[np.float32]
    propensity: NDArray[np.float32]
    expected: NDArray[np.float32]
    patience: NDArray[np.float32]
    activity: NDArray[np.float32]
    sessions: NDArray[np.float32]
    satisfaction: NDArray[np.float32]
    day_impressions: NDArray[np.float32]
    day_surplus: NDArray[np.float32]
    surplus: NDArray[np.float32]
    category_counts: NDArray[np.uint8]
    joined_day: NDArray[np.int32]
    alive: NDArray[np.uint8]
    is_creator: NDArray[np.uint8]


class CreatorTruth(Table):
    """Creators.

    Attributes:
        reader_idx: int32[A].
        joined_t: float64[A], seconds.
        quality: float32[A], persistent quality in standard deviations.
        topics: int16[A, 3], categories, -1 where unused.
        topic_weights: float32[A, 3], shares of the topics, rows sum to 1.
        publish_rate: float32[A], probability of publishing on an active day at reference
            motivation.
        extra_notes: float32[A], mean notes after the first on a publishing day.
        reaction: float32[A], log publishing rate for each unit of motivation.
        motivation: float32[A].
        creating: uint8[A], 0 when the creator has given up.
    """

    dtypes = {  # noqa: RUF012
        "reader_idx": np.int32,
        "joined_t": np.float64,
        "quality": np.float32,
        "topics": np.int16,
        "topic_weights": np.float32,
        "publish_rate": np.float32,
        "extra_notes": np.float32,
        "reaction": np.float32,
        "motivation": np.float32,
        "creating": np.uint8,
    }
    reader_idx: NDArray[np.int32]
    joined_t: NDArray[np.float64]
    quality: NDArray[np.float32]
    topics: NDArray[np.int16]
    topic_weights: NDArray[np.float32]
    publish_rate: NDArray[np.float32]
    extra_notes: NDArray[np.float32]
    reaction: NDArray[np.float32]
    motivation: NDArray[np.float32]
    creating: NDArray[np.uint8]


class NoteTruth(Table):
    """Notes, in order of publication.

    Attributes:
        key: uint64[N], identity of the note in every world of a seed.
        creator_idx: int32[N].
        published_t: float64[N], seconds.
        category: int16[N].
        keywords: int32[N, W], -1 where unused.
        is_video: uint8[N].
        appeal: float32[N, Dc + Dh].
        quality: float32[N], standard deviations.
    """

    dtypes = {  # noqa: RUF012
        "key": np.uint64,
        "creator_idx": np.int32,
        "published_t": np.float64,
        "category": np.int16,
        "keywords": np.int32,
        "is_video": np.uint8,
        "appeal": np.float32,
        "quality": np.float32,
    }
    key: NDArray[np.uint64]
    creator_idx: NDArray[np.int32]
    published_t: NDArray[np.float64]
    category: NDArray[np.int16]
    keywords: NDArray[np.int32]
    is_video: NDArray[np.uint8]
    appeal: NDArray[np.float32]
    quality: NDArray[np.float32]
