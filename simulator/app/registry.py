"""Every plug-in that can be used, found by walking the packages that hold them.

A plug-in is a class of its own module that derives from a base in `simulator.contracts.plugins`
and binds a `Config` whose `type` is one literal: that is all a new file needs to be found.
Packages installed beside this one offer theirs through the entry-point group `notesim.plugins`,
each entry naming a class or a module.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal, TypeGuard, get_args, get_origin

from simulator.contracts.errors import PluginError
from simulator.contracts.plugins import (
    ContentEncoder,
    ExperimentDesign,
    Model,
    Plugin,
    PluginConfig,
    PreRanker,
    Ranker,
    RecallChannel,
    Reranker,
    TrafficPolicy,
)

BASES: Final[tuple[type[Plugin[Any]], ...]] = (
    ContentEncoder,
    Model,
    RecallChannel,
    PreRanker,
    Ranker,
    TrafficPolicy,
    Reranker,
    ExperimentDesign,
)
LABELS: Final = {
    "content": "content encoder",
    "models": "model",
    "recall": "recall channel",
    "pre_rank": "pre-ranker",
    "rank": "ranker",
    "policies": "policy",
    "rerank": "reranker",
    "experiment": "experiment design",
}
PACKAGES: Final = (
    "recall",
    "policies",
    "simulator.ranking",
    "simulator.content",
    "simulator.experiments.designs",
)
GROUP: Final = "notesim.plugins"

PluginClass = type[Plugin[Any]]
_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Registry:
    """Plug-in classes by kind and type name.

    Args:
        classes: the classes found.

    Raises:
        PluginError: two classes of one kind share a type name, or a class is malformed.
    """

    def __init__(self, classes: Iterable[PluginClass]) -> None:
        self._by_kind: dict[str, dict[str, PluginClass]] = {base.kind: {} for base in BASES}
        for cls in classes:
            self._add(cls)
        for kind, found in self._by_kind.items():
            self._by_kind[kind] = dict(sorted(found.items()))

    def _add(self, cls: PluginClass) -> None:
        found = self._by_kind[cls.kind]
        name = type_name(cls)
        other = found.setdefault(name, cls)
        if other is not cls:
            raise PluginError(
                f"two classes call themselves {LABELS[cls.kind]} {name!r}: "
                f"{other.__name__} in {_file(other)} and {cls.__name__} in {_file(cls)}"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of plug-ins, in the order of the request path."""
        return tuple(self._by_kind)

    def plugins(self, kind: str) -> dict[str, PluginClass]:
        """Return the classes of a kind by type name, in alphabetical order.

        Raises:
            PluginError: there is no such kind.
        """
        if kind not in self._by_kind:
            raise PluginError(_unknown("kind of plug-in", kind, self.kinds))
        return dict(self._by_kind[kind])

    def get(self, kind: str, name: str) -> PluginClass:
        """Return one class.

        Raises:
            PluginError: there is no such kind or type.
        """
        found = self.plugins(kind)
        if name not in found:
            raise PluginError(_unknown(LABELS[kind], name, tuple(found)))
        return found[name]

    def configs(self, kind: str) -> dict[str, type[PluginConfig]]:
        """Return the configuration models of a kind by type name."""
        return {name: cls.Config for name, cls in self.plugins(kind).items()}

    def build(self, kind: str, config: PluginConfig) -> Plugin[Any]:
        """Construct the plug-in that a configuration block asks for."""
        return self.get(kind, config.type)(config)

    def summary(self, kind: str, name: str) -> str:
        """Return the first line of a plug-in's documentation."""
        return (inspect.getdoc(self.get(kind, name)) or "").partition("\n")[0]

    def config_schema(self, kind: str, name: str) -> dict[str, Any]:
        """Return the JSON schema of a plug-in's configuration."""
        return self.get(kind, name).Config.model_json_schema()


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry of everything installed; found once a process.

    Raises:
        PluginError: see `Registry` and `discover`.
    """
    return Registry(discover(PACKAGES, entry_points(group=GROUP)))


def discover(packages: Iterable[str], entries: Iterable[EntryPoint] = ()) -> Iterator[PluginClass]:
    """Yield every plug-in class of some packages and entry points, each once.

    Args:
        packages: names of packages to walk; those that do not exist are passed over.
        entries: entry points that load to a class or a module.

    Raises:
        PluginError: a module cannot be imported, or an entry point names something else.
    """
    seen: set[PluginClass] = set()
    for cls in (*_walked(packages), *_entered(entries)):
        if cls not in seen:
            seen.add(cls)
            yield cls


def type_name(cls: PluginClass) -> str:
    """Return the name that scenario files use for a plug-in class.

    Raises:
        PluginError: its `Config` does not narrow `type` to one literal name.
    """
    config = cls.Config
    field = config.model_fields.get("type") if issubclass(config, PluginConfig) else None
    options = get_args(field.annotation) if field else ()
    is_literal = field is not None and get_origin(field.annotation) is Literal
    if not is_literal or len(options) != 1 or not _TYPE_NAME.fullmatch(str(options[0])):
        raise PluginError(
            f"{cls.__name__} in {_file(cls)}: its Config must derive from PluginConfig and "
            f'declare `type: Literal["a_name"] = "a_name"`'
        )
    return str(options[0])


def _walked(packages: Iterable[str]) -> Iterator[PluginClass]:
    for name in packages:
        if not _exists(name):
            continue
        package = _import(name)
        yield from _classes_of(package)
        for info in pkgutil.walk_packages(package.__path__, f"{name}."):
            yield from _classes_of(_import(info.name))


def _entered(entries: Iterable[EntryPoint]) -> Iterator[PluginClass]:
    for entry in entries:
        try:
            loaded = entry.load()
        except Exception as error:
            raise PluginError(
                f"the entry point {entry.name!r} ({entry.value}) cannot be loaded: {error}"
            ) from error
        if isinstance(loaded, ModuleType):
            yield from _classes_of(loaded)
        elif inspect.isclass(loaded) and _is_plugin(loaded):
            yield loaded
        else:
            raise PluginError(
                f"the entry point {entry.name!r} ({entry.value}) names neither a plug-in class "
                "nor a module of them"
            )


def _exists(name: str) -> bool:
    """Tell whether a package is there; of its parents, all must be."""
    parts = name.split(".")
    return all(find_spec(".".join(parts[:i])) is not None for i in range(1, len(parts) + 1))


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise PluginError(f"the module {name} cannot be imported: {error}") from error


def _classes_of(module: ModuleType) -> Iterator[PluginClass]:
    for item in vars(module).values():
        if inspect.isclass(item) and item.__module__ == module.__name__ and _is_plugin(item):
            yield item


def _is_plugin(cls: type) -> TypeGuard[PluginClass]:
    is_public = issubclass(cls, BASES) and not cls.__name__.startswith("_")
    return is_public and hasattr(cls, "Config") and not inspect.isabstract(cls)


def _file(cls: type) -> str:
    return inspect.getsourcefile(cls) or cls.__module__


def _unknown(what: str, name: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {name!r}.{hint} There are: {', '.join(names) or 'none'}."
