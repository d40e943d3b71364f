"""Composition: from a validated scenario to the objects of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.app.registry import registry
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import ExperimentDesign, PluginConfig, RecallConfig
from simulator.contracts.spec import PlatformSpec

if TYPE_CHECKING:
    from simulator.app.scenario import ResolvedScenario
    from simulator.engine.funnel import Funnel
    from simulator.engine.replication import Replication
    from simulator.engine.sinks import TableSink
    from simulator.engine.timetable import Timetable
    from simulator.results.params import MetricParams
    from simulator.world.world import World


def plugin(kind: str, config: PluginConfig) -> Any:  # noqa: ANN401
    """Return the plug-in that a configuration block asks for."""
    return registry().build(kind, config)


def platform_spec(scenario: ResolvedScenario, embedding_dim: int) -> PlatformSpec:
    """Return the sizes and rules that every plug-in is told.

    Args:
        scenario: the scenario.
        embedding_dim: width of the content encoder's embeddings.
    """
    world = scenario.world
    rerank: Any = scenario.rerank
    return PlatformSpec(
        seed=scenario.seed,
        n_categories=world.n_categories,
        n_keywords=world.n_keywords,
        keywords_per_note=world.keywords_per_note,
        embedding_dim=embedding_dim,
        n_slots=rerank.n_slots,
        threshold_scale=scenario.thresholds.scale,
        separate_queues=scenario.queues.type == "separate",
        new_share=scenario.queues.new_share,
        explore_share=scenario.exploration.share,
        explore_channel=scenario.exploration.channel,
    )


def metric_params(scenario: ResolvedScenario) -> MetricParams:
    """Return days, windows and thresholds for measuring."""
    from simulator.results.params import MetricParams

    thresholds = scenario.thresholds
    return MetricParams(
        warm_up_days=scenario.warm_up_s // DAY_S,
        measured_days=scenario.horizon_s // DAY_S,
        threshold_scale=thresholds.scale,
        quota_window_s=thresholds.quota_window,
        quota_impressions=thresholds.quota_target,
        mid_impressions=thresholds.bands[0],
        high_impressions=thresholds.bands[1],
        hot_clicks=thresholds.high_heat_clicks,
    )


def build_funnel(scenario: ResolvedScenario) -> Funnel:
    """Return the plug-ins of the request path."""
    from simulator.engine.funnel import Funnel

    experiment = scenario.experiment
    design = None if experiment is None else plugin("experiment", experiment)
    usual = [config.k if isinstance(config, RecallConfig) else 0 for config in scenario.recall]
    fetched = usual if design is None else [design.fetched(k) for k in usual]
    policies = [plugin("policies", config) for config in (*scenario.policies, *scenario.treatment)]
    shared: dict[str, Any] = {
        "policies": policies,
        "n_control": len(scenario.policies),
        "design": design,
        "usual_k": () if fetched == usual else tuple(usual),
    }
    twin = Funnel(**_stages(scenario, fetched), **shared) if _is_apart(design) else None
    return Funnel(**_stages(scenario, fetched), **shared, twin=twin)


def _is_apart(design: ExperimentDesign[Any] | None) -> bool:
    return design is not None and design.learns_apart


def _stages(scenario: ResolvedScenario, fetched: Sequence[int]) -> dict[str, Any]:
    """Return what finds, scores and learns, channels with so many finds."""
    return {
        "channels": [
            plugin(
                "recall",
                config if k in (0, getattr(config, "k", 0)) else config.model_copy(update={"k": k}),
            )
            for config, k in zip(scenario.recall, fetched, strict=True)
        ],
        "pre_ranker": plugin("pre_rank", scenario.pre_rank),
        "ranker": plugin("rank", scenario.rank),
        "reranker": plugin("rerank", scenario.rerank),
        "models": [plugin("models", config) for config in scenario.models],
    }


def timetable(scenario: ResolvedScenario, checkpoint_every_s: int) -> Timetable:
    """Return when a run starts, ends, serves and saves."""
    from simulator.engine.timetable import Timetable

    return Timetable(
        warm_up_s=scenario.warm_up_s,
        horizon_s=scenario.horizon_s,
        serving_window_s=scenario.serving_window_s,
        checkpoint_every_s=checkpoint_every_s,
    )


def build_world(scenario: ResolvedScenario, encoder: Any) -> World:  # noqa: ANN401
    """Draw the world of a scenario."""
    from simulator.world.world import World

    start_day = -(scenario.warm_up_s // DAY_S)
    config = scenario.world.scaled(scenario.thresholds.scale)
    return World.create(config, scenario.seed, encoder, start_day)


def build_replication(
    scenario: ResolvedScenario,
    sinks: Mapping[str, TableSink],
    folder: Path,
    times: Timetable,
) -> Replication:
    """Return everything that a run needs, ready to start.

    Args:
        scenario: the scenario.
        sinks: where tables go, by table name.
        folder: run folder, for checkpoints.
        times: when the run starts, ends, serves and saves.
    """
    from simulator.engine.replication import Replication
    from simulator.engine.shocks import Shocks
    from simulator.engine.sinks import Sinks

    encoder = plugin("content", scenario.content)
    spec = platform_spec(scenario, encoder.embedding_dim)
    encoder.setup(spec)
    return Replication(
        spec=spec,
        world=build_world(scenario, encoder),
        funnel=build_funnel(scenario),
        sinks=Sinks(**{name: sinks[name] for name in Sinks.names()}),
        timetable=times,
        folder=folder,
        scenario_hash=scenario.hash8,
        shocks=Shocks(scenario.shocks, scenario.warm_up_s, scenario.seed),
    )
