"""Forced insertion: fixed slots of each slate go to new notes."""

from __future__ import annotations

from typing import Literal

from policies.eligibility import young_notes
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import PluginConfig, TrafficPolicy
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class ForcedInsertionConfig(PluginConfig):
    """Knobs of forced insertion."""

    type: Literal["forced_insertion"] = "forced_insertion"
    every: int = knob(
        3, "Organic slots before each insertion slot.", unit="slots", ge=1, le=100, tunable=True
    )
    until_impressions: int | None = knob(
        None,
        "Impressions at which a note may no longer be inserted; silent means no such end.",
        unit="impressions",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    max_age: Duration = knob(
        DAY_S, "Age at which a note may no longer be inserted.", ge=60, le=30 * DAY_S, tunable=True
    )


class ForcedInsertion(TrafficPolicy[ForcedInsertionConfig]):
    """After every `every` organic slots, one slot for the best young note.

    The first generation of traffic control in course slides on cold start, for rankers that
    cannot score new notes: no value changes, so a note that wins a slot of its own uses up none
    of its support.
    """

    Config = ForcedInsertionConfig

    @property
    def insert_every(self) -> int:
        """Organic slots before each insertion slot."""
        return self.config.every

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return every young note as one that may be inserted."""
        support = young_notes(view, self.config.max_age, self.config.until_impressions)
        if support is not None:
            support.insert.fill(1)
        return support
