"""Quota: a number of impressions promised to each new note, kept by a dynamic boost."""

from __future__ import annotations

from typing import Literal

from policies.dynamic_boost import DynamicBoost, DynamicBoostConfig
from policies.promises import Promises
from simulator.contracts.plugins import Arrays, TrafficPolicy
from simulator.contracts.quotas import QuotaChanges
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class QuotaConfig(DynamicBoostConfig):
    """Knobs of the quota."""

    type: Literal["quota"] = "quota"


class Quota(TrafficPolicy[QuotaConfig]):
    """Reach `target` impressions by age `window`: coefficient = base · f(t, x), then nothing.

    The third generation of traffic control in course slides on cold start, after guaranteed
    delivery in advertising: t is the share of the window that has passed, by a clock that runs
    with the platform's traffic, and x the share of the target. Help ends the moment the target is
    reached, or at the end of the window; a later stage may follow.
    """

    Config = QuotaConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises."""
        super().setup(spec)
        self._promises = Promises(self.config, spec)
        self._boost = DynamicBoost(self.config, self._promises)

    @property
    def tick_period_s(self) -> int:
        """Time between two control steps, seconds."""
        return self.config.tick

    def on_tick(self, view: PlatformView) -> None:
        """Compute the coefficients."""
        self._boost.tick(view)

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises."""
        return self._boost.support(view)

    def quota_changes(self) -> QuotaChanges | None:
        """Return promises that began or ended since the last call."""
        return self._promises.take_changes()

    def state_arrays(self) -> Arrays:
        """Return the book of promises."""
        return self._promises.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take back the book of promises."""
        self._promises.load_state(arrays)
