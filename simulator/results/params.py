"""What measuring needs to know of a scenario: days, windows and the scale of thresholds."""

from __future__ import annotations

import math

from simulator.contracts.config import Config, knob
from simulator.contracts.events import DAY_S


class MetricParams(Config):
    """Days, windows and thresholds of a run.

    Simulated time 0 is the start of warm-up, so day d starts at `(warm_up_days + d)` days.
    Thresholds are given at the size of a full platform and scaled by one rule: see `scaled`.
    """

    warm_up_days: int = knob(0, "Days before the first measured day.", unit="days", ge=0)
    measured_days: int = knob(1, "Days that count in the metrics.", unit="days", ge=1)
    threshold_scale: float = knob(1.0, "Factor on every threshold below.", ge=1e-9, le=1e9)
    new_age_s: int = knob(DAY_S, "Age below which a note is new.", unit="s", ge=1)
    max_age_s: int = knob(30 * DAY_S, "Age at which distribution ends.", unit="s", ge=1)
    quota_window_s: int = knob(DAY_S, "Time in which the quota is due.", unit="s", ge=1)
    quota_impressions: int = knob(100, "Impressions that fulfil the quota.", ge=1)
    mid_impressions: int = knob(100, "Life impressions from which exposure is mid.", ge=1)
    high_impressions: int = knob(1_000, "Life impressions from which exposure is high.", ge=1)
    hot_clicks: int = knob(1_000, "Clicks that make a note hot.", ge=1)
    low_conversion_ctr: float = knob(0.05, "Click rate below which conversion is low.", ge=0, le=1)
    discoverable_interactions: int = knob(
        10, "Interactions in 7 days, after the cold start, that make a note discoverable.", ge=1
    )
    gauc_impressions: int = knob(
        1_000_000, "Impressions of sampled readers that the grouped AUC may use.", ge=1
    )

    def scaled(self, threshold: int) -> int:
        """Return a threshold at the size of this world: its scaled value rounded up, at least 1."""
        return max(1, math.ceil(threshold * self.threshold_scale - 1e-9))

    @property
    def end_t(self) -> float:
        """Return the simulated time at which the run ends, seconds."""
        return float((self.warm_up_days + self.measured_days) * DAY_S)
