"""From a sweep file to cells: one variant of the scenario and one seed each."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.sweeps.config import RangeConfig, SampleConfig, SweepConfig


@dataclass(frozen=True, slots=True)
class Variant:
    """One setting of the values that vary.

    Attributes:
        label: name in tables and charts, unique in the sweep.
        settings: values by dotted path.
        case: name of the case, empty when the sweep has none.
    """

    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    case: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run.

    Attributes:
        index: position in the sweep, from 0.
        variant: what varies.
        seed: replication seed; the same for all variants, so that they share their luck.
    """

    index: int
    variant: Variant
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        """Return the values to lay over the scenario, the seed among them."""
        return {**self.variant.settings, "seed": self.seed}


def variants(config: SweepConfig) -> list[Variant]:
    """Return every variant of a sweep, in the order of the file."""
    found = []
    for case, point in itertools.product(_cases(config), list(_points(config))):
        parts = [case.label] if case.label else []
        parts += [f"{_short(path)}={_text(value)}" for path, value in point.items()]
        settings = {**config.set, **case.settings, **point}
        found.append(Variant(" ".join(parts) or config.name, settings, case.case))
    return found


def cells(config: SweepConfig, first_seed: int) -> list[Cell]:
    """Return every run of a sweep: all variants of the first seed, then of the next.

    Args:
        config: the sweep.
        first_seed: seed of the scenario, from which a number of seeds is counted.
    """
    seeds = config.seeds
    chosen = range(first_seed, first_seed + seeds) if isinstance(seeds, int) else seeds
    pairs = itertools.product(chosen, variants(config))
    return [Cell(i, variant, seed) for i, (seed, variant) in enumerate(pairs)]


def baseline_of(config: SweepConfig) -> str:
    """Return the label of the variant that others are compared with."""
    found = variants(config)
    name = config.baseline
    return next(v.label for v in found if name is None or v.case == name)


def _cases(config: SweepConfig) -> list[Variant]:
    return [Variant(case.name, case.set, case.name) for case in config.cases] or [Variant("")]


def _points(config: SweepConfig) -> Iterator[dict[str, Any]]:
    grid = [dict(zip(config.grid, values, strict=True)) for values in
            itertools.product(*config.grid.values())]  # fmt: skip
    together = [dict(zip(config.zip, values, strict=True)) for values in
                zip(*config.zip.values(), strict=True)] or [{}]  # fmt: skip
    sampled = list(_sampled(config.sample)) if config.sample else [{}]
    for parts in itertools.product(grid, together, sampled):
        yield {path: value for part in parts for path, value in part.items()}


def _sampled(config: SampleConfig) -> Iterator[dict[str, Any]]:
    from scipy.stats import qmc

    sobol = qmc.Sobol(len(config.space), rng=config.seed)
    power = math.ceil(math.log2(config.n))
    for point in sobol.random_base2(power)[: config.n].tolist():
        yield {
            path: _at(space, u)
            for (path, space), u in zip(config.space.items(), point, strict=True)
        }


def _at(space: RangeConfig, u: float) -> float | int:
    if space.scale == "log":
        value = space.low * (space.high / space.low) ** u
    else:
        value = space.low + (space.high - space.low) * u
    return round(value) if space.whole else float(f"{value:.6g}")


def _short(path: str) -> str:
    """Return the last words of a path, enough to know it by: `policies[0].coefficient`."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    return parts[-1] if not parts[-1].isdigit() else path


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= 40 else f"{text[:37]}..."
