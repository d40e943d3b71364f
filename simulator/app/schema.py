"""JSON Schema of scenario files, for editors."""

from __future__ import annotations

from typing import Any, Final

from simulator.app.model import ScenarioBase, scenario_model
from simulator.contracts.config import format_duration

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[ScenarioBase] | None = None) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of scenario files.

    Args:
        model: the scenario model; that of everything installed by default.

    Returns:
        The schema. Plug-in blocks require `type`; defaults of durations carry their unit.
    """
    body = (model or scenario_model()).model_json_schema()
    for block in (body, *body.get("$defs", {}).values()):
        _complete(block)
    return {"$schema": DIALECT, **body, "title": "notesim scenario"}


def _complete(block: dict[str, Any]) -> None:
    properties = block.get("properties", {})
    if "const" in properties.get("type", {}):
        block["required"] = ["type", *block.get("required", [])]
    for field in properties.values():
        kinds = {arm.get("type") for arm in field.get("anyOf", ()) if "pattern" in arm}
        if kinds == {"string"} and isinstance(field.get("default"), int):
            field["default"] = format_duration(field["default"])
