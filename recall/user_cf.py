"""UserCF: what the readers have read of late who have read the same notes as the reader."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall import history_kernels, user_cf_kernels
from recall.lists import frozen
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class UserCFConfig(RecallConfig):
    """Knobs of the UserCF channel."""

    type: Literal["user_cf"] = "user_cf"
    k: int = knob(100, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_neighbours: int = knob(
        30, "Similar readers kept for each reader.", unit="readers", ge=1, le=200, tunable=True
    )
    n_last: int = knob(
        12,
        "How many of the last interacted notes of each similar reader are candidates.",
        unit="notes",
        ge=1,
        le=50,
    )
    min_common: int = knob(
        1,
        "Two readers with fewer notes in common are not similar.",
        unit="notes",
        ge=1,
        le=50,
    )
    min_readers: int = knob(
        2,
        "A note that fewer similar readers had is not found; one may have come upon it by chance.",
        unit="readers",
        ge=1,
        le=200,
    )
    min_age: Duration = knob(
        0,
        "Notes below this age take no part; a batch job of yesterday's data knows no younger.",
        unit="s",
        ge=0,
        le=30 * 86_400,
    )
    n_history: int = knob(
        20,
        "How many of a reader's last interacted notes make readers similar.",
        unit="notes",
        ge=1,
        le=50,
    )
    max_readers: int = knob(
        30,
        "Of a note with more readers, so many are compared with a reader, drawn anew for each; "
        "bounds the cost of a rebuild.",
        unit="readers",
        ge=1,
        le=10_000,
    )
    refresh_every: Duration = knob(
        "1h", "Time between rebuilds of the similar readers.", unit="s", ge=60, le=30 * 86_400
    )


class UserCF(RecallChannel[UserCFConfig]):
    """Sum over similar readers v who had the note of w(u, v).

    w(u, v) = Σ over shared notes of 1 / ln(1 + |U|) / sqrt(|N_u| |N_v|), U the readers of a note
    and N the notes of a reader: sharing what everybody reads says little (Breese, Heckerman and
    Kadie, UAI 1998, inverse user frequency). Similar readers are found in batch, their notes are
    read when a request comes. A note that hardly any similar reader has opened is not found: new
    notes hardly ever are.
    """

    Config = UserCFConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the similar readers."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start without similar readers."""
        super().setup(spec)
        self._key = stream_key(spec.seed, "recall.user_cf.readers")
        self._readers = np.empty((0, self.config.n_neighbours), np.int32)
        self._similarities = np.empty((0, self.config.n_neighbours), np.float32)

    def refresh(self, view: PlatformView) -> None:
        """Compare all readers by the live notes that they had of late."""
        config = self.config
        recent, last = view.readers.recent, view.first_younger_than(config.min_age)
        histories = history_kernels.compress(recent, view.live_start, last, config.n_history)
        self._readers, self._similarities = user_cf_kernels.similar_readers(
            *histories, config.max_readers, config.min_common, config.n_neighbours, self._key
        )

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the notes that most similarity stands behind."""
        config = self.config
        last = view.first_younger_than(config.min_age) if config.min_age else view.notes.n
        return np.asarray(
            user_cf_kernels.recommend(
                view.readers.recent, frozen(requests.reader_idx), self._readers,
                self._similarities, view.live_start, last,
                config.n_last, config.min_readers, config.k,
            )
        )  # fmt: skip

    def state_arrays(self) -> Arrays:
        """Return the similar readers as they were last found."""
        return {"readers": self._readers, "similarities": self._similarities}

    def load_state(self, arrays: Arrays) -> None:
        """Take the similar readers back."""
        self._readers = np.array(arrays["readers"], np.int32)
        self._similarities = np.array(arrays["similarities"], np.float32)
