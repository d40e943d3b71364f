"""The file of a design study: worlds, policies, horizons, traffic, designs, seeds."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from simulator.app.findings import UNKNOWN_NAME
from simulator.contracts.config import Config, Duration, knob
from simulator.contracts.events import DAY_S
from simulator.experiments.outcomes import DESCRIPTIONS

MOST_RUNS: Final = 100_000
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def _slug(name: str) -> str:
    if not _SLUG.fullmatch(name):
        raise ValueError("a name is 1 to 64 lower-case letters, digits, - _ and .")
    return name


def _known(name: str) -> str:
    if name not in DESCRIPTIONS:
        raise PydanticCustomError(UNKNOWN_NAME, "unknown metric", {"names": list(DESCRIPTIONS)})
    return name


MetricName = Annotated[str, AfterValidator(_known)]


class StudyWorld(Config):
    """A world to test in."""

    name: str = knob(..., "Name in tables and charts.")
    scenario: str = knob(..., "Path, or name of a bundled scenario.")
    set: dict[str, Any] = Field(
        default_factory=dict, description="Values that it changes, by dotted path."
    )

    _named = field_validator("name")(_slug)


class StudyPolicy(Config):
    """A change to test: which policies stand in for which."""

    name: str = knob(..., "Name in tables and charts.")
    control: tuple[dict[str, Any], ...] = Field((), description="Policies without the change.")
    treatment: tuple[dict[str, Any], ...] = Field(
        description="Policies with the change.", min_length=1
    )
    set: dict[str, Any] = Field(
        default_factory=dict, description="Values that both need, by dotted path."
    )

    _named = field_validator("name")(_slug)


class DesignStudyConfig(Config):
    """A study: every world × policy × design × share of traffic × seed, read at every horizon."""

    name: str = knob(..., "Name of the study: lower-case letters, digits, - _ and .")
    question: str = Field("", description="What the study answers.", max_length=2_000)
    worlds: tuple[StudyWorld, ...] = Field(description="Worlds.", min_length=1)
    policies: tuple[StudyPolicy, ...] = Field(description="Changes to test.", min_length=1)
    designs: tuple[dict[str, Any], ...] = Field(
        description="Blocks as under `experiment` in a scenario; `name` tells two of a type apart.",
        min_length=1,
    )
    horizons: tuple[Duration, ...] = Field(
        (3 * DAY_S,),
        description="Lengths of the test, whole days. Worlds run once, for the longest.",
        min_length=1,
    )
    traffic: tuple[float, ...] = Field(
        (1.0,), description="Shares of readers and notes that are in the experiment.", min_length=1
    )
    seeds: int | tuple[int, ...] = Field(
        3, description="How many seeds, from the scenario's own on, or a list of them."
    )
    set: dict[str, Any] = Field(
        default_factory=dict, description="Values that every run changes, by dotted path."
    )
    metrics: tuple[MetricName, ...] = Field((), description="Metrics to show; all by default.")
    worth: float = knob(
        0.02, "Relative effect from which a change is worth launching, or undoing.", ge=0, le=1
    )
    aa_replicates: int = knob(
        400, "Draws of arms on a world without treatment, for false positives.", ge=0, le=100_000
    )

    _named = field_validator("name")(_slug)

    @field_validator("designs")
    @classmethod
    def _typed(cls, designs: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for block in designs:
            kind = block.get("type")
            if not kind or not isinstance(kind, str):
                raise ValueError("every design needs a type, for example {type: user_side}")
            if kind == "launch":
                raise ValueError("a launch is the truth and no test; choose designs")
            _slug(str(block.get("name", block["type"])))
        return designs

    @field_validator("horizons")
    @classmethod
    def _whole_days(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        if any(h < DAY_S or h % DAY_S for h in horizons):
            raise ValueError("a horizon is a whole number of days, for example 3d")
        return horizons

    @field_validator("traffic")
    @classmethod
    def _shares(cls, traffic: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0.0 < share <= 1.0 for share in traffic):
            raise ValueError("a share of traffic lies above 0 and is at most 1")
        return traffic

    @field_validator("seeds")
    @classmethod
    def _some_seeds(cls, seeds: int | tuple[int, ...]) -> int | tuple[int, ...]:
        n = seeds if isinstance(seeds, int) else len(seeds)
        if not 1 <= n <= MOST_RUNS:
            raise ValueError(f"from 1 to {MOST_RUNS:,} seeds")
        return seeds

    @model_validator(mode="after")
    def _different(self) -> Self:
        lists: dict[str, list[object]] = {
            "worlds": [world.name for world in self.worlds],
            "policies": [policy.name for policy in self.policies],
            "designs": list(self.named_designs()),
            "horizons": list(self.horizons),
            "traffic": list(self.traffic),
            "seeds": [] if isinstance(self.seeds, int) else list(self.seeds),
        }
        lists["designs"] += [""] * (len(self.designs) - len(lists["designs"]))
        for name, values in lists.items():
            if len(set(values)) < len(values) or "" in values:
                raise ValueError(f"{name}: each only once; give two of a kind names of their own")
        return self

    def named_designs(self) -> dict[str, dict[str, Any]]:
        """Return name -> block of each design, without its name."""
        return {
            str(block.get("name", block["type"])): {k: v for k, v in block.items() if k != "name"}
            for block in self.designs
        }
