"""A scenario after every file, override and default: what a run is made of."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from simulator.app.model import ExplorationConfig, QueuesConfig, ScenarioBase, ThresholdsConfig
from simulator.contracts.config import format_duration
from simulator.contracts.plugins import PluginConfig
from simulator.engine.shocks import ShockConfig
from simulator.world.config import WorldConfig

_WITHOUT_EFFECT: Final = ("name", "question", "metrics")
_BREAKS: Final = frozenset("\r\x85\u2028\u2029\ufeff")


@dataclass(frozen=True)
class ResolvedScenario:
    """A complete, valid scenario. It pickles, and equal scenarios compare equal.

    Attributes:
        name: name of the scenario.
        question: what it answers.
        seed: seed of every random draw.
        horizon_s: measured time, seconds, whole days.
        warm_up_s: time before it that is not measured, seconds, whole days.
        serving_window_s: time whose requests are served together, seconds; 0 for one by one.
        world: the world's knobs.
        content: content encoder.
        models: what learns and serves other plug-ins.
        recall: recall channels.
        pre_rank: pre-ranker.
        rank: ranker.
        policies: traffic policies in order of precedence.
        shocks: what changes at a simulated time.
        queues: how new and old notes compete.
        exploration: which slots explore, and where their notes come from.
        rerank: reranker.
        experiment: experiment design, None for a plain run.
        treatment: policies of the treated arm.
        metrics: names of metrics to show first.
        thresholds: thresholds of the metrics.
    """

    name: str
    question: str
    seed: int
    horizon_s: int
    warm_up_s: int
    serving_window_s: int
    world: WorldConfig
    content: PluginConfig
    models: tuple[PluginConfig, ...]
    recall: tuple[PluginConfig, ...]
    pre_rank: PluginConfig
    rank: PluginConfig
    policies: tuple[PluginConfig, ...]
    shocks: tuple[ShockConfig, ...]
    queues: QueuesConfig
    exploration: ExplorationConfig
    rerank: PluginConfig
    experiment: PluginConfig | None
    treatment: tuple[PluginConfig, ...]
    metrics: tuple[str, ...]
    thresholds: ThresholdsConfig

    @classmethod
    def of(cls, model: ScenarioBase) -> ResolvedScenario:
        """Take the values out of a validated model."""
        values = dict(model)
        del values["extends"]
        values["horizon_s"] = values.pop("horizon")
        values["warm_up_s"] = values.pop("warm_up")
        return cls(**values)

    def to_mapping(self) -> dict[str, object]:
        """Return the scenario as a file holds it: plain values under the keys of a file."""
        experiment = self.experiment
        return {
            "name": self.name,
            "question": self.question,
            "seed": self.seed,
            "horizon": format_duration(self.horizon_s),
            "warm_up": format_duration(self.warm_up_s),
            "serving_window_s": self.serving_window_s,
            "world": self.world.model_dump(mode="json"),
            "content": self.content.model_dump(mode="json"),
            "models": [config.model_dump(mode="json") for config in self.models],
            "recall": [config.model_dump(mode="json") for config in self.recall],
            "pre_rank": self.pre_rank.model_dump(mode="json"),
            "rank": self.rank.model_dump(mode="json"),
            "policies": [config.model_dump(mode="json") for config in self.policies],
            "shocks": [config.model_dump(mode="json") for config in self.shocks],
            "queues": self.queues.model_dump(mode="json"),
            "exploration": self.exploration.model_dump(mode="json"),
            "rerank": self.rerank.model_dump(mode="json"),
            "experiment": None if experiment is None else experiment.model_dump(mode="json"),
            "treatment": [config.model_dump(mode="json") for config in self.treatment],
            "metrics": list(self.metrics),
            "thresholds": self.thresholds.model_dump(mode="json"),
        }

    @property
    def hash8(self) -> str:
        """Eight hex digits over every value that a result depends on, the seed included."""
        values = {k: v for k, v in self.to_mapping().items() if k not in _WITHOUT_EFFECT}
        if not self.treatment:
            del values["treatment"]  # as in files of the time before there was one
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def dump_yaml(self) -> str:
        """Write the whole scenario as YAML that loads to an equal one."""
        return to_yaml(self.to_mapping())


def to_yaml(mapping: Mapping[str, object]) -> str:
    """Write plain values as YAML, blocks in the order given, `null` spelt out."""
    yaml = YAML()
    yaml.width = 100
    yaml.representer.add_representer(
        type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.representer.add_representer(str, _text)
    stream = io.StringIO()
    yaml.dump(dict(mapping), stream)
    return stream.getvalue()


def _text(writer: RoundTripRepresenter, text: str) -> ScalarNode:
    """Escape what a YAML reader folds away as a line break; leave the style of the rest alone."""
    style = '"' if _BREAKS.intersection(text) else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)
