"""A block of a scenario that may hold any plug-in of one kind, told apart by its `type`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from simulator.app.registry import LABELS
from simulator.contracts.plugins import PluginConfig


@dataclass(frozen=True, eq=False)  # unions of types hash their parts
class OneOf:
    """Annotation that makes a field a union of configurations, discriminated by `type`.

    Unlike a union in Python it stays one with a single member or many, so `type` is always
    required and findings read alike.

    Attributes:
        kind: kind of plug-in, or the name of the block.
        choices: configuration models by type name.
    """

    kind: str
    choices: Mapping[str, type[PluginConfig]]

    @property
    def label(self) -> str:
        """What one of them is called in findings."""
        return LABELS.get(self.kind, self.kind.removesuffix("s"))

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schemas = {name: handler.generate_schema(model) for name, model in self.choices.items()}
        return core_schema.tagged_union_schema(schemas, discriminator="type")
