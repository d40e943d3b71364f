"""Statistics of notes as the readers of one arm alone made them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, Slate
from simulator.contracts.events import N_KINDS, WINDOW_S
from simulator.contracts.views import PlatformView

N_STACKS = 2
"""What serves control readers, and what serves treated ones."""

_N_WINDOWS = len(WINDOW_S)


class ArmStatistics:
    """Counters of notes for each arm, from a past that both share."""

    def __init__(self) -> None:
        self._totals = np.zeros((N_STACKS, 0, N_KINDS), np.float32)
        self._decayed = np.zeros((N_STACKS, 0, _N_WINDOWS, N_KINDS), np.float32)

    def begin(self, view: PlatformView) -> None:
        """Take the counters of the platform as those of both arms."""
        self._totals = np.stack([view.notes.totals] * N_STACKS)
        self._decayed = np.stack([view.notes.decayed] * N_STACKS)

    def count(
        self, stack: int, slate: Slate, feedback: Feedback, growth: NDArray[np.float32], n: int
    ) -> None:
        """Add what readers of one arm did.

        Args:
            stack: 0 control, 1 treatment.
            slate: what they were shown.
            feedback: what they did.
            growth: float32[3], weights of an event by window.
            n: notes there are.
        """
        self._reserve(n)
        row, slot = np.nonzero((feedback.examined > 0) & (slate.note_idx >= 0))
        note, actions = slate.note_idx[row, slot], feedback.actions[row, slot]
        np.add.at(self._totals[stack], note, actions)
        np.add.at(self._decayed[stack], note, actions[:, None, :] * growth[None, :, None])

    def rebase(self, factors: NDArray[np.float32]) -> None:
        """Move the decay epoch along with that of the platform."""
        self._decayed *= factors[None, None, :, None]

    def seen_by(self, stack: int, view: PlatformView) -> PlatformView:
        """Return the platform with the counters of one arm."""
        n = view.notes.n
        self._reserve(n)
        totals, decayed = self._totals[stack, :n], self._decayed[stack, :n]
        totals.setflags(write=False)
        decayed.setflags(write=False)
        return replace(view, notes=replace(view.notes, totals=totals, decayed=decayed))

    def _reserve(self, n: int) -> None:
        had = self._totals.shape[1]
        if had >= n:
            return
        for name in ("_totals", "_decayed"):
            old = getattr(self, name)
            new = np.zeros((N_STACKS, 2 * n, *old.shape[2:]), np.float32)
            new[:, :had] = old
            setattr(self, name, new)

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the counters."""
        return {"own_totals": self._totals, "own_decayed": self._decayed}

    def load_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._totals = np.array(arrays["own_totals"], np.float32)
        self._decayed = np.array(arrays["own_decayed"], np.float32)
