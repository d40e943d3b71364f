"""Base of policies that promise impressions to notes: the book, its log, and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from policies.note_columns import Columns, NoteColumns
from policies.promises import Pace, PromiseConfig, Promises, Rows
from simulator.contracts.plugins import Arrays, TrafficPolicy
from simulator.contracts.quotas import QuotaChanges
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

P = TypeVar("P", bound=PromiseConfig)


class PromisePolicy(TrafficPolicy[P]):
    """A policy with a book of promises and columns of its own.

    Attributes:
        COLUMNS: dtype and starting value of the columns that a policy keeps for each note.
        promises: the book.
        columns: the columns.
    """

    COLUMNS: ClassVar[Columns] = {}

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises."""
        super().setup(spec)
        self.promises = Promises(self.config, self.next_target, self.windows_s)
        self.columns = NoteColumns(self.COLUMNS)

    @property
    def windows_s(self) -> tuple[int, ...]:
        """Age of a note at the end of each stage, seconds."""
        return self.config.windows_s

    @property
    def tick_period_s(self) -> int:
        """Time between two control steps, seconds."""
        return self.config.tick

    def next_target(
        self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return life impressions to promise to notes at the start of a stage; see `Promises`."""
        return np.full(rows.size, self.config.scaled_targets(self.spec)[stage], np.float32)

    def quota_changes(self) -> QuotaChanges | None:
        """Return promises that began or ended since the last call."""
        return self.promises.take_changes()

    def coefficient_support(
        self,
        view: PlatformView,
        initial: Callable[[Pace], NDArray[np.float32]],
        pre_rank_power: float,
    ) -> NoteSupport | None:
        """Return support by the book's column `coefficient`.

        Args:
            view: the platform.
            initial: coefficients of notes whose stage has begun since the last control step.
            pre_rank_power: the coefficient at pre-rank is that at rank to this power.
        """
        promises = self.promises
        rows = promises.update(view)
        support = promises.support(view, rows)
        if support is None:
            return None
        unset = rows[promises["coefficient"][rows] == 0]
        if unset.size:
            promises["coefficient"][unset] = initial(promises.pace(view, unset))
        support.rank = promises["coefficient"][rows]
        support.pre_rank = np.power(support.rank, np.float32(pre_rank_power))
        return support

    def state_arrays(self) -> Arrays:
        """Return the book and the columns."""
        return {**self.promises.state_arrays(), **self.columns.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back the book and the columns."""
        self.promises.load_state(arrays)
        self.columns.load_state(arrays)
