"""Shocks: what changes on a platform, or around it, at a simulated time.

Policies are tuned for the platform as it was. Shocks ask which of them find their balance again:
fixed tables cannot, controllers should (course slides on cold start name changes of recall,
ranking and scattering as the reason why quotas have to be tuned anew).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import PluginConfig, RecallChannel, Reranker
from simulator.contracts.random import uniform

_FOREVER = 10_000 * DAY_S


class ShockConfig(PluginConfig):
    """What every shock has."""

    at: Duration = knob(..., "When it begins, counted from the first measured day.", ge=0)
    until: Duration | None = knob(None, "When it ends; silent means never.", ge=1)


class ChannelConfig(ShockConfig):
    """A recall channel of the scenario joins the funnel only when the shock begins."""

    type: Literal["channel"] = "channel"
    channel: str = knob(..., "Name of the channel, as `notesim explain` prints it.")


class ScoreConfig(ShockConfig):
    """The ranker's values change their scale, as after a new model."""

    type: Literal["score"] = "score"
    factor: float = knob(1.3, "Factor on every value of the ranker.", ge=0.01, le=100)
    old_notes_only: bool = knob(
        False, "Whether only notes past the cold-start window gain, as with a stronger old model."
    )


class ScatterConfig(ShockConfig):
    """The reranker scatters over another window."""

    type: Literal["scatter"] = "scatter"
    factor: float = knob(0.5, "Factor on the reranker's window.", ge=0.05, le=20)


class OutageConfig(ShockConfig):
    """Requests fail: sessions end without a slate."""

    type: Literal["outage"] = "outage"
    share: float = knob(1.0, "Share of requests that fail.", ge=0, le=1)


class PublishingConfig(ShockConfig):
    """Creators publish more, or less."""

    type: Literal["publishing"] = "publishing"
    factor: float = knob(1.5, "Factor on the number of notes.", ge=0, le=20)


class TrafficConfig(ShockConfig):
    """Fewer sessions start."""

    type: Literal["traffic"] = "traffic"
    factor: float = knob(0.5, "Factor on the number of sessions.", ge=0, le=1)


SHOCKS: dict[str, type[ShockConfig]] = {
    "channel": ChannelConfig,
    "score": ScoreConfig,
    "scatter": ScatterConfig,
    "outage": OutageConfig,
    "publishing": PublishingConfig,
    "traffic": TrafficConfig,
}
"""Shocks by the name that scenario files use."""


class Shocks:
    """Says at any time what is different.

    Args:
        configs: the scenario's shocks.
        warm_up_s: time before the first measured day, seconds.
        seed: replication seed.
    """

    def __init__(
        self, configs: Sequence[ShockConfig] = (), warm_up_s: int = 0, seed: int = 0
    ) -> None:
        self._seed = seed
        self._spans = [
            (c, float(warm_up_s + c.at), float(warm_up_s + (c.until or _FOREVER))) for c in configs
        ]
        self._rerankers: dict[float, Reranker[Any]] = {}

    def value_factors(self, now: float) -> tuple[float, float]:
        """Return the factors on the ranker's values of new and of old notes."""
        new = old = 1.0
        for config in self._active(ScoreConfig, now):
            old *= config.factor
            new *= 1.0 if config.old_notes_only else config.factor
        return new, old

    def is_absent(self, channel: RecallChannel[Any], now: float) -> bool:
        """Return whether a channel has not joined the funnel yet, or has left it again."""
        spans = [
            (start, stop)
            for config, start, stop in self._spans
            if isinstance(config, ChannelConfig) and config.channel == channel.label
        ]
        return bool(spans) and not any(start <= now < stop for start, stop in spans)

    def reranker(self, usual: Reranker[Any], now: float) -> Reranker[Any]:
        """Return the reranker in use: the usual one, or one like it with another window."""
        factor = 1.0
        for config in self._active(ScatterConfig, now):
            factor *= config.factor
        if factor == 1.0:
            return usual
        if factor not in self._rerankers:
            window = max(1, round(getattr(usual.config, "window", 1) * factor))
            other = type(usual)(usual.config.model_copy(update={"window": window}))
            other.setup(usual.spec)
            self._rerankers[factor] = other
        return self._rerankers[factor]

    def failing(self, requests: RequestBatch) -> NDArray[np.bool_] | None:
        """Return bool[B], requests that fail; None when none can."""
        failing = np.zeros(requests.n, np.bool_)
        for config, start, stop in self._spans:
            if isinstance(config, OutageConfig):
                inside = (requests.t >= start) & (requests.t < stop)
                failing |= inside & (self._unit("outage", requests.request_id) < config.share)
        return failing if failing.any() else None

    def session_factor(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[m], the share of the sessions planned for each time that take place."""
        return self._factors(TrafficConfig, t)

    def publishing_factor(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[m], the factor on notes planned for each time."""
        return self._factors(PublishingConfig, t)

    def _factors(self, kind: type[Any], t: NDArray[np.float64]) -> NDArray[np.float64]:
        factor = np.ones(t.shape[0])
        for config, start, stop in self._spans:
            if isinstance(config, kind):
                factor[(t >= start) & (t < stop)] *= config.factor
        return factor

    def _active(self, kind: type[Any], now: float) -> list[Any]:
        return [c for c, start, stop in self._spans if isinstance(c, kind) and start <= now < stop]

    def _unit(self, purpose: str, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        return uniform(self._seed, f"shock.{purpose}", ids)
