"""Entire-space multi-task model: heads after a click learn from all impressions."""

from __future__ import annotations

from typing import Literal

from simulator.contracts.config import knob
from simulator.contracts.events import N_HEADS
from simulator.contracts.spec import PlatformSpec
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.ranker import MultiTaskRanker


class EsmmConfig(MultiTaskConfig):
    """Knobs of the ESMM ranker."""

    type: Literal["esmm"] = "esmm"
    width: int = knob(8, "Outputs of each head's layer.", unit="numbers", ge=1, le=512)


class Esmm(MultiTaskRanker[EsmmConfig]):
    """p(click and action) = p_click·p_action, learned on every impression; a layer for each head.

    Heads after a click are used for notes that were never clicked; learning them on clicked
    impressions alone would select their sample (Ma et al., Entire Space Multi-Task Model, SIGIR
    2018). Reading time has no probability and learns from clicked impressions.
    """

    Config = EsmmConfig

    def shape(self, spec: PlatformSpec) -> Shape:
        """Give every head an expert of its own."""
        config = self.config
        return Shape(
            spec.n_categories,
            spec.embedding_dim,
            config.interactions,
            config.width,
            tuple((head,) for head in range(N_HEADS)),
            is_entire_space=True,
        )
