"""The plug-ins of one run, and the seconds that each stage has cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.contracts.plugins import (
    ExperimentDesign,
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
        n_control: policies before this place are those of control and of plain runs, the rest is
            the treatment of an experiment; None for no treatment.
        design: the experiment, None for a plain run.
        usual_k: finds of each channel that count, where channels fetch more than that for a test
            that hides notes; empty when every find counts.
        twin: what serves treated readers where arms learn apart: channels, models and scoring
            stages of its own, the same policies and design. None where all readers share one.
    """

    channels: list[RecallChannel[Any]]
    pre_ranker: PreRanker[Any]
    ranker: Ranker[Any]
    reranker: Reranker[Any]
    policies: list[TrafficPolicy[Any]]
    models: list[Model[Any]] = field(default_factory=list)
    n_control: int | None = None
    design: ExperimentDesign[Any] | None = None
    usual_k: tuple[int, ...] = ()
    twin: Funnel | None = None

    def stacks(self) -> list[Funnel]:
        """Return this funnel and, where arms learn apart, that of treated readers."""
        return [self] if self.twin is None else [self, self.twin]

    def plugins(self) -> Iterator[tuple[str, Plugin[Any]]]:
        """Yield every plug-in with a name that is unique in the run."""
        yield from self.own_plugins()
        if self.twin is not None:
            shared = {id(plugin) for _, plugin in self.own_plugins()}
            for name, plugin in self.twin.own_plugins():
                if id(plugin) not in shared:
                    yield f"treatment.{name}", plugin

    def own_plugins(self) -> Iterator[tuple[str, Plugin[Any]]]:
        """Yield the plug-ins of this funnel, without those of its twin."""
        for kind, members in (("recall", self.channels), ("policies", self.policies)):
            for i, plugin in enumerate(members):
                yield f"{kind}.{i}.{plugin.config.type}", plugin
        for model in self.models:
            yield f"models.{model.name}", model
        yield "pre_rank", self.pre_ranker
        yield "rank", self.ranker
        yield "rerank", self.reranker
        if self.design is not None:
            yield "experiment", self.design

    def setup(
        self,
        spec: PlatformSpec,
        spec_of_policy: Callable[[int, PlatformSpec], PlatformSpec] = lambda _, spec: spec,
    ) -> None:
        """Tell every plug-in the platform's sizes, then what models there are.

        Args:
            spec: the platform.
            spec_of_policy: what a policy, by its place, is told instead.
        """
        places = {id(policy): p for p, policy in enumerate(self.policies)}
        for _, plugin in self.plugins():
            p = places.get(id(plugin))
            plugin.setup(spec if p is None else spec_of_policy(p, spec))
        for stack in reversed(self.stacks()):
            models = {model.name: model for model in stack.models}
            for _, plugin in stack.own_plugins():
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
        """Return the learners of this funnel, without its twin's, that log what is served."""
        return [
            learner
            for _, learner in self.own_plugins()
            if isinstance(learner, Learner) and type(learner).observe is not Learner.observe
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
