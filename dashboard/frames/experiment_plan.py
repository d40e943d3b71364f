"""From what is picked on the page to an experiment that can run, its power and its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from dashboard.experiment_cards import experiment_cards
from dashboard.workspace import Workspace
from simulator.app.loading import load_scenario
from simulator.app.registry import registry
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.config import format_duration
from simulator.contracts.errors import NotesimError
from simulator.contracts.events import DAY_S
from simulator.experiments.reading import metrics_of
from simulator.results.folder import MANIFEST, RunFolder

OWN: Final = ""
"""Stands for the treatment that the scenario brings along."""
SMALL_READERS: Final = 400
"""Readers of the small run that power can be measured on."""
_SMALL_DAYS: Final = 3

KnobKind = Literal["number", "whole", "switch", "choice", "text"]


class PlanError(NotesimError):
    """What was picked cannot be an experiment."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Knob:
    """A tunable knob of a policy.

    Attributes:
        name: field of its configuration.
        kind: how it is entered.
        default: value when the scenario is silent; None for "no value".
        text: what it does.
        low, high: range, None where it is open.
        choices: allowed values of a choice.
    """

    name: str
    kind: KnobKind
    default: Any
    text: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picked:
    """An experiment as it is picked.

    Attributes:
        scenario: file of the scenario.
        policy: type of the treatment's policy; `OWN` for the scenario's own treatment.
        knobs: values of the policy's knobs that differ from their defaults.
        design: type of the design.
        share: treated share.
        salt: name of the draw of arms.
        readers, days: size of the world and measured days.
    """

    scenario: Path
    policy: str
    knobs: Mapping[str, object]
    design: str
    share: float
    salt: str
    readers: int
    days: int


def design_names() -> list[str]:
    """Return the designs that can be tested; a launch is the truth and no test."""
    return [name for name in registry().plugins("experiment") if name != "launch"]


def policy_names() -> list[str]:
    """Return the policies that can be a treatment."""
    return [name for name in registry().plugins("policies") if name != "none"]


def knobs_of(policy: str) -> list[Knob]:
    """Return the tunable knobs of a policy that are entered as one value."""
    fields = registry().config_schema("policies", policy)["properties"]
    found = [_knob(name, field) for name, field in fields.items() if field.get("tunable")]
    return [knob for knob in found if knob is not None]


def _knob(name: str, field: Mapping[str, Any]) -> Knob | None:
    options = field.get("anyOf") or [field]
    first: Mapping[str, Any] = next(
        (option for option in options if option.get("type") != "null"), {}
    )
    text, default = str(field.get("description", "")), field.get("default")
    if "pattern" in first:
        return Knob(name, "text", format_duration(int(default or 0)), text)
    if "enum" in first:
        return Knob(name, "choice", default, text, choices=tuple(map(str, first["enum"])))
    kinds: dict[str, KnobKind] = {"number": "number", "integer": "whole", "boolean": "switch"}
    kind = kinds.get(str(first.get("type")))
    if kind is None:
        return None
    return Knob(name, kind, default, text, first.get("minimum"), first.get("maximum"))


def own_design(scenario: Path) -> dict[str, Any]:
    """Return the `experiment` block of a scenario, empty when it has none."""
    own = load_scenario(scenario).experiment
    return {} if own is None else own.model_dump(mode="json")


def compose(picked: Picked) -> ResolvedScenario:
    """Return the scenario of an experiment.

    Raises:
        ScenarioError: what was picked does not go together.
    """
    before = load_scenario(picked.scenario)
    own = before.experiment
    same = own is not None and own.type == picked.design
    block = own.model_dump(mode="json") if same and own is not None else {"type": picked.design}
    changes: dict[str, object] = {
        "experiment": {**block, "share": picked.share, "salt": picked.salt},
        "world.readers.n": picked.readers,
        "horizon": f"{picked.days}d",
    }
    if picked.policy != OWN:
        changes["treatment"] = [{"type": picked.policy, **picked.knobs}]
    if own is None:
        changes["name"] = f"ab_{before.name}"
    return load_scenario(picked.scenario, changes)


def metrics_read(design: str, knobs: Mapping[str, Any] | None = None) -> list[str]:
    """Return the metrics that a design reads."""
    config = registry().get("experiment", design).Config
    plugin: Any = registry().build("experiment", config(**(knobs or {})))
    return metrics_of(plugin)


def read_by_all(designs: Sequence[str], block: Mapping[str, Any]) -> list[str]:
    """Return the metrics that every one of several designs reads, in the order of the first.

    Args:
        designs: types of designs; the first is configured.
        block: configuration of the first.
    """
    first, *others = designs
    found = metrics_read(first, {k: v for k, v in block.items() if k != "type"})
    for other in others:
        there = metrics_read(other)
        found = [name for name in found if name in there]
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """A finished run that says how much units differ.

    Attributes:
        label: what lists call it.
        folder: the run.
        changed: time of its manifest's last change, seconds since 1970.
        readers: size of its world.
        days: measured days.
        seconds: simulated time, warm-up included.
        cpu_s: processor seconds that it took.
        is_same_world: whether its world is that of the scenario, but for its size.
        is_control: whether its policies are those of the scenario, too.
    """

    label: str
    folder: Path
    changed: float
    readers: int
    days: int
    seconds: float
    cpu_s: float
    is_same_world: bool
    is_control: bool


def sources(place: Workspace, scenario: ResolvedScenario) -> list[Source]:
    """Return the runs that power can be measured on, those of the same world first."""
    folders = [place.runs / card.id for card in place.run_cards()]
    folders += [run for card in experiment_cards(place) if (run := card.control_run())]
    found = [_source(folder, scenario) for folder in folders]
    known = [source for source in found if source is not None]
    order = lambda s: (-s.is_same_world, -s.is_control, -s.readers * s.seconds, s.label)  # noqa: E731
    return sorted(known, key=order)


def _source(folder: Path, scenario: ResolvedScenario) -> Source | None:
    try:
        changed = (folder / MANIFEST).stat().st_mtime
        run, cpu_s = _measured(folder, changed)
    except (NotesimError, OSError):
        return None
    same = _world(run) == _world(scenario)
    return Source(
        folder.name,
        folder,
        changed,
        run.world.readers.n,
        run.horizon_s // DAY_S,
        float(run.warm_up_s + run.horizon_s),
        cpu_s,
        same,
        same and run.policies == scenario.policies,
    )


@lru_cache(maxsize=256)
def _measured(folder: Path, changed: float) -> tuple[ResolvedScenario, float]:  # noqa: ARG001
    facts = RunFolder(folder).manifest
    return load_scenario(folder / "scenario.resolved.yaml"), facts.cpu_s


def _world(scenario: ResolvedScenario) -> dict[str, Any]:
    world = scenario.world.model_dump(mode="json")
    world["readers"] = {k: v for k, v in world["readers"].items() if k != "n"}
    return world


def cost_s(found: Sequence[Source], scenario: ResolvedScenario, n_runs: int) -> float | None:
    """Return the processor seconds of an experiment, None when no run tells.

    The cheapest run of the same world counts: others may have compiled kernels on the way.

    Args:
        found: finished runs.
        scenario: the experiment.
        n_runs: worlds that are simulated.
    """
    near = [s for s in found if s.is_same_world and s.cpu_s > 0.0]
    if not near:
        return None
    rate = min(s.cpu_s / (s.readers * s.seconds) for s in near)
    return rate * scenario.world.readers.n * float(scenario.warm_up_s + scenario.horizon_s) * n_runs


def small_run(scenario: ResolvedScenario) -> str:
    """Return YAML of a small run of the scenario's world without the experiment."""
    days = min(_SMALL_DAYS, scenario.horizon_s // DAY_S)
    changes: dict[str, object] = {
        "name": f"{scenario.name}_small",
        "experiment": None,
        "treatment": [],
        "world.readers.n": min(SMALL_READERS, scenario.world.readers.n),
        "horizon": f"{days}d",
    }
    return load_scenario(scenario.to_mapping(), changes).dump_yaml()


def inside_share(block: Mapping[str, Any], side: str) -> float:
    """Return the share of readers or new notes that a design puts into its arms.

    Args:
        block: configuration of the design.
        side: `reader` or `note`.
    """
    low, high = block.get("buckets") or (0.0, 1.0)
    shared = float(block.get("both", 0.0)) if side == "note" else 0.0
    return float(high - low) * (1.0 - shared)


def sides_of(design: str) -> tuple[str, ...]:
    """Return what a design randomises: `reader`, `note`, `day`."""
    plugin: Any = registry().get("experiment", design)
    return tuple(plugin.sides)


def pitfalls_of(design: str) -> tuple[str, ...]:
    """Return what to beware of with a design, in its own words."""
    plugin: Any = registry().get("experiment", design)
    return tuple(plugin.pitfalls)
