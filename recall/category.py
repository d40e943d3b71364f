"""Category index: the newest notes of the categories a reader likes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall.lists import build_lists, interest_lists, read_lists
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class CategoryConfig(RecallConfig):
    """Knobs of the category channel."""

    type: Literal["category"] = "category"
    k: int = knob(60, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_interests: int = knob(
        3, "How many of the reader's best-liked categories to read.", unit="categories", ge=1, le=50
    )
    per_category: int = knob(
        20, "Length of each newest-first list.", unit="notes", ge=1, le=1_000, tunable=True
    )
    refresh_every: Duration = knob(
        "60s",
        "Time between rebuilds of the lists: seconds for a stream, minutes for a batch job.",
        unit="s",
        ge=1,
        le=86_400,
    )


class Category(RecallChannel[CategoryConfig]):
    """Profile → categories → newest notes of each, taken in turn (course slides on cold start).

    A new note is found from the first refresh after its publication until `per_category` newer
    notes of its category have pushed it off its list. Personalisation is weak.
    """

    Config = CategoryConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the lists."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start with empty lists."""
        super().setup(spec)
        self._tie_key = stream_key(spec.seed, "recall.category.ties")
        self._lists = np.full((spec.n_categories, self.config.per_category), -1, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """List the newest live notes of each category."""
        keys = view.notes.category[view.live_start :].astype(np.int32)[:, None]
        self._lists = build_lists(keys, view, *self._lists.shape)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the newest notes of each reader's best-liked categories in turn."""
        interests = interest_lists(requests, view, self._tie_key, self.config.n_interests)
        return read_lists(self._lists, interests, self.config.k, requests, view)

    def state_arrays(self) -> Arrays:
        """Return the lists as they were last built."""
        return {"lists": self._lists}

    def load_state(self, arrays: Arrays) -> None:
        """Take the lists back."""
        self._lists = np.array(arrays["lists"], np.int32)
