"""Vector pools: nearest notes to a reader among the young, or the little seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recall.index import VectorIndex
from recall.vector_source import CONTENT, ContentSource, VectorSource, Waiting, source_of
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.learning import ColdIds
from simulator.contracts.plugins import Arrays, Model, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_DEFAULT_REFRESH_S = ((HOUR_S, 120), (6 * HOUR_S, 300), (24 * HOUR_S, 600))
_MAX_AGE_S = 30 * DAY_S


class VectorPoolConfig(RecallConfig):
    """Knobs of a vector pool."""

    type: Literal["vector_pool"] = "vector_pool"
    k: int = knob(100, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    max_age: Duration = knob(
        "30d", "Notes up to this age enter the pool at a refresh.", unit="s", ge=60, le=365 * DAY_S
    )
    min_age: Duration = knob(
        0,
        "Notes below this age do not enter: the main pool of a platform holds notes that have"
        " been through a training, and leaves new ones to channels of their own.",
        unit="s",
        ge=0,
        le=30 * DAY_S,
    )
    max_impressions: int | None = knob(
        None,
        "Only notes with at most this many life impressions, times the scenario's threshold"
        " scale, enter the pool; none admits all.",
        unit="impressions",
        ge=0,
        le=1_000_000_000,
    )
    refresh_every: Duration | None = knob(
        None,
        "Time between rebuilds; none means 2min for ages up to 1h, 5min up to 6h or with"
        " `max_impressions`, 10min up to 24h, else 1h.",
        unit="s",
        ge=1,
        le=30 * DAY_S,
    )
    scan: int = knob(
        2_000,
        "Notes that a reader is compared with; up to twice as many the search is exact.",
        unit="notes",
        ge=100,
        le=1_000_000,
    )
    source: str = knob(
        CONTENT, "Where vectors of notes and readers come from: `content`, or a model by its name."
    )
    cold: ColdIds = knob(
        "default",
        "Where a model places notes too young for an ID vector of their own: one learned vector "
        "for all (`default`), the mean of the most similar notes of high exposure (`borrowed`), "
        "what their own row holds (`own`), or anywhere (`random`, a control).",
    )

    def model_names(self) -> dict[str, str]:
        """Return the model that the pool searches, unless it searches content."""
        return {} if self.source == CONTENT else {"source": self.source}


class VectorPool(RecallChannel[VectorPoolConfig]):
    """Reader's vector → nearest notes of one pool.

    Several pools share one vector source and differ in age or exposure: a note leaves a pool by
    ageing or by being shown, and the younger the pool, the faster its index is rebuilt (course
    slides on cold start). A reader of whom nothing is known gets nothing.
    """

    Config = VectorPoolConfig

    @property
    def name(self) -> str:
        """`vector_pool_24h` by age, `vector_pool_cold100` by exposure, or both.

        A pool of a model begins with the model's name, and says so when cold notes are placed
        otherwise than by default.
        """
        config = self.config
        parts = ["vector_pool" if config.source == CONTENT else config.source]
        if config.max_impressions is not None:
            parts.append(f"cold{config.max_impressions}")
        if config.max_impressions is None or config.max_age != _MAX_AGE_S:
            parts.append(_age_name(config.max_age))
        if config.source != CONTENT and config.cold != "default":
            parts.append(config.cold)
        return "_".join(parts)

    @property
    def follows(self) -> tuple[str, ...]:
        """The model whose publication makes the vectors of the index worthless."""
        return () if self.config.source == CONTENT else (self.config.source,)

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the index."""
        config = self.config
        if config.refresh_every is not None:
            return config.refresh_every
        if config.max_impressions is not None:
            return 300
        fitting = (period for age, period in _DEFAULT_REFRESH_S if config.max_age <= age)
        return next(fitting, HOUR_S)

    def setup(self, spec: PlatformSpec) -> None:
        """Start with an empty index."""
        super().setup(spec)
        self._source: VectorSource = ContentSource()
        self._waiting = Waiting(self.name)
        self._index = VectorIndex(
            int(stream_key(spec.seed, f"recall.{self.name}")), self.config.scan
        )

    def bind(self, models: Mapping[str, Model[Any]]) -> None:
        """Take the source of vectors."""
        self._source = source_of(self.config.source, self.config.cold, models)

    def refresh(self, view: PlatformView) -> None:
        """Index the notes that are young enough and, with a limit, little enough seen.

        A pool of a model that has not been trained yet stays empty.
        """
        if not self._source.is_ready:
            self._waiting.say(self.config.source)
            return
        first = max(view.live_start, view.first_younger_than(self.config.max_age))
        last = max(first, view.first_younger_than(self.config.min_age))
        rows = np.arange(first, last, dtype=np.int32)
        if self.config.max_impressions is not None:
            most = self.config.max_impressions * self.spec.threshold_scale
            rows = rows[view.notes.impressions[first:last] <= most]
        vectors = self._source.note_vectors(view, rows)
        self._index.build(vectors, rows, view.now, self._source.generation)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the pool's nearest notes to each reader; -1 without an index."""
        if not self._index.n:
            return np.full((requests.n, self.config.k), -1, np.int32)
        readers = self._source.reader_vectors(view, requests.reader_idx)
        return self._index.search(readers, self.config.k)

    def state_arrays(self) -> Arrays:
        """Return the index as it was last built."""
        return self._index.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take the index back."""
        self._index.load_state(arrays)


def _age_name(seconds: int) -> str:
    for unit, unit_s in (("d", DAY_S), ("h", HOUR_S), ("min", 60)):
        if seconds % unit_s == 0 and (unit != "d" or seconds > 2 * DAY_S):
            return f"{seconds // unit_s}{unit}"
    return f"{seconds}s"
