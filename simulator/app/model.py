"""The scenario model: what stands in a scenario file, built from the plug-ins that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import (
    AfterValidator,
    Field,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from simulator import metrics
from simulator.app.blocks import OneOf
from simulator.app.findings import CROSS_FIELD, UNKNOWN_NAME
from simulator.app.registry import LABELS, Registry, registry
from simulator.app.tree import KeyPath
from simulator.contracts.config import Config, Duration, format_duration, knob
from simulator.contracts.errors import PluginError
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import PluginConfig
from simulator.engine.shocks import SHOCKS, ShockConfig
from simulator.world.config import WorldConfig

DEFAULT_RECALL: Final[tuple[dict[str, object], ...]] = (
    {"type": "category", "k": 1, "per_category": 1},
    {"type": "keyword", "k": 1, "per_keyword": 1},
    {"type": "cluster", "k": 2, "per_cluster": 1},
    {"type": "lookalike", "k": 1},
    {"type": "vector_pool", "max_age": "1h", "k": 1},
    {"type": "vector_pool", "max_age": "6h", "k": 1},
    {"type": "vector_pool", "max_age": "24h", "k": 1},
    {"type": "vector_pool", "max_age": "24h", "max_impressions": 100, "k": 1},
    {"type": "vector_pool", "max_age": "30d", "min_age": "24h", "k": 150},
    {"type": "item_cf", "min_age": "24h", "k": 100},
    {"type": "popular", "min_age": "24h", "k": 150, "refresh_every": "1h"},
    {
        "type": "popular",
        "n_interests": 4,
        "order": "click_rate",
        "min_age": "24h",
        "k": 200,
        "refresh_every": "1h",
    },
)
"""Recall channels of a scenario that names none.

The channels that can find new notes are short and those of proven notes long, as on a platform
that does nothing for cold start: what new notes get is then small, and policies can change it.
"""

DEFAULT_PLUGINS: Final = MappingProxyType(
    {
        "content": {"type": "synthetic"},
        "models": (),
        "recall": DEFAULT_RECALL,
        "pre_rank": {"type": "light"},
        "rank": {"type": "online_logistic"},
        "policies": (),
        "rerank": {"type": "mmr"},
    }
)
"""Plug-in blocks of a scenario that is silent about them."""

MOST_CHANNELS: Final = 32
MOST_MODELS: Final = 16
MOST_POLICIES: Final = 8
MOST_SHOCKS: Final = 16
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DESCRIPTIONS = {
    "content": "How notes are turned into titles and embeddings.",
    "models": "What learns and serves other blocks, which ask for it by name.",
    "recall": "Channels that find candidates; a note found by several is scored once.",
    "pre_rank": "The cheap scoring of all candidates.",
    "rank": "The prediction of what a reader would do.",
    "policies": "What helps new notes, in order of precedence; empty for natural distribution.",
    "rerank": "How slates are assembled.",
    "experiment": "How units are assigned to arms; none for a plain run.",
    "treatment": "Policies of the treated arm from the first measured day, in place of `policies`.",
}


class QueuesConfig(Config):
    """Whether new notes compete with old ones."""

    type: Literal["free", "separate"] = knob(
        "free", "`free`: all notes compete for every slot; `separate`: new notes have their own."
    )
    new_share: float = knob(
        0.1, "Share of slots for new notes when queues are separate.", ge=0, le=1, tunable=True
    )


class ExplorationConfig(Config):
    """Slots that explore a reader's interests: picks that skip pre-rank and rank.

    Course slides on exploration give 2 % of each reader's exposures to notes of a curated pool that
    are not personalised: a loss at first, a gain later.
    """

    share: float = knob(
        0.0, "Share of slots that explore; 0 switches exploration off.", ge=0, le=1, tunable=True
    )
    channel: str = knob(
        "curated",
        "Recall channel that the picks come from, as `notesim explain` names it; what it finds"
        " fills slots that explore and no others.",
    )


class ThresholdsConfig(Config):
    """Thresholds of the metrics, and how they scale with the size of the world.

    Counts are given for a platform of full size; metrics use count × `scale`, rounded up.
    """

    scale: float = knob(1.0, "Factor on every count below for this world.", ge=1e-4, le=10)
    quota_target: int = knob(
        100, "Impressions that a new note should reach.", unit="impressions", ge=1, le=1_000_000
    )
    quota_window: Duration = knob(
        DAY_S, "Time in which it should reach them.", ge=3_600, le=30 * DAY_S
    )
    high_heat_clicks: int = knob(
        1_000, "Clicks that make a note hot.", unit="clicks", ge=1, le=100_000_000
    )
    bands: tuple[int, int] = knob(
        (100, 1_000), "Life impressions from which exposure counts as mid and as high."
    )

    @field_validator("bands")
    @classmethod
    def _ascending(cls, bands: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= bands[0] < bands[1]:
            raise ValueError("the two bands must ascend and be at least 1, for example [100, 1000]")
        return bands


class ScenarioBase(Config):
    """Everything that stands in a scenario file; see `scenario_model` for the plug-in blocks."""

    name: str = knob(..., "Name of the scenario: lower-case letters, digits, - and _.")
    question: str = Field("", description="What the scenario answers.", max_length=2_000)
    extends: str | None = Field(
        None, description="Parent scenario whose values hold where this one is silent."
    )
    seed: int = knob(1, "Seed of every random draw.", ge=0, le=2**63 - 1)
    horizon: Duration = knob(..., "Measured time, whole days.", ge=DAY_S, le=3_650 * DAY_S)
    warm_up: Duration = knob(
        3 * DAY_S, "Time before it that is not measured, whole days.", ge=0, le=365 * DAY_S
    )
    serving_window_s: int = knob(
        60,
        "Requests of so much time are served together on the same counters; 0 for one by one.",
        unit="s",
        ge=0,
        le=600,
    )
    world: Config
    content: PluginConfig
    models: tuple[PluginConfig, ...]
    recall: tuple[PluginConfig, ...]
    pre_rank: PluginConfig
    rank: PluginConfig
    policies: tuple[PluginConfig, ...]
    shocks: tuple[Annotated[ShockConfig, OneOf("shocks", SHOCKS)], ...] = Field(
        (), description="What changes at a simulated time.", max_length=MOST_SHOCKS
    )
    queues: QueuesConfig = Field(QueuesConfig(), description="How new and old notes compete.")
    exploration: ExplorationConfig = Field(
        ExplorationConfig(), description="Slots that explore a reader's interests."
    )
    rerank: PluginConfig
    experiment: PluginConfig | None
    treatment: tuple[PluginConfig, ...]
    metrics: tuple[str, ...]
    thresholds: ThresholdsConfig = Field(
        ThresholdsConfig(), description="Thresholds of the metrics."
    )

    @field_validator("name")
    @classmethod
    def _slug(cls, name: str) -> str:
        if not _SLUG.fullmatch(name):
            raise ValueError("a name is 1 to 64 lower-case letters, digits, - and _")
        return name

    @field_validator("horizon", "warm_up")
    @classmethod
    def _whole_days(cls, duration: int) -> int:
        if duration % DAY_S:
            days = format_duration(-(-duration // DAY_S) * DAY_S)
            raise ValueError(f"must be a whole number of days; the next is {days}")
        return duration

    @model_validator(mode="after")
    def _agreement(self) -> Self:
        problems = [
            *self._budgets(),
            *self._names("recall", "channel", self.channel_name),
            *self._names("models", "model", self.model_name),
            *self._missing_models(),
            *self._missing_pool(),
            *self._shocks_out_of_place(),
            *self._treatment_out_of_place(),
        ]
        if problems:
            message = "; ".join(text for _, text in problems)
            raise PydanticCustomError(
                CROSS_FIELD, "{message}", {"message": message, "problems": problems}
            )
        return self

    def _budgets(self) -> list[tuple[KeyPath, str]]:
        before, after = getattr(self.pre_rank, "keep", None), getattr(self.rank, "keep", None)
        if before is None or after is None or after <= before:
            return []
        return [(("rank", "keep"), f"rank.keep ({after}) is above pre_rank.keep ({before})")]

    def _names(
        self, block: str, what: str, name_of: Callable[[PluginConfig], str]
    ) -> list[tuple[KeyPath, str]]:
        """Return a problem for every block that has the name of one before it."""
        first: dict[str, int] = {}
        problems: list[tuple[KeyPath, str]] = []
        for i, config in enumerate(getattr(self, block)):
            name = name_of(config)
            if first.setdefault(name, i) != i:
                text = f"{block}[{i}] and {block}[{first[name]}] are the same {what}, {name!r}"
                problems.append(((block, i), text))
        return problems

    def _missing_models(self) -> list[tuple[KeyPath, str]]:
        there = [self.model_name(config) for config in self.models]
        return [
            ((*place, field), _not_there("model", name, there))
            for place, config in self._blocks()
            for field, name in config.model_names().items()
            if name not in there
        ]

    def _missing_pool(self) -> list[tuple[KeyPath, str]]:
        name = self.exploration.channel
        channels = [self.channel_name(config) for config in self.recall]
        if self.exploration.share == 0 or name in channels:
            return []
        field = "share" if name == ExplorationConfig().channel else "channel"
        text = f"slots that explore need one: {_not_there('channel', name, channels)}"
        return [(("exploration", field), text)]

    def _shocks_out_of_place(self) -> list[tuple[KeyPath, str]]:
        problems: list[tuple[KeyPath, str]] = []
        channels = [self.channel_name(config) for config in self.recall]
        for i, shock in enumerate(self.shocks):
            where = f"shocks[{i}]"
            if shock.at >= self.horizon:
                text = f"{where}.at ({format_duration(shock.at)}) is not before the horizon's end"
                problems.append((("shocks", i, "at"), text))
            if shock.until is not None and shock.until <= shock.at:
                text = f"{where}.until ({format_duration(shock.until)}) is not after {where}.at"
                problems.append((("shocks", i, "until"), text))
            name = getattr(shock, "channel", None)
            if name is not None and name not in channels:
                text = _not_there("channel", name, channels)
                problems.append((("shocks", i, "channel"), text))
        return problems

    def _treatment_out_of_place(self) -> list[tuple[KeyPath, str]]:
        if self.experiment is None and self.treatment:
            return [(("treatment",), "a treatment needs an experiment that says who gets it")]
        n = len(self.policies) + len(self.treatment)
        if n > MOST_POLICIES:
            text = f"policies and treatment have {n} policies; together at most {MOST_POLICIES}"
            return [(("treatment",), text)]
        last = max(getattr(self.experiment, "ramp", {}), default=0)
        if last >= self.horizon:
            text = f"the ramp ends at {format_duration(last)}, not before the horizon's end"
            return [(("experiment", "ramp"), text)]
        return []

    def _blocks(self) -> Iterator[tuple[KeyPath, PluginConfig]]:
        """Yield every block that may ask for models, with its place."""
        for kind in ("models", "recall", "policies", "treatment"):
            for i, config in enumerate(getattr(self, kind)):
                yield (kind, i), config
        for kind in ("pre_rank", "rank", "rerank"):
            yield (kind,), getattr(self, kind)

    @classmethod
    def channel_name(cls, config: PluginConfig) -> str:
        """Return the name of the channel that a recall block asks for."""
        return config.type

    @classmethod
    def model_name(cls, config: PluginConfig) -> str:
        """Return the name of the model that a block describes."""
        return getattr(config, "name", "") or config.type


def build_model(
    plugins: Registry, world: type[Config], metric_names: Collection[str]
) -> type[ScenarioBase]:
    """Build the scenario model for a set of plug-ins.

    Args:
        plugins: what may stand in plug-in blocks.
        world: model of the `world` block; every field has a default.
        metric_names: what may stand in `metrics`.

    Returns:
        The model.

    Raises:
        PluginError: a default plug-in is not there.
    """

    class Known(ScenarioBase):
        @classmethod
        def channel_name(cls, config: PluginConfig) -> str:
            return str(getattr(plugins.build("recall", config), "label", config.type))

    metric_name: Any = _metric_name(list(metric_names))
    fields: dict[str, Any] = {
        "world": (world, Field(world(), description="Who exists, and how they act.")),
        "metrics": (
            tuple[metric_name, ...],
            Field((), description="Metrics to show first, in this order."),
        ),
        "experiment": _experiment(plugins),
    }
    for kind in ("content", "pre_rank", "rank", "rerank"):
        fields[kind] = _single(plugins, kind)
    fields["recall"] = _several(plugins, "recall", 1, MOST_CHANNELS)
    fields["models"] = _several(plugins, "models", 0, MOST_MODELS)
    fields["policies"] = _several(plugins, "policies", 0, MOST_POLICIES)
    fields["treatment"] = _several(plugins, "policies", 0, MOST_POLICIES, "treatment")
    model = create_model("Scenario", __base__=Known, __doc__="A notesim scenario.", **fields)
    return cast("type[ScenarioBase]", model)


@lru_cache(maxsize=1)
def scenario_model() -> type[ScenarioBase]:
    """Return the scenario model for everything installed; built once a process."""
    return build_model(registry(), WorldConfig, metrics.names())


def _not_there(what: str, name: str, there: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {name!r};{hint} there are: {', '.join(there) or 'none'}"


def _single(plugins: Registry, kind: str) -> tuple[Any, Any]:
    choices = plugins.configs(kind)
    default = _default(kind, cast("dict[str, object]", DEFAULT_PLUGINS[kind]), choices)
    block = Annotated[PluginConfig, OneOf(kind, choices)]
    return block, Field(default, description=_DESCRIPTIONS[kind])


def _several(
    plugins: Registry, kind: str, least: int, most: int, block: str = ""
) -> tuple[Any, Any]:
    choices = plugins.configs(kind)
    blocks = cast("tuple[dict[str, object], ...]", DEFAULT_PLUGINS[kind])
    default = tuple(_default(kind, block, choices) for block in blocks)
    about = _DESCRIPTIONS[block or kind]
    if not choices:
        return tuple[PluginConfig, ...], Field((), description=about, max_length=0)
    item = Annotated[PluginConfig, OneOf(kind, choices)]
    return tuple[item, ...], Field(default, description=about, min_length=least, max_length=most)


def _experiment(plugins: Registry) -> tuple[Any, Any]:
    choices = plugins.configs("experiment")
    block = Annotated[PluginConfig, OneOf("experiment", choices)] | None if choices else None
    return block, Field(None, description=_DESCRIPTIONS["experiment"])


def _default(
    kind: str, block: dict[str, object], choices: dict[str, type[PluginConfig]]
) -> PluginConfig:
    name = str(block["type"])
    if name not in choices:
        raise PluginError(
            f"the {LABELS[kind]} {name!r}, which scenarios use by default, is not among the "
            f"plug-ins: {', '.join(choices) or 'none'}"
        )
    return choices[name].model_validate(block)


def _metric_name(names: list[str]) -> Any:  # noqa: ANN401  (a type made at run time)
    def known(name: str) -> str:
        if name not in names:
            raise PydanticCustomError(UNKNOWN_NAME, "unknown metric", {"names": names})
        return name

    return Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "enum": names})]
