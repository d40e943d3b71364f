"""Rerank by maximal marginal relevance within rules."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Scored, Slate
from simulator.contracts.config import Config, knob
from simulator.contracts.errors import InvariantError
from simulator.contracts.plugins import PluginConfig, Reranker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import SupportTable
from simulator.contracts.views import PlatformView
from simulator.ranking.rerank_kernels import assemble_mmr

_MOST_POLICIES = 8


class SlateRules(Config):
    """Rules that come before diversity; the source's values are from course slides on reranking.

    Where no candidate keeps all rules, they are given up in this order until one does: category
    gap, run of one type, promoted gap, shopping cards.
    """

    longest_type_run: int = knob(
        5, "Most consecutive notes of one type, image or video; 0 for any.", unit="notes", ge=0,
        le=1_000,
    )  # fmt: skip
    promoted_gap: int = knob(
        9, "At most one promoted note in any so many consecutive slots; 0 for any.", unit="slots",
        ge=0, le=1_000,
    )  # fmt: skip
    slots_without_card: int = knob(
        1, "First slots without a shopping card.", unit="slots", ge=0, le=1_000
    )
    first_screen: int = knob(4, "Slots of the first screen.", unit="slots", ge=0, le=1_000)
    cards_on_first_screen: int = knob(
        1, "Most shopping cards on the first screen.", unit="notes", ge=0, le=1_000
    )
    same_category_gap: int = knob(
        0, "Next slots that may not repeat a note's category; 0 for none.", unit="slots", ge=0,
        le=1_000,
    )  # fmt: skip

    def as_array(self) -> NDArray[np.int64]:
        """Return int64[6] as compiled kernels read the rules."""
        return np.array(
            [
                self.longest_type_run,
                self.promoted_gap,
                self.slots_without_card,
                self.first_screen,
                self.cards_on_first_screen,
                self.same_category_gap,
            ],
            np.int64,
        )


class MmrConfig(PluginConfig):
    """Knobs of the MMR reranker."""

    type: Literal["mmr"] = "mmr"
    n_slots: int = knob(10, "Slots of a slate.", unit="slots", ge=1, le=50)
    theta: float = knob(
        0.8, "Weight of value; the rest is the weight of diversity.", ge=0, le=1, tunable=True
    )
    window: int = knob(
        10, "Latest notes of the slate that count for diversity.", unit="notes", ge=1, le=1_000
    )
    rules: SlateRules = SlateRules()


class Mmr(Reranker[MmrConfig]):
    """Fill each slot with argmax θ·value/top - (1-θ)·max cos to the window, within the rules.

    Carbonell and Goldstein (SIGIR 1998), with a sliding window in place of the whole slate. `value`
    is after support, `top` the request's best value before support; so a note's own support moves
    nobody else's score, and more of it never moves the note to a later slot of the same request.
    Ties go to the older note, so the order of candidates does not matter. A slot asks for a kind of
    note before it asks for rules; where nothing of that kind is left, any note may fill it.
    """

    Config = MmrConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Lay out the rules for the kernel."""
        super().setup(spec)
        self._rules = self.config.rules.as_array()

    def assemble(
        self,
        scored: Scored,
        support: SupportTable,
        slot_kind: NDArray[np.uint8],
        view: PlatformView,
    ) -> Slate:
        """Fill slates in request order; see the contract.

        Raises:
            InvariantError: more than 8 policies, which `granted_by` has no bits for.
        """
        if support.rank.shape[0] > _MOST_POLICIES:
            raise InvariantError(f"at most {_MOST_POLICIES} policies can grant placements")
        shape = slot_kind.shape
        slate = Slate(
            column=np.empty(shape, np.int16),
            note_idx=np.empty(shape, np.int32),
            final=np.empty(shape, np.float32),
            granted_by=np.empty(shape, np.uint8),
        )
        notes = view.notes
        assemble_mmr(
            scored.note_idx,
            scored.n,
            scored.organic,
            scored.supported,
            slot_kind,
            support.row,
            support.rank,
            support.price,
            support.remaining,
            support.insert,
            notes.is_video,
            notes.is_promoted,
            notes.has_card,
            notes.category,
            notes.embedding,
            int(view.new_start),
            self.config.theta,
            self.config.window,
            self._rules,
            slate.column,
            slate.note_idx,
            slate.final,
            slate.granted_by,
        )
        return slate
