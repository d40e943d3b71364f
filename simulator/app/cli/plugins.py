"""`notesim plugins`: what can stand in a scenario file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.registry import Registry

EXAMPLE = "notesim plugins policies"


def plugins(
    kind: Annotated[
        str | None, typer.Argument(help="Kind: recall, policies, ...; all by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """List the plug-ins of scenario files with their parameters."""
    from simulator.app.registry import LABELS, registry

    known = registry()
    kinds = [kind] if kind is not None else list(known.kinds)
    found = {name: known.plugins(name) for name in kinds}
    if as_json:
        console.print_json(
            {name: {t: _describe(known, name, t) for t in types} for name, types in found.items()}
        )
        return
    out = console.stdout()
    for name, types in found.items():
        if not types and kind is None:
            continue
        out.print(Text(f"{name}: {LABELS[name]}", style="bold"))
        for type_name in types:
            _print_one(known, name, type_name)


def _describe(known: Registry, kind: str, name: str) -> dict[str, object]:
    return {"summary": known.summary(kind, name), "parameters": _parameters(known, kind, name)}


def _parameters(known: Registry, kind: str, name: str) -> dict[str, dict[str, Any]]:
    from simulator.app.explain import defaults_of

    properties = known.config_schema(kind, name)["properties"]
    defaults = defaults_of(known.get(kind, name).Config)
    return {
        key: {field: value for field, value in schema.items() if field != "title"}
        | ({"default": defaults[key]} if key in defaults else {})
        for key, schema in properties.items()
        if key != "type"
    }


def _print_one(known: Registry, kind: str, name: str) -> None:
    out = console.stdout()
    out.print(Text.assemble(f"  {name}  ", (known.summary(kind, name), "dim")))
    parameters = _parameters(known, kind, name)
    if not parameters:
        return
    table = console.plain_table("    parameter", "default", "range", "meaning")
    for key, schema in parameters.items():
        default = _brief(schema.get("default", ""))
        about = Text(str(schema.get("description", "")), style="dim")
        table.add_row(f"    {key}", default, _range(schema), about)
    out.print(table)


def _brief(default: object) -> str:
    if isinstance(default, dict):
        return "a block"
    return "none" if default is None else str(default)


def _range(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
