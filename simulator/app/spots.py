"""From where pydantic says a mistake is to where a user finds it in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types as at
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from simulator.app.blocks import OneOf
from simulator.app.tree import KeyPath
from simulator.contracts.config import format_duration, parse_duration


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand somewhere in a scenario.

    Attributes:
        annotation: the type, without `Annotated` and without `None` beside it.
        metadata: constraints and validators that apply to it.
    """

    annotation: object
    metadata: tuple[object, ...] = ()

    @classmethod
    def of(cls, annotation: object, metadata: Iterable[object] = ()) -> Shape:
        """Unwrap `Annotated` and optional types."""
        known = [*_flat(metadata)]
        while True:
            if get_origin(annotation) is Annotated:
                annotation, *more = get_args(annotation)
                known += _flat(more)
            elif get_origin(annotation) in {Union, UnionType}:
                others = [arm for arm in get_args(annotation) if arm is not NoneType]
                if len(others) != 1:
                    return cls(annotation, tuple(known))
                annotation = others[0]
            else:
                return cls(annotation, tuple(known))

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of a block, None for anything else."""
        item = self.annotation
        return item if isinstance(item, type) and issubclass(item, BaseModel) else None

    @property
    def one_of(self) -> OneOf | None:
        """The choice of plug-ins for a block, None for anything else."""
        return next((item for item in self.metadata if isinstance(item, OneOf)), None)

    @property
    def is_duration(self) -> bool:
        """Whether the value is a duration."""
        return any(
            isinstance(item, BeforeValidator) and item.func is parse_duration
            for item in self.metadata
        )

    def field(self, name: str) -> Shape | None:
        """Return what may stand under a key of a block."""
        info = self.model.model_fields.get(name) if self.model else None
        return None if info is None else Shape.of(info.annotation, info.metadata)

    def item(self, index: int) -> Shape | None:
        """Return what may stand at an index of a list."""
        origin, arms = get_origin(self.annotation), get_args(self.annotation)
        if not (isinstance(origin, type) and issubclass(origin, Sequence) and arms):
            return None
        return Shape.of(arms[min(index, len(arms) - 1)] if self.n_items else arms[0])

    @property
    def n_items(self) -> int | None:
        """Length of a list that has one fixed length, None for anything else."""
        arms = get_args(self.annotation)
        is_fixed = get_origin(self.annotation) is tuple and Ellipsis not in arms
        return len(arms) if is_fixed else None

    def entry(self) -> Shape | None:
        """Return what may stand under any key of a free mapping."""
        origin, arms = get_origin(self.annotation), get_args(self.annotation)
        is_mapping = isinstance(origin, type) and issubclass(origin, Mapping)
        return Shape.of(arms[1]) if is_mapping and len(arms) == 2 else None

    def bounds(self) -> str | None:
        """Return the allowed range as text, None where there is none."""
        low: Any = next((m.ge for m in self.metadata if isinstance(m, at.Ge)), None)
        high: Any = next((m.le for m in self.metadata if isinstance(m, at.Le)), None)
        if low is None and high is None:
            return None
        write: Callable[[Any], str] = format_duration if self.is_duration else _number
        if high is None:
            return f"at least {write(low)}"
        return f"at most {write(high)}" if low is None else f"{write(low)} to {write(high)}"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a scenario.

    Attributes:
        path: keys and indexes from the top.
        shape: what may stand there, None when nothing may.
        owner: the block or list that holds it, None at the top or inside of a free mapping.
        owner_name: the plug-in that the place is inside of, for example `policy 'boost'`, or "".
    """

    path: KeyPath
    shape: Shape | None
    owner: Shape | None
    owner_name: str

    @property
    def siblings(self) -> list[str]:
        """Names of the fields that may stand beside this one."""
        model = self.owner.model if self.owner else None
        return list(model.model_fields) if model else []


def locate(model: type[BaseModel], loc: tuple[int | str, ...]) -> Spot:
    """Follow pydantic's location through a model, leaving out what is not in the file.

    Args:
        model: the scenario model.
        loc: location from a validation error; it also names the arm of each union passed.

    Returns:
        The place.
    """
    path: list[str | int] = []
    shape: Shape | None = Shape(model)
    owner: Shape | None = None
    owner_name = ""
    for part in loc:
        if shape is not None and shape.one_of is not None:
            owner_name = f"{shape.one_of.label} {part!r}"
            choice = shape.one_of.choices.get(str(part))
            shape = None if choice is None else Shape(choice)
            continue
        if shape is not None and shape.model is None and isinstance(part, str):
            entry = shape.entry()
            if entry is None:
                continue
            owner, shape = None, entry
        elif isinstance(part, int):
            owner, shape = shape, None if shape is None else shape.item(part)
        else:
            owner, shape = shape, None if shape is None else shape.field(part)
        path.append(part)
    return Spot(tuple(path), shape, owner, owner_name)


def _flat(metadata: Iterable[object]) -> list[object]:
    flat: list[object] = []
    for item in metadata:
        flat += item.metadata if isinstance(item, FieldInfo) else [item]
    return flat


def _number(value: Any) -> str:  # noqa: ANN401  (a bound is any comparable)
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}" if abs(value) < 1e15 else str(int(value))
    return f"{value:g}"
