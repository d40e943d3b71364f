"""Files that describe many runs: read and checked against their model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from simulator.app.files import locate, read_text
from simulator.app.findings import findings_of
from simulator.app.tree import Node
from simulator.app.yaml_source import parse_mapping
from simulator.contracts.errors import ScenarioError

Model = TypeVar("Model", bound=BaseModel)


def read_config(
    file: str | Path, model: type[Model], overrides: Mapping[str, object] | None = None
) -> tuple[Model, Node, Path]:
    """Read a file and validate it.

    Args:
        file: path, or name of a bundled one.
        model: what it must be.
        overrides: top-level values that replace those of the file.

    Returns:
        The content, the tree that knows its lines, and the path.

    Raises:
        ScenarioError: with every mistake found.
    """
    path = locate(file)
    tree = parse_mapping(read_text(path), str(path))
    text = json.dumps({**tree.plain(), **(overrides or {})})  # type: ignore[dict-item]
    try:
        return model.model_validate_json(text, strict=True), tree, path
    except ValidationError as error:
        raise ScenarioError(findings_of(error, model, tree)) from None
