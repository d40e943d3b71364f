"""Popular notes: one list for everyone, or one for each category."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall.lists import interest_lists, read_lists
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, Kind, Window
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class PopularConfig(RecallConfig):
    """Knobs of the popular channel."""

    type: Literal["popular"] = "popular"
    k: int = knob(
        200,
        "Most candidates for a request; large, because merging drops what a reader has seen.",
        unit="notes",
        ge=1,
        le=1_000,
    )
    n_interests: int = knob(
        0,
        "0 for one list for everyone; otherwise lists by category, of which a reader gets those of"
        " so many best-liked categories in turn.",
        unit="categories",
        ge=0,
        le=50,
    )
    min_age: Duration = knob(
        0,
        "Notes below this age are on no list; a batch job of yesterday's data knows no younger.",
        unit="s",
        ge=0,
        le=30 * DAY_S,
    )
    order: Literal["clicks", "click_rate"] = knob(
        "clicks",
        "`clicks`: by clicks that fade over a day; `click_rate`: by life clicks per impression,"
        " drawn towards the average by `prior_impressions`.",
    )
    prior_impressions: float = knob(
        50.0,
        "Impressions that the average click rate counts for.",
        unit="impressions",
        ge=1,
        le=1e6,
    )
    refresh_every: Duration = knob(
        "10min", "Time between rebuilds of the lists.", unit="s", ge=1, le=86_400
    )


class Popular(RecallChannel[PopularConfig]):
    """Live notes with the most clicks of late, or the best proven click rate.

    A note without clicks is on no list, so this channel finds new notes only after others have.
    With `n_interests` the lists are by category: what is hot in what the reader likes.
    """

    Config = PopularConfig

    @property
    def name(self) -> str:
        """Name in logs and tables: `popular`, or `popular_category` for lists by category."""
        scope = "popular_category" if self.config.n_interests else "popular"
        return scope if self.config.order == "clicks" else f"{scope}_rate"

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the lists."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start with empty lists."""
        super().setup(spec)
        self._tie_key = stream_key(spec.seed, "recall.popular.ties")
        n_lists = spec.n_categories if self.config.n_interests else 1
        self._lists = np.full((n_lists, self.config.k), -1, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """Order the live notes of each list, the newer first among equals."""
        last = max(view.live_start, view.first_younger_than(self.config.min_age))
        worth = self._worth(view, slice(view.live_start, last))[::-1]
        best = np.argsort(-worth, kind="stable")
        rows = (last - 1 - best[worth[best] > 0]).astype(np.int32)
        self._lists.fill(-1)
        if not self.config.n_interests:
            self._lists[0, : rows.size] = rows[: self.config.k]
            return
        category = view.notes.category[rows]
        for c in range(self._lists.shape[0]):
            top = rows[category == c][: self.config.k]
            self._lists[c, : top.size] = top

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the list of everyone or those of the reader's categories."""
        if not self.config.n_interests:
            found = np.empty((requests.n, self.config.k), np.int32)
            found[:] = self._lists[0]
            return found
        interests = interest_lists(requests, view, self._tie_key, self.config.n_interests)
        return read_lists(self._lists, interests, self.config.k, requests, view)

    def _worth(self, view: PlatformView, rows: slice) -> NDArray[np.float32]:
        """Return float32[rows], what the lists are ordered by; 0 keeps a note off."""
        if self.config.order == "clicks":
            return view.notes.decayed[rows, Window.DAY, Kind.CLICK]
        totals = view.notes.totals[rows]
        clicks, impressions = totals[:, Kind.CLICK], totals[:, Kind.IMPRESSION]
        prior = np.float32(self.config.prior_impressions)
        average = clicks.sum(dtype=np.float64) / max(1.0, impressions.sum(dtype=np.float64))
        rate = (clicks + prior * np.float32(average)) / (impressions + prior)
        return np.where(clicks > 0, rate, np.float32(0))

    def state_arrays(self) -> Arrays:
        """Return the lists as they were last built."""
        return {"lists": self._lists.copy()}

    def load_state(self, arrays: Arrays) -> None:
        """Take the lists back."""
        self._lists = np.array(arrays["lists"], np.int32)
