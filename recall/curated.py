"""Curated pool: proven notes of every category, the same for everyone, for exploration."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import Kind
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import hashed
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_GOLDEN = (math.sqrt(5) - 1) / 2


class CuratedConfig(RecallConfig):
    """Knobs of the curated pool."""

    type: Literal["curated"] = "curated"
    k: int = knob(
        20,
        "Most picks for a request; more than are shown, because merging drops what a reader has"
        " seen.",
        unit="notes", ge=1, le=1_000,
    )  # fmt: skip
    per_category: int = knob(
        20, "Most notes of each category in the pool.", unit="notes", ge=1, le=1_000, tunable=True
    )
    min_clicks: int = knob(
        50,
        "Life clicks, times the scenario's threshold scale, from which a note counts as proven.",
        unit="clicks", ge=1, le=1_000_000,
    )  # fmt: skip
    refresh_every: Duration = knob(
        "1h", "Time between rebuilds of the pool.", unit="s", ge=1, le=86_400
    )


class Curated(RecallChannel[CuratedConfig]):
    """What operators would put before anyone: the notes of each category that readers keep.

    The pool holds, of every category alike, the live notes with the most likes and collects per
    click among those with enough clicks to tell. Nothing about the reader counts: a request takes
    every m-th note of the pool from a start, both drawn by reader, session and request, so that
    successive picks are of different categories (course slides on exploration: 2 % of a reader's
    exposures are picks from such a pool). Its finds fill the slots that the scenario's
    `exploration` block gives it and no others.
    """

    Config = CuratedConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the pool."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start with an empty pool."""
        super().setup(spec)
        self._pool = np.empty(0, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """Take the best-kept proven notes of each category, category by category."""
        totals = view.notes.totals[view.live_start :]
        clicks = totals[:, Kind.CLICK]
        kept = totals[:, Kind.LIKE] + totals[:, Kind.COLLECT]
        proven = np.flatnonzero(clicks >= self.config.min_clicks * self.spec.threshold_scale)
        proven = proven[clicks[proven] > 0]
        category = view.notes.category[view.live_start + proven]
        order = np.lexsort((proven, -kept[proven] / clicks[proven], category))
        category = category[order]
        first = np.searchsorted(category, category, side="left")
        best = order[np.arange(order.size) - first < self.config.per_category]
        self._pool = (view.live_start + proven[best]).astype(np.int32)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the picks of each request in their order."""
        size, k = self._pool.shape[0], self.config.k
        found = np.full((requests.n, k), -1, np.int32)
        if size:
            draw = hashed(
                self.spec.seed,
                "recall.curated",
                requests.reader_idx,
                requests.session_no,
                requests.request_no,
            )
            start = (draw % np.uint64(size)).astype(np.int64)
            places = np.arange(min(k, size), dtype=np.int64) * _stride(size)
            found[:, : places.size] = self._pool[(start[:, None] + places) % size]
        return found

    def state_arrays(self) -> Arrays:
        """Return the pool as it was last built."""
        return {"pool": self._pool.copy()}

    def load_state(self, arrays: Arrays) -> None:
        """Take the pool back."""
        self._pool = np.array(arrays["pool"], np.int32)


def _stride(size: int) -> int:
    """Return a step of about the golden ratio of `size` that visits every place once."""
    step = max(1, round(_GOLDEN * size))
    while math.gcd(step, size) > 1:
        step += 1
    return step
