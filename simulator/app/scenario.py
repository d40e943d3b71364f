"""The scenario under one name: the model of its file, and its resolved form."""

from simulator.app.model import (
    DEFAULT_PLUGINS,
    DEFAULT_RECALL,
    ExplorationConfig,
    QueuesConfig,
    ScenarioBase,
    ThresholdsConfig,
    build_model,
    scenario_model,
)
from simulator.app.resolved import ResolvedScenario

__all__ = [
    "DEFAULT_PLUGINS",
    "DEFAULT_RECALL",
    "ExplorationConfig",
    "QueuesConfig",
    "ResolvedScenario",
    "ScenarioBase",
    "ThresholdsConfig",
    "build_model",
    "scenario_model",
]
