"""Keyword index: the newest notes that share keywords with a reader's recent notes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall.lists import build_lists, read_lists, seed_lists
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class KeywordConfig(RecallConfig):
    """Knobs of the keyword channel."""

    type: Literal["keyword"] = "keyword"
    k: int = knob(60, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_last: int = knob(
        5,
        "How many of the reader's last interacted notes give keywords.",
        unit="notes",
        ge=1,
        le=50,
    )
    per_keyword: int = knob(
        10, "Length of each newest-first list.", unit="notes", ge=1, le=1_000, tunable=True
    )
    refresh_every: Duration = knob(
        "60s",
        "Time between rebuilds of the lists: seconds for a stream, minutes for a batch job.",
        unit="s",
        ge=1,
        le=86_400,
    )


class Keyword(RecallChannel[KeywordConfig]):
    """Last interacted notes → their keywords → newest notes of each (course slides on cold start).

    Works as the category index with finer keys. A reader without history gets nothing.
    """

    Config = KeywordConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the lists."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start with empty lists."""
        super().setup(spec)
        self._lists = np.full((spec.n_keywords, self.config.per_keyword), -1, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """List the newest live notes of each keyword."""
        keys = view.notes.keywords[view.live_start :]
        self._lists = build_lists(keys, view, *self._lists.shape)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the newest notes of each reader's recent keywords in turn."""
        wanted = seed_lists(requests, view, view.notes.keywords, self.config.n_last)
        return read_lists(self._lists, wanted, self.config.k, requests, view)

    def state_arrays(self) -> Arrays:
        """Return the lists as they were last built."""
        return {"lists": self._lists}

    def load_state(self, arrays: Arrays) -> None:
        """Take the lists back."""
        self._lists = np.array(arrays["lists"], np.int32)
