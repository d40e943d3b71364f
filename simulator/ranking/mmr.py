"""Rerank by maximal marginal relevance within rules."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Scored, Slate
from simulator.contracts.config import knob
from simulator.contracts.plugins import PluginConfig, Reranker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import SupportTable
from simulator.contracts.views import PlatformView
from simulator.ranking.assembly import Assembly
from simulator.ranking.rerank_kernels import MMR
from simulator.ranking.rules import SlateRules


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
        config = self.config
        self._assembly = Assembly(MMR, config.theta, config.window, config.rules, spec.seed)

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
        return self._assembly.run(scored, support, slot_kind, view)
