"""Arms inside a run: who is in which, who sees what, and whose policies act on a pair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, Feedback, Interactions, RequestBatch, Slate
from simulator.contracts.events import DAY_S, N_ARMS, N_KINDS, Arm
from simulator.contracts.merging import Merging
from simulator.contracts.plugins import ExperimentDesign
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.engine import arm_kernels
from simulator.engine.arm_statistics import ArmStatistics

EVERY_POLICY = np.uint8(255)
"""Bits of all policies, of which there are at most 8."""


class Arms:
    """What an experiment changes in serving; without a design, nothing.

    Args:
        design: how arms are assigned, None for a plain run.
        n_policies: policies in all, control's first.
        n_control: how many of them are control's.
        start_t: start of the experiment, seconds since the start of the run.
    """

    def __init__(
        self,
        design: ExperimentDesign[Any] | None = None,
        n_policies: int = 0,
        n_control: int | None = None,
        start_t: float = 0.0,
    ) -> None:
        self._design = design
        self.n_control = n_policies if n_control is None else n_control
        control, treatment = (1 << self.n_control) - 1, (1 << n_policies) - 1
        self._bits = np.array([control, treatment & ~control], np.uint8)
        self.start_t = start_t
        self._visible = None if design is None else design.visible()
        self._splits = design is not None and design.splits_counters
        self._counts = np.zeros((2, 0, N_KINDS), np.float32)
        self._is_open = False
        apart = design is not None and design.learns_apart
        self._own = ArmStatistics() if apart else None

    def has_begun(self, now: float) -> bool:
        """Return whether the experiment is on at a time."""
        return self._design is not None and now >= self.start_t

    def begin(self, view: PlatformView) -> bool:
        """Show the design the platform once, when the experiment starts.

        Returns:
            Whether arms of readers are other than before.
        """
        if self._design is None or self._is_open or not self.has_begun(view.now):
            return False
        self._is_open = True
        if self._own is not None:
            self._own.begin(view)
        return self._design.start(view)

    def is_asked(self, policy: int, now: float) -> bool:
        """Return whether a policy may act yet: treatment waits for the start."""
        return policy < self.n_control or self.has_begun(now)

    def list_of(self, policy: int) -> np.uint8:
        """Return the bits of the list, control or treatment, that a policy stands in."""
        return EVERY_POLICY if self._design is None else self._bits[int(policy >= self.n_control)]

    def bits_of(self, which: int) -> np.uint8:
        """Return the bits of control's (0) or of treatment's (1) policies."""
        return np.uint8(self._bits[which])

    def merging(self, now: float) -> Merging | None:
        """Return how two rankings are merged at a time; None when one ranking serves."""
        return self._design.merging if self._design and self.has_begun(now) else None

    def of_readers(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return uint8[n], arms of readers; 0 without an experiment."""
        if self._design is None:
            return np.zeros(reader_idx.shape, np.uint8)
        return np.asarray(self._design.reader_arms(reader_idx))

    def of_notes(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        published_t: NDArray[np.float64],
    ) -> NDArray[np.uint8]:
        """Return uint8[n], arms of notes; 0 without an experiment."""
        if self._design is None:
            return np.zeros(note_idx.shape, np.uint8)
        is_new = published_t >= self.start_t
        arm = self._design.note_arms(note_idx, creator_reader_idx, category, is_new)
        day = ((published_t - self.start_t) // DAY_S).astype(np.int64)
        there = self._design.ramped_notes(day, note_idx, creator_reader_idx, category)
        return arm if there is None else _held_back(arm, there)

    def served_as(
        self, reader_idx: NDArray[np.int32], arm: NDArray[np.uint8], now: float
    ) -> NDArray[np.uint8]:
        """Return uint8[B], the arms that readers are served as: control until a ramp reaches them.

        Args:
            reader_idx: the readers.
            arm: their arms in the whole test.
            now: time, seconds.
        """
        if self._design is None or not self.has_begun(now):
            return arm
        there = self._design.ramped_readers(int((now - self.start_t) // DAY_S), reader_idx)
        return arm if there is None else _held_back(arm, there)

    def hide(self, requests: RequestBatch, candidates: Candidates, view: PlatformView) -> None:
        """Drop candidates that a reader's arm is not shown, in place."""
        if self._visible is None or not self.has_begun(view.now):
            return
        arm_kernels.hide(
            self._visible,
            requests.reader_arm,
            view.notes.arm,
            candidates.note_idx,
            candidates.channels,
            candidates.n,
        )

    def trim(
        self,
        requests: RequestBatch,
        found: NDArray[np.int32],
        places: NDArray[np.int64],
        view: PlatformView,
    ) -> None:
        """Leave each channel's usual number of finds: the first that a reader is shown, in place.

        Args:
            requests: the requests.
            found: int32[B, J], finds of all channels side by side.
            places: int64[C, 3], first place, width and usual number of each channel.
            view: the platform.
        """
        everything = np.ones((N_ARMS, N_ARMS), np.bool_)
        hides = self._visible is not None and self.has_begun(view.now)
        visible = self._visible if hides and self._visible is not None else everything
        arm_kernels.trim(visible, requests.reader_arm, view.notes.arm, places, found)

    def table(self, now: float) -> NDArray[np.uint8]:
        """Return uint8[3, 3], bits of the policies that act on each pair of arms at a time."""
        if self._design is None or now < self.start_t:
            return np.full((N_ARMS, N_ARMS), self._bits[0], np.uint8)
        is_treated = self._design.treated(int((now - self.start_t) // DAY_S))
        return self._bits[is_treated.astype(np.int64)]

    def acting(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.uint8]:
        """Return uint8[B, K], bits of the policies that may act on each pair."""
        shape = candidates.note_idx.shape
        if self._design is None:
            return np.full(shape, EVERY_POLICY)
        note_arm = view.notes.arm[np.maximum(candidates.note_idx, 0)]
        table = self.table(view.now)
        return np.asarray(table[requests.reader_arm[:, None], note_arm])

    def inserting(self, requests: RequestBatch, now: float, bits: int) -> NDArray[np.bool_] | None:
        """Return bool[B], requests to whose reader some policy of `bits` may act; None for all."""
        if self._design is None:
            return None
        may = np.any(self.table(now) & np.uint8(bits), axis=1)
        return np.asarray(may[requests.reader_arm])

    def spec_for(self, policy: int, spec: PlatformSpec) -> PlatformSpec:
        """Return what a policy is told of the platform: thresholds of its share of readers."""
        if not self._splits or self._design is None:
            return spec
        share = self._design.treated_share
        return replace(
            spec,
            threshold_scale=spec.threshold_scale
            * (share if policy >= self.n_control else 1.0 - share),
        )

    def view_for(self, policy: int, view: PlatformView) -> PlatformView:
        """Return what a policy sees: what its own readers did, where counters are split."""
        if not self._splits or not self.has_begun(view.now):
            return view
        own = self._counts[int(policy >= self.n_control)]
        totals = np.zeros_like(view.notes.totals)
        totals[: own.shape[0]] = own[: totals.shape[0]]
        totals.setflags(write=False)
        return replace(view, notes=replace(view.notes, totals=totals))

    @property
    def is_apart(self) -> bool:
        """Whether the arms learn apart by now."""
        return self._own is not None and self._is_open

    def own_view(self, stack: int, view: PlatformView) -> PlatformView:
        """Return what a stack (0 control, 1 treatment) sees: its own counters, once apart."""
        if self._own is None or not self._is_open:
            return view
        return self._own.seen_by(stack, view)

    def own_log(self, stack: int, interactions: Interactions, view: PlatformView) -> Interactions:
        """Return the interactions of a stack's own readers, once the arms learn apart."""
        if not self.is_apart:
            return interactions
        readers = interactions.reader_idx
        arm = self.served_as(readers, view.readers.arm[readers], view.now)
        mine = (arm == Arm.TREATMENT) == bool(stack)
        return Interactions(
            interactions.t[mine], readers[mine], interactions.note_idx[mine],
            interactions.actions[mine],
        )  # fmt: skip

    def rebase(self, factors: NDArray[np.float32]) -> None:
        """Move the decay epoch of counters along with that of the platform."""
        if self._own is not None and self._is_open:
            self._own.rebase(factors)

    def count(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        n_notes: int,
        growth: NDArray[np.float32],
    ) -> None:
        """Count what the readers of each arm did, where counters are split.

        Args:
            requests: requests of one chunk; of one arm where arms learn apart.
            slate: what was shown.
            feedback: what readers did.
            n_notes: notes there are.
            growth: float32[3], weights of an event in decayed counters.
        """
        if self._own is not None and self._is_open and requests.n:
            stack = int(requests.reader_arm[0] == Arm.TREATMENT)
            self._own.count(stack, slate, feedback, growth, n_notes)
        if not self._splits:
            return
        if self._counts.shape[1] < n_notes:
            grown = np.zeros((2, 2 * n_notes, N_KINDS), np.float32)
            grown[:, : self._counts.shape[1]] = self._counts
            self._counts = grown
        seen = (feedback.examined > 0) & (slate.note_idx >= 0)
        row, slot = np.nonzero(seen)
        arm = (requests.reader_arm[row] == Arm.TREATMENT).astype(np.int64)
        np.add.at(self._counts, (arm, slate.note_idx[row, slot]), feedback.actions[row, slot])

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a checkpoint needs; the design keeps what arms depend on."""
        own = {} if self._own is None else self._own.state_arrays()
        return {"counts": self._counts, "is_open": np.array([self._is_open]), **own}

    def load_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._counts = arrays["counts"].astype(np.float32)
        self._is_open = bool(arrays["is_open"][0])
        if self._own is not None:
            self._own.load_state(arrays)


def _held_back(arm: NDArray[np.uint8], there: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where((arm == Arm.TREATMENT) & ~there, np.uint8(Arm.CONTROL), arm)
