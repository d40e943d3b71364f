"""Rerank by greedy MAP inference of a determinantal point process within rules."""

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
from simulator.ranking.rerank_kernels import DPP
from simulator.ranking.rules import SlateRules


class DppConfig(PluginConfig):
    """Knobs of the DPP reranker."""

    type: Literal["dpp"] = "dpp"
    n_slots: int = knob(10, "Slots of a slate.", unit="slots", ge=1, le=50)
    theta: float = knob(
        0.8,
        "Weight of value; the rest is the weight of log volume. Not on the scale of MMR's.",
        ge=0, le=1, tunable=True,
    )  # fmt: skip
    window: int = knob(
        10,
        "Latest notes of the slate that span the volume; as many as slots is the full process.",
        unit="notes", ge=1, le=1_000,
    )  # fmt: skip
    rules: SlateRules = SlateRules()


class Dpp(Reranker[DppConfig]):
    """Fill each slot with argmax θ·value/top + (1-θ)·log d², within the rules.

    d² is the factor by which a note raises the determinant of the cosines among the latest notes
    of the slate, the squared volume that their unit embeddings span: 1 for a note at right angles
    to all, nearly 0 for one that they already span (Chen, Zhang and Zhou, NeurIPS 2018, with a
    sliding window). Where MMR looks at the nearest note alone, a note here also loses by being a
    blend of several. Values, support, ties, kinds of slots and rules are as in MMR. 1e-5 on the
    diagonal keeps d² above 0, so that a duplicate has a log of about -11 instead of none.
    """

    Config = DppConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Lay out the rules for the kernel."""
        super().setup(spec)
        config = self.config
        self._assembly = Assembly(DPP, config.theta, config.window, config.rules, spec.seed)

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
