"""Look-alike: new notes whose first readers resemble the reader who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recall.index import VectorIndex
from recall.lists import frozen
from recall.lookalike_kernels import add_seeds
from recall.vector_source import CONTENT, ContentSource, VectorSource, Waiting, source_of
from simulator.contracts.batches import Interactions, RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, Kind
from simulator.contracts.plugins import Arrays, Model, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_STRONG = [Kind.LIKE, Kind.COLLECT, Kind.COMMENT, Kind.SHARE]


class LookalikeConfig(RecallConfig):
    """Knobs of the look-alike channel."""

    type: Literal["lookalike"] = "lookalike"
    k: int = knob(60, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    max_age: Duration = knob(
        "24h", "Notes below this age collect seeds and are found.", unit="s", ge=60, le=30 * DAY_S
    )
    min_seeds: int = knob(
        1, "A note is found once so many readers interacted.", unit="readers", ge=1, le=1_000
    )
    strong_seeds: int = knob(
        3,
        "Once more readers than this liked, collected, commented or shared, readers who only"
        " clicked no longer count.",
        unit="readers",
        ge=0,
        le=1_000,
        tunable=True,
    )
    young_age: Duration = knob(
        "1h", "Notes below this age are in the fast index.", unit="s", ge=60, le=30 * DAY_S
    )
    refresh_young: Duration = knob(
        "5min", "Time between rebuilds of the fast index.", unit="s", ge=1, le=DAY_S
    )
    refresh_old: Duration = knob(
        "1h", "Time between rebuilds of the index of older notes.", unit="s", ge=1, le=DAY_S
    )
    source: str = knob(
        CONTENT, "Where vectors of readers come from: `content`, or a model by its name."
    )

    def model_names(self) -> dict[str, str]:
        """Return the model whose vectors readers have, unless they are those of content."""
        return {} if self.source == CONTENT else {"source": self.source}


class Lookalike(RecallChannel[LookalikeConfig]):
    """Note vector = mean of its seeds' vectors; nearest notes to the reader's vector.

    Seeds are the readers who interacted with the note, each with the vector of that moment, added
    near-line; an index makes them findable later, so the delay is one near-line period and one
    refresh (course slides on cold start; Liu et al., Real-time attention based look-alike model,
    KDD 2019). A note that was young at the last rebuild of the index of older notes stays in the
    fast index until the next one. A note without an interaction is not found.

    When readers have the vectors of a model, a new version of it places all seeds anew: old
    vectors and new ones lie in different spaces.
    """

    Config = LookalikeConfig

    @property
    def name(self) -> str:
        """`lookalike`, and whose vectors it takes where they are those of a model."""
        source = self.config.source
        return self.config.type if source == CONTENT else f"{self.config.type}_{source}"

    @property
    def follows(self) -> tuple[str, ...]:
        """The model whose publication makes all vectors worthless."""
        return tuple(self.config.model_names().values())

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the fast index."""
        return self.config.refresh_young

    def setup(self, spec: PlatformSpec) -> None:
        """Start without seeds."""
        super().setup(spec)
        dim = spec.embedding_dim
        self._source: VectorSource = ContentSource()
        self._waiting = Waiting(self.name)
        self._version = 0
        self._seeds = np.empty((3, 0), np.int32)
        self._first_row = 0
        self._sums = np.zeros((0, 2, dim), np.float32)
        self._counts = np.zeros((0, 2), np.int32)
        self._old_rows = np.empty(0, np.int32)
        self._old_vectors = np.empty((0, dim), np.float32)
        self._old_end = 0
        self._old_t = -np.inf
        self._index = VectorIndex(int(stream_key(spec.seed, "recall.lookalike")))

    def bind(self, models: Mapping[str, Model[Any]]) -> None:
        """Take the source of vectors."""
        self._source = source_of(self.config.source, "default", models)

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Add the readers of fresh interactions to their notes' seeds."""
        self._roll(view)
        is_strong = interactions.actions[:, _STRONG].sum(axis=1) > 0
        if self.config.source == CONTENT:
            add_seeds(
                frozen(interactions.note_idx), frozen(interactions.reader_idx), is_strong,
                view.readers.vector, self._first_row, self._sums, self._counts,
            )  # fmt: skip
            return
        fresh = np.stack([interactions.note_idx, interactions.reader_idx, is_strong])
        self._seeds = np.concatenate([self._seeds, fresh.astype(np.int32)], axis=1)
        if self._source.is_ready and self._source.version == self._version:
            self._place(fresh.astype(np.int32), view)

    def refresh(self, view: PlatformView) -> None:
        """Rebuild the fast index, and that of older notes when it is due."""
        if not self._source.is_ready:
            self._waiting.say(self.config.source)
            return
        self._roll(view)
        is_new = self._source.version != self._version
        if is_new:
            self._place_anew(view)
        if is_new or view.now - self._old_t >= self.config.refresh_old:
            self._old_end = view.first_younger_than(self.config.young_age)
            self._old_rows, self._old_vectors = self._seeded(self._first_row, self._old_end)
            self._old_t = view.now
        rows, vectors = self._seeded(max(self._old_end, self._first_row), view.notes.n)
        self._index.build(
            np.concatenate([self._old_vectors, vectors]),
            np.concatenate([self._old_rows, rows]),
            view.now,
            version=int(view.now),
        )

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the notes whose seeds are nearest to each reader."""
        if not self._index.n:
            return np.full((requests.n, self.config.k), -1, np.int32)
        readers = self._source.reader_vectors(view, requests.reader_idx)
        return self._index.search(readers, self.config.k)

    def state_arrays(self) -> Arrays:
        """Return the seeds and both indexes."""
        index = {f"index/{name}": array for name, array in self._index.state_arrays().items()}
        return {
            "first_row": np.array([self._first_row]),
            "sums": self._sums,
            "counts": self._counts,
            "old_rows": self._old_rows,
            "old_vectors": self._old_vectors,
            "old": np.array([self._old_end, self._old_t]),
            "seeds": self._seeds,
            "version": np.array([self._version]),
            **index,
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take seeds and indexes back."""
        self._first_row = int(arrays["first_row"][0])
        self._sums = np.array(arrays["sums"], np.float32)
        self._counts = np.array(arrays["counts"], np.int32)
        self._old_rows = np.array(arrays["old_rows"], np.int32)
        self._old_vectors = np.array(arrays["old_vectors"], np.float32)
        self._old_end, self._old_t = int(arrays["old"][0]), float(arrays["old"][1])
        self._seeds = np.array(arrays["seeds"], np.int32)
        self._version = int(arrays["version"][0])
        index = {name[6:]: array for name, array in arrays.items() if name.startswith("index/")}
        self._index.load_state(index)

    def _place_anew(self, view: PlatformView) -> None:
        """Give every seed the vector that its reader has now."""
        self._seeds = self._seeds[:, self._seeds[0] >= self._first_row]
        self._version = self._source.version
        self._sums = np.zeros((self._counts.shape[0], 2, self._dim(view)), np.float32)
        self._counts = np.zeros_like(self._counts)
        self._place(self._seeds, view)

    def _place(self, seeds: NDArray[np.int32], view: PlatformView) -> None:
        """Add seeds (int32[3, E]: notes, readers, whether strong) with the vectors of a model."""
        note, reader, is_strong = seeds
        vectors = self._source.reader_vectors(view, reader)
        place = np.arange(reader.shape[0], dtype=np.int32)
        add_seeds(
            frozen(note), frozen(place), is_strong > 0, frozen(vectors), self._first_row,
            self._sums, self._counts,
        )  # fmt: skip

    def _dim(self, view: PlatformView) -> int:
        return int(self._source.reader_vectors(view, np.empty(0, np.int32)).shape[1])

    def _roll(self, view: PlatformView) -> None:
        """Make room for new notes and forget those that have become too old."""
        first = view.first_younger_than(self.config.max_age)
        n = view.notes.n - first
        if first == self._first_row and n == self._sums.shape[0]:
            return
        kept = slice(first - self._first_row, self._sums.shape[0])
        sums = np.zeros((n, *self._sums.shape[1:]), np.float32)
        counts = np.zeros((n, 2), np.int32)
        n_kept = max(0, kept.stop - kept.start)
        sums[:n_kept], counts[:n_kept] = self._sums[kept], self._counts[kept]
        self._first_row, self._sums, self._counts = first, sums, counts

    def _seeded(self, first: int, end: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return rows and unit vectors of the notes in [first, end) that have enough seeds."""
        places = slice(first - self._first_row, max(first, end) - self._first_row)
        counts, sums = self._counts[places], self._sums[places]
        at = np.flatnonzero(counts[:, 0] >= self.config.min_seeds)
        part = (counts[at, 1] > self.config.strong_seeds).astype(np.int64)
        vectors = sums[at, part]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.maximum(length, np.float32(1e-12))
        return (first + at).astype(np.int32), vectors
