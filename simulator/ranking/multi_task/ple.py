"""Progressive layered extraction: experts that all heads share and experts of one head."""

from __future__ import annotations

from typing import Literal

from simulator.contracts.config import knob
from simulator.contracts.events import N_HEADS
from simulator.contracts.spec import PlatformSpec
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.ranker import MultiTaskRanker


class PleConfig(MultiTaskConfig):
    """Knobs of the PLE ranker."""

    type: Literal["ple"] = "ple"
    shared_experts: int = knob(2, "Experts of all heads.", unit="experts", ge=1, le=16)
    own_experts: int = knob(1, "Experts of each head alone.", unit="experts", ge=1, le=8)
    width: int = knob(8, "Outputs of an expert.", unit="numbers", ge=1, le=512)
    gate_dropout: float = knob(
        0.1, "Chance that training leaves an expert out of a gate's choice.", ge=0, le=0.9
    )


class Ple(MultiTaskRanker[PleConfig]):
    """logit_t = linear_t + v_t·Σ_e g_te h_e over shared experts and the head's own: one CGC layer.

    Tang et al., Progressive Layered Extraction, RecSys 2020.
    """

    Config = PleConfig

    def shape(self, spec: PlatformSpec) -> Shape:
        """Let every head read the shared experts and its own."""
        config = self.config
        n_shared, n_own = config.shared_experts, config.own_experts
        shared = tuple(range(n_shared))
        own = [
            tuple(range(n_shared + h * n_own, n_shared + (h + 1) * n_own)) for h in range(N_HEADS)
        ]
        return Shape(
            spec.n_categories,
            spec.embedding_dim,
            config.interactions,
            config.width,
            tuple(shared + of_head for of_head in own),
            config.gate_dropout,
        )
