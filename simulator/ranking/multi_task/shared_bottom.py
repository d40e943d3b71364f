"""Shared bottom: one hidden layer for all heads."""

from __future__ import annotations

from typing import Literal

from simulator.contracts.config import knob
from simulator.contracts.events import N_HEADS
from simulator.contracts.spec import PlatformSpec
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.ranker import MultiTaskRanker


class SharedBottomConfig(MultiTaskConfig):
    """Knobs of the shared-bottom ranker."""

    type: Literal["shared_bottom"] = "shared_bottom"
    width: int = knob(32, "Outputs of the shared layer.", unit="numbers", ge=1, le=512)


class SharedBottom(MultiTaskRanker[SharedBottomConfig]):
    """logit_t = linear_t + v_t·h, h = relu(x·W): all heads read one layer.

    Caruana, Multitask Learning, Machine Learning 28, 1997; course slides on ranking.
    """

    Config = SharedBottomConfig

    def shape(self, spec: PlatformSpec) -> Shape:
        """Let every head read the one expert."""
        config = self.config
        return Shape(
            spec.n_categories,
            spec.embedding_dim,
            config.interactions,
            config.width,
            ((0,),) * N_HEADS,
        )
