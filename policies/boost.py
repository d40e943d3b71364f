"""Boost: a constant coefficient on new notes at pre-rank and rank."""

from __future__ import annotations

from typing import Literal

import numpy as np

from policies.cohort import CohortConfig, keep_cohort
from policies.eligibility import young_notes
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import PluginConfig, TrafficPolicy
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class BoostConfig(PluginConfig):
    """Knobs of the boost."""

    type: Literal["boost"] = "boost"
    coefficient: float = knob(
        2.0, "Coefficient on the rank value; 1 changes nothing.", ge=0.1, le=100, tunable=True
    )
    pre_rank_coefficient: float | None = knob(
        None, "Coefficient on the pre-rank value; silent means the same as at rank.", ge=0.1, le=100
    )
    until_impressions: int | None = knob(
        None,
        "Impressions at which a note's support ends; silent means no such end.",
        unit="impressions",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    max_age: Duration = knob(
        DAY_S, "Age at which a note's support ends.", ge=60, le=30 * DAY_S, tunable=True
    )
    cohort: CohortConfig | None = knob(
        None, "Notes that are boosted; silent means all. For studies of what support does to them."
    )


class Boost(TrafficPolicy[BoostConfig]):
    """Value × coefficient for notes younger than `max_age` and below `until_impressions`.

    With a `cohort` only its notes are boosted, so that twin worlds of one seed, which differ in
    the coefficient alone, show what support does to a note.

    The second generation of traffic control in course slides on cold start: cheap, and exposure
    is very sensitive to the coefficient.
    """

    Config = BoostConfig

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the same coefficients for every young note, or young note of the cohort."""
        config = self.config
        at_pre_rank = config.pre_rank_coefficient
        if at_pre_rank is None:
            at_pre_rank = config.coefficient
        if config.coefficient == 1.0 and at_pre_rank == 1.0:
            return None
        support = young_notes(view, config.max_age, config.until_impressions)
        if support is not None and config.cohort is not None:
            support = keep_cohort(support, view, config.cohort)
        if support is not None:
            support.rank.fill(np.float32(config.coefficient))
            support.pre_rank.fill(np.float32(at_pre_rank))
        return support
