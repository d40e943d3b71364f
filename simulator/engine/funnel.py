"""The plug-ins of one run, and the seconds that each stage has cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.contracts.plugins import (
    Learner,
    Model,
    Plugin,
    PreRanker,
    Ranker,
    RecallChannel,
    Reranker,
    TrafficPolicy,
)
from simulator.contracts.spec import PlatformSpec


@dataclass(slots=True)
class Funnel:
    """What stands between a request and its slate.

    Attributes:
        channels: recall channels, in the order of their bit in `channels` masks (at most 32).
        pre_ranker, ranker, reranker: the three scoring stages.
        policies: traffic policies, in the order of their bit in `granted_by` (at most 8).
        models: what learns and serves the others.
    """

    channels: list[RecallChannel[Any]]
    pre_ranker: PreRanker[Any]
    ranker: Ranker[Any]
    reranker: Reranker[Any]
    policies: list[TrafficPolicy[Any]]
    models: list[Model[Any]] = field(default_factory=list)

    def plugins(self) -> Iterator[tuple[str, Plugin[Any]]]:
        """Yield every plug-in with a name that is unique in the run."""
        for kind, members in (("recall", self.channels), ("policies", self.policies)):
            for i, plugin in enumerate(members):
                yield f"{kind}.{i}.{plugin.config.type}", plugin
        for model in self.models:
            yield f"models.{model.name}", model
        yield "pre_rank", self.pre_ranker
        yield "rank", self.ranker
        yield "rerank", self.reranker

    def setup(self, spec: PlatformSpec) -> None:
        """Tell every plug-in the platform's sizes, then what models there are."""
        models = {model.name: model for model in self.models}
        for _, plugin in self.plugins():
            plugin.setup(spec)
        for _, plugin in self.plugins():
            plugin.bind(models)

    def facts(self) -> dict[str, float]:
        """Return what plug-ins say they did, each name after its plug-in's."""
        return {
            f"{name}.{fact}": float(value)
            for name, plugin in self.plugins()
            for fact, value in plugin.facts().items()
        }

    def learners(self) -> Iterator[tuple[str, Learner[Any]]]:
        """Yield everything that may learn, with its name."""
        for name, plugin in self.plugins():
            if isinstance(plugin, Learner):
                yield name, plugin

    def observers(self) -> list[Learner[Any]]:
        """Return the learners that log what is served."""
        return [
            learner
            for _, learner in self.learners()
            if type(learner).observe is not Learner.observe
        ]


class _Stopwatch:
    """A context manager without a generator: it is entered a dozen times for every window."""

    __slots__ = ("_begin", "_seconds", "_stage")

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds = seconds
        self._stage = stage

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = time.perf_counter() - self._begin
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + spent


@dataclass(slots=True)
class StageCosts:
    """Wall-clock seconds by stage of the run; a profile, never part of a result.

    Attributes:
        seconds: stage name -> seconds so far.
    """

    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, stage: str) -> _Stopwatch:
        """Return a context that adds the time of its block to a stage."""
        return _Stopwatch(self.seconds, stage)
