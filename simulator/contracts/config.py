"""Base of every configuration model, the `knob` field, and the duration type."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

_UNITS_S = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9})\s*(s|min|h|d)")


class Config(BaseModel):
    """Frozen model that refuses unknown keys, NaN and infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


def knob(
    default: Any,  # noqa: ANN401  (a knob holds a value of whatever type its field declares)
    description: str,
    *,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    tunable: bool = False,
) -> Any:  # noqa: ANN401
    """Declare a documented field with unit and range.

    Args:
        default: value used when the scenario is silent.
        description: what the knob does, one sentence.
        unit: unit of the value; added to the description and the JSON schema.
        ge: smallest allowed value.
        le: largest allowed value.
        tunable: whether dashboards and tuners should offer it.

    Returns:
        A pydantic field.
    """
    text = f"{description} [{unit}]" if unit else description
    extra: dict[str, Any] = {"tunable": tunable}
    if unit:
        extra["unit"] = unit
    return Field(default=default, description=text, ge=ge, le=le, json_schema_extra=extra)


def parse_duration(value: object) -> object:
    """Turn `30s`, `15min`, `6h`, `28d` into whole seconds; leave anything else to pydantic."""
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError("a duration is a whole number and a unit: 30s, 15min, 6h or 28d")
        return int(match[1]) * _UNITS_S[match[2]]
    if isinstance(value, bool):
        raise ValueError("a duration is a whole number and a unit: 30s, 15min, 6h or 28d")  # noqa: TRY004
    return value


def format_duration(seconds: int) -> str:
    """Write whole seconds with the largest unit that divides them."""
    for unit in ("d", "h", "min"):
        if seconds and seconds % _UNITS_S[unit] == 0:
            return f"{seconds // _UNITS_S[unit]}{unit}"
    return f"{seconds}s"


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d{1,9}\s*(s|min|h|d)$"},
                {"type": "integer"},
            ],
            "description": "whole seconds, or a number with unit: 30s, 15min, 6h, 28d",
        }
    ),
]
"""Whole seconds of simulated time; in files also `30s`, `15min`, `6h`, `28d`."""
