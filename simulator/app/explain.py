"""What a scenario will do, before it runs: phases, request path, plug-ins, size and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulator.app.registry import LABELS, registry
from simulator.app.trial import TINY, day_share, load, shrunken, try_out
from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    from simulator.app.resolved import ResolvedScenario
    from simulator.contracts.plugins import PluginConfig

CALIBRATION_S: Final = 2.0
"""Real time given to the calibration run, seconds."""

LONG_READER_DAYS: Final = 150_000
"""Readers × days from which a run takes minutes, so that an estimate is worth its time."""

_CALIBRATION_READERS: Final = 1_000
_LEAST_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class PluginUse:
    """One plug-in of a scenario.

    Attributes:
        kind: kind of plug-in, in words.
        name: its type in scenario files.
        summary: what it does, one line.
        parameters: value of each knob.
        changed: names of the knobs that differ from their default.
    """

    kind: str
    name: str
    summary: str
    parameters: dict[str, object]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the request path.

    Attributes:
        name: the step.
        budget: how much of what it lets through.
        text: what happens in it.
    """

    name: str
    budget: str
    text: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Size and time of a run, from a calibration run of fewer readers on this machine.

    Attributes:
        readers: readers of the calibration run.
        simulated_s: simulated time that it covered, seconds.
        days: days of the full run, warm-up included.
        requests: requests of the full run.
        impressions: impressions of the full run, each one row of the event log.
        create_s: processor seconds to create the world.
        serve_s: processor seconds for the simulated days.
    """

    readers: int
    simulated_s: float
    days: int
    requests: float
    impressions: float
    create_s: float
    serve_s: float

    @property
    def total_s(self) -> float:
        """Processor seconds of the whole run, without the final metrics."""
        return self.create_s + self.serve_s


def phases() -> list[tuple[str, str]]:
    """Return name and meaning of each phase, in the order of an instant."""
    from simulator.engine.clock import PHASE_TEXT, Phase

    return [(phase.name, PHASE_TEXT[phase.name]) for phase in sorted(Phase)]


def request_path(scenario: ResolvedScenario) -> list[Step]:
    """Return the steps of one request with their budgets."""
    ks = [getattr(config, "k", 0) for config in scenario.recall]
    slots = getattr(scenario.rerank, "n_slots", 10)
    window = scenario.serving_window_s
    together = f"{window} s" if window else "one by one"
    help_text = "coefficients of the policies act" if scenario.policies else "no policy acts"
    return [
        Step("arrivals", together, "requests of one serving window, on the same counters"),
        Step("recall", f"{sum(ks)} from {len(ks)} channels", "each channel finds candidates"),
        Step("merge", f"at most {sum(ks)}", "drop duplicates, seen and expired notes"),
        Step("pre-rank", f"best {_keep(scenario.pre_rank)}", f"cheap score; {help_text}"),
        Step("rank", f"best {_keep(scenario.rank)}", f"predicted actions, fused; {help_text}"),
        Step("rerank", f"{slots} slots", "rules, diversity, insertion slots"),
        Step("feedback", "slots in view", "the reader examines, clicks, acts, goes on or leaves"),
        Step("commit", "1 row an impression", "counters and event log; the only writer"),
    ]


def plugin_uses(scenario: ResolvedScenario) -> list[PluginUse]:
    """Return every plug-in of a scenario in the order of the request path."""
    blocks: list[tuple[str, PluginConfig]] = [("content", scenario.content)]
    blocks += [("models", config) for config in scenario.models]
    blocks += [("recall", config) for config in scenario.recall]
    blocks += [("pre_rank", scenario.pre_rank), ("rank", scenario.rank)]
    blocks += [("policies", config) for config in scenario.policies]
    blocks.append(("rerank", scenario.rerank))
    if scenario.experiment is not None:
        blocks.append(("experiment", scenario.experiment))
    return [_use(kind, config) for kind, config in blocks]


def is_long(scenario: ResolvedScenario) -> bool:
    """Tell whether a run takes minutes."""
    days = (scenario.warm_up_s + scenario.horizon_s) / DAY_S
    return scenario.world.readers.n * days >= LONG_READER_DAYS


def estimate(scenario: ResolvedScenario, budget_s: float = CALIBRATION_S) -> Estimate:
    """Estimate a run from a short one with at most 1,000 readers.

    Impressions and the cost of creating the world are scaled with the readers, both with the
    share of a day that the calibration covered.

    Args:
        scenario: what would run.
        budget_s: real time for serving in the calibration, seconds.
    """
    try_out(load(TINY), budget_s=0.2)
    small = shrunken(scenario, _CALIBRATION_READERS)
    trial = try_out(small, budget_s)
    days = (scenario.warm_up_s + scenario.horizon_s) // DAY_S
    larger = scenario.world.readers.n / small.world.readers.n
    factor = larger * days / max(day_share(small, trial.simulated_s), _LEAST_SHARE)
    return Estimate(
        readers=small.world.readers.n,
        simulated_s=trial.simulated_s,
        days=days,
        requests=trial.requests * factor,
        impressions=trial.impressions * factor,
        create_s=trial.create_s * larger,
        serve_s=trial.serve_s * factor,
    )


def defaults_of(config: type[PluginConfig]) -> dict[str, object]:
    """Return the default of each knob as a scenario file writes it; none if some are required."""
    from pydantic import ValidationError

    try:
        return config().model_dump(mode="json")  # type: ignore[call-arg]
    except ValidationError:
        return {}


def _keep(config: PluginConfig) -> object:
    return getattr(config, "keep", "all")


def _use(kind: str, config: PluginConfig) -> PluginUse:
    values = _flat(config.model_dump(mode="json"))
    defaults = _flat(defaults_of(type(config)))
    del values["type"]
    changed = tuple(name for name, value in values.items() if defaults.get(name) != value)
    summary = registry().summary(kind, config.type)
    return PluginUse(LABELS[kind], config.type, summary, values, changed)


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
