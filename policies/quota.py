"""Quota: a number of impressions promised to each new note, kept by a dynamic boost."""

from __future__ import annotations

from typing import Literal

from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy


class QuotaConfig(DynamicBoostConfig):
    """Knobs of the quota."""

    type: Literal["quota"] = "quota"


class Quota(DynamicBoostPolicy[QuotaConfig]):
    """Reach `target` impressions by age `window`: coefficient = base · f(t, x), then nothing.

    The third generation of traffic control in course slides on cold start, after guaranteed
    delivery in advertising: t is the share of the window that has passed, by a clock that runs
    with the platform's traffic, and x the share of the target. Help ends the moment the target is
    reached, or at the end of the window; a later stage may follow.
    """

    Config = QuotaConfig
