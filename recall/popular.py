"""Popular notes: the same list for everyone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import Kind, Window
from simulator.contracts.plugins import Arrays, PluginConfig, RecallChannel
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class PopularConfig(PluginConfig):
    """Knobs of the popular channel."""

    type: Literal["popular"] = "popular"
    k: int = knob(
        200,
        "Most candidates for a request; large, because merging drops what a reader has seen.",
        unit="notes",
        ge=1,
        le=1_000,
    )
    refresh_every: Duration = knob(
        "10min", "Time between rebuilds of the list.", unit="s", ge=1, le=86_400
    )


class Popular(RecallChannel[PopularConfig]):
    """Live notes with the most clicks of late, by a count that fades over a day.

    A note without clicks is not on the list, so this channel finds new notes only after others
    have.
    """

    Config = PopularConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the list."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start with an empty list."""
        super().setup(spec)
        self._list = np.full(self.config.k, -1, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """Order live notes by faded clicks, the newer first among equals."""
        clicks = view.notes.decayed[view.live_start :, Window.DAY, Kind.CLICK]
        clicks = clicks[::-1]
        best = np.argsort(-clicks, kind="stable")[: self.config.k]
        best = best[clicks[best] > 0]
        self._list = np.full(self.config.k, -1, np.int32)
        self._list[: best.size] = view.notes.n - 1 - best

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the list once for each request."""
        found = np.empty((requests.n, self.config.k), np.int32)
        found[:] = self._list
        return found

    def state_arrays(self) -> Arrays:
        """Return the list as it was last built."""
        return {"list": self._list}

    def load_state(self, arrays: Arrays) -> None:
        """Take the list back."""
        self._list = np.array(arrays["list"], np.int32)
