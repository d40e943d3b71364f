"""Knobs of a scenario, drawn from the models of its blocks: no page names a knob of its own."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args, get_origin

import annotated_types as at
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.app.registry import LABELS, registry
from simulator.app.resolved import ResolvedScenario
from simulator.app.spots import Shape
from simulator.contracts.config import format_duration

Kind = Literal["float", "int", "duration", "choice", "bool", "rows", "grid", "text"]

BLOCKS: Final = (
    *("policies", "queues", "exploration", "rerank", "pre_rank", "rank", "recall"),
    *("models", "thresholds", "world"),
)
"""Blocks with knobs, those that are tuned most first."""

_WIDE: Final = 12.0
_REACH: Final = 5.0
_SPANS_S: Final = (60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800)
_LONG_SPANS_S: Final = (259_200, 604_800, 1_209_600, 2_592_000)


@dataclass(frozen=True, slots=True)
class Knob:
    """One value that can be changed.

    Attributes:
        path: place in the scenario, for example `policies[0].coefficient`.
        name: name in the file, with those of the blocks around it.
        kind: what it holds.
        value: value now, as a file holds it; durations as text.
        default: value without a word in the file; None when there is none.
        help: what it does, one sentence.
        unit: unit, "" for none.
        low, high: allowed range; None where it is open.
        choices: what a choice may be.
        columns: of rows, the names of their fields.
        tunable: whether it is meant to be tuned.
        optional: whether it may be left empty.
    """

    path: str
    name: str
    kind: Kind
    value: Any
    default: Any
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    tunable: bool = False
    optional: bool = False

    @property
    def slider(self) -> tuple[float, float] | None:
        """Return the ends of a slider, None where a slider makes no sense.

        A range that is open, or far wider than the values that matter, is cut at five times the
        default or the value now, whichever is larger.
        """
        if self.kind not in {"float", "int"} or not isinstance(self.value, int | float):
            return None
        default = self.default if isinstance(self.default, int | float) else 0.0
        size = max(abs(default), abs(self.value))
        low = self.low if self.low is not None else -nice(_REACH * size or 1.0)
        high = self.high
        if high is None or (high > 1 and high > _WIDE * size > 0):
            high = max(nice(_REACH * size or 1.0), self.value)
        return (low, min(high, self.high if self.high is not None else high))

    @property
    def spans(self) -> list[str]:
        """Return durations to choose from, the value now among them."""
        low, high = self.low or 0, self.high or math.inf
        found = {s for s in (*_SPANS_S, *_LONG_SPANS_S) if low <= s <= high}
        found |= {seconds_of(v) for v in (self.value, self.default) if v is not None}
        return [format_duration(s) for s in sorted(found)]


@dataclass(frozen=True, slots=True)
class Group:
    """Knobs that stand in one block.

    Attributes:
        path: place of the block, for example `policies[0]`.
        title: what it is called, the type of a plug-in included.
        help: what the block is.
        type: type of the plug-in, "" for another block.
        knobs: those meant to be tuned first.
    """

    path: str
    title: str
    help: str = ""
    type: str = ""
    knobs: tuple[Knob, ...] = field(default=())

    def shown(self, changed: Collection[str], *, everything: bool) -> list[Knob]:
        """Return the knobs to draw: those meant to be tuned, choices, and what is changed.

        Args:
            changed: places of changed values.
            everything: draw the others as well.
        """
        return [
            knob
            for knob in self.knobs
            if everything or knob.tunable or knob.kind == "choice" or knob.path in changed
        ]


def groups(scenario: ResolvedScenario, block: str) -> list[Group]:
    """Return the knobs of a block: one group for each plug-in of a list and each part of the world.

    Args:
        scenario: whose values they show.
        block: one of `BLOCKS`.
    """
    value = getattr(scenario, block)
    if isinstance(value, tuple):
        return [_group(f"{block}[{i}]", config, block) for i, config in enumerate(value)]
    if block == "world":
        parts = {name: getattr(value, name) for name in type(value).model_fields}
        return [_group(f"world.{name}", part, "world") for name, part in parts.items()]
    return [_group(block, value, block)]


def types_of(kind: str) -> dict[str, str]:
    """Return the types of a kind of plug-in and what each is, one line."""
    known = registry()
    return {name: known.summary(kind, name) for name in known.plugins(kind)}


def plain_block(config: BaseModel) -> dict[str, object]:
    """Return a plug-in's block as a file holds it: its type, and what is not the default."""
    values = config.model_dump(mode="json", exclude_defaults=True)
    name = getattr(config, "type", "")
    return {"type": name, **{k: v for k, v in values.items() if k != "type"}}


def _group(path: str, config: BaseModel, block: str) -> Group:
    name = str(getattr(config, "type", "")) if block in LABELS else ""
    title = f"{path} · {name}" if name else path
    about = registry().summary(block, name) if name else (type(config).__doc__ or "")
    is_first = {"choice": -1, "grid": 0}
    found = sorted(
        _knobs(path, config), key=lambda knob: is_first.get(knob.kind, 1 if knob.tunable else 2)
    )
    return Group(path, title, about.partition("\n")[0], name, tuple(found))


def _knobs(path: str, config: BaseModel, before: str = "") -> Iterator[Knob]:
    plain = config.model_dump(mode="json")
    for name, info in type(config).model_fields.items():
        if name == "type" and len(get_args(info.annotation)) == 1:  # chosen elsewhere
            continue
        value = getattr(config, name)
        shape = Shape.of(info.annotation, info.metadata)
        place, label = f"{path}.{name}", f"{before}{name}"
        if isinstance(value, BaseModel):
            yield from _knobs(place, value, f"{label}.")
        elif _kind(shape)[0] == "grid":
            grid = getattr(config, f"{name}_in_use", value)
            if grid is not None:
                yield _knob(place, label, info, shape, grid)
        else:
            yield _knob(place, label, info, shape, plain.get(name))


def _knob(path: str, name: str, info: FieldInfo, shape: Shape, value: object) -> Knob:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    low = next((float(m.ge) for m in shape.metadata if isinstance(m, at.Ge)), None)  # type: ignore[arg-type]
    high = next((float(m.le) for m in shape.metadata if isinstance(m, at.Le)), None)  # type: ignore[arg-type]
    kind, choices, columns = _kind(shape)
    default = None if info.is_required() else info.default
    if kind == "duration" and isinstance(default, int):
        default = format_duration(default)
    return Knob(
        path=path,
        name=name,
        kind=kind,
        value=value,
        default=default,
        help=info.description or "",
        unit=str(extra.get("unit", "")),
        low=low,
        high=high,
        choices=choices,
        columns=columns,
        tunable=bool(extra.get("tunable", False)),
        optional=type(None) in get_args(info.annotation),
    )


def _kind(shape: Shape) -> tuple[Kind, tuple[str, ...], tuple[str, ...]]:
    """Return what a knob holds, the names of a choice, and the columns of rows."""
    kind = shape.annotation
    if shape.is_duration:
        return "duration", (), ()
    if get_origin(kind) is Literal:
        return "choice", tuple(str(arm) for arm in get_args(kind)), ()
    plain: dict[object, Kind] = {bool: "bool", int: "int", float: "float"}
    if isinstance(kind, type) and kind in plain:
        return plain[kind], (), ()
    return _kind_of_items(shape)


def _kind_of_items(shape: Shape) -> tuple[Kind, tuple[str, ...], tuple[str, ...]]:
    item = shape.item(0) if shape.n_items is None else None
    if item is None:
        return "text", (), ()
    inner = item.item(0)
    if inner is not None and inner.annotation is float:
        return "grid", (), ()
    if item.model is not None and item.one_of is None:
        return "rows", (), tuple(item.model.model_fields)
    return "text", (), ()


def nice(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 and 10 times a power of ten, at least a value above 0."""
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    return 10.0 * power


def step_of(low: float, high: float) -> float:
    """Return the step of a slider: about a hundredth of its length, a round number."""
    length = high - low
    return 10.0 ** math.floor(math.log10(length / 50.0)) if length > 0 else 0.01


def seconds_of(value: object) -> int:
    """Return a duration in seconds.

    Raises:
        ValueError: it is none.
    """
    from simulator.contracts.config import parse_duration

    return int(parse_duration(value))  # type: ignore[call-overload, no-any-return]
