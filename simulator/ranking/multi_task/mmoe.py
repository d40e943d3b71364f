"""Multi-gate mixture of experts: every head weighs the same experts in its own way."""

from __future__ import annotations

from typing import Literal

from simulator.contracts.config import knob
from simulator.contracts.events import N_HEADS
from simulator.contracts.spec import PlatformSpec
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.ranker import MultiTaskRanker


class MmoeConfig(MultiTaskConfig):
    """Knobs of the MMoE ranker."""

    type: Literal["mmoe"] = "mmoe"
    n_experts: int = knob(3, "Experts.", unit="experts", ge=2, le=32)
    width: int = knob(16, "Outputs of an expert.", unit="numbers", ge=1, le=512)
    gate_dropout: float = knob(
        0.1,
        "Chance that training leaves an expert out of a gate's choice, against gates that settle "
        "on one expert.",
        ge=0,
        le=0.9,
    )


class Mmoe(MultiTaskRanker[MmoeConfig]):
    """logit_t = linear_t + v_t·Σ_e softmax(x·G_t)_e h_e, h_e = relu(x·W_e).

    Ma et al., Modeling Task Relationships in Multi-task Learning with MMoE, KDD 2018; dropout of
    gates against polarisation: Zhao et al., Recommending What Video to Watch Next, RecSys 2019, and
    course slides on ranking.
    """

    Config = MmoeConfig

    def shape(self, spec: PlatformSpec) -> Shape:
        """Let every head read every expert."""
        config = self.config
        everyone = tuple(range(config.n_experts))
        return Shape(
            spec.n_categories,
            spec.embedding_dim,
            config.interactions,
            config.width,
            (everyone,) * N_HEADS,
            config.gate_dropout,
        )
