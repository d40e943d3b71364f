"""Differentiated quota: more promised impressions for notes that promise more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator, model_validator

from policies.creator_history import CreatorHistoryConfig
from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.promises import Rows, refuse_later_stages, scaled
from policies.quality import NoteQuality
from simulator.contracts.config import Duration, knob
from simulator.contracts.errors import PluginError
from simulator.contracts.events import DAY_S
from simulator.contracts.learning import NoteScorer
from simulator.contracts.plugins import Arrays, Model
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class DifferentiatedQuotaConfig(DynamicBoostConfig):
    """Knobs of the differentiated quota; `target` is what every note is promised."""

    type: Literal["differentiated_quota"] = "differentiated_quota"
    split: Literal["sum", "tiers"] = knob(
        "sum",
        "`sum`: base, a part by content and a part by creator; `tiers`: the worst 40 %, the "
        "middle 40 % and the best 20 % of notes get one of three targets.",
    )
    content_max: int = knob(
        200,
        "Most that content quality adds.",
        unit="impressions, scaled",
        ge=0,
        le=1_000_000,
        tunable=True,
    )
    creator_max: int = knob(
        200,
        "Most that the creator's history adds.",
        unit="impressions, scaled",
        ge=0,
        le=1_000_000,
        tunable=True,
    )
    tier_targets: tuple[int, int, int] = knob(
        (100, 300, 500), "Targets of the three tiers, × thresholds.scale, ascending."
    )
    quality_model: str | None = knob(
        None,
        "Model that predicts from content how well a note will do; silent means that content adds "
        "half of its most to every note.",
    )
    later_max: int = knob(
        0,
        "Most that a later stage promises beyond the first target, by what the note has earned; "
        "0 for no later stage.",
        unit="impressions, scaled",
        ge=0,
        le=1_000_000,
        tunable=True,
    )
    later_window: Duration = knob(
        3 * DAY_S, "Age at the end of the later stage.", ge=600, le=30 * DAY_S
    )
    later_above: float = knob(
        0.3, "Place among notes by what they earned from which a later stage is promised.",
        ge=0, le=1,
    )  # fmt: skip
    trusted: int = knob(
        50,
        "Impressions from which what a note earned is trusted.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )
    history: CreatorHistoryConfig = knob(
        CreatorHistoryConfig(), "What counts as a success of a creator."
    )

    @field_validator("tier_targets")
    @classmethod
    def _positive(cls, targets: tuple[int, int, int]) -> tuple[int, int, int]:
        if not 1 <= targets[0] <= targets[1] <= targets[2]:
            raise ValueError("the three targets must ascend and be at least 1")
        return targets

    @model_validator(mode="after")
    def _stages(self) -> Self:
        refuse_later_stages(self, "later_max and later_window")
        if self.later_max and self.later_window <= self.window:
            raise ValueError("later_window must be longer than window")
        return self

    def model_names(self) -> Mapping[str, str]:
        """Return the model of content quality, where one is named."""
        return {} if self.quality_model is None else {"quality_model": self.quality_model}


class DifferentiatedQuota(DynamicBoostPolicy[DifferentiatedQuotaConfig]):
    """Target = 100 + 200·(place by content) + 200·(place by creator), 100 to 500.

    The fourth generation of traffic control in course slides on cold start. Predictions enter as
    places among recent notes, so the mean target does not depend on how a model is calibrated.
    The creator's part is the share of notes with a top click rate so far, shrunk for newcomers.
    A later stage goes by clicks and interactions, once impressions make them trustworthy. Three
    tiers of 40, 40 and 20 % are the variant of a published short-video system (Weishi).
    """

    Config = DifferentiatedQuotaConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises and references."""
        super().setup(spec)
        trusted = scaled(self.config.trusted, spec.threshold_scale)
        self.quality = NoteQuality(self.config.history, spec, trusted)

    def bind(self, models: Mapping[str, Model[Any]]) -> None:
        """Take the model of content quality."""
        name = self.config.quality_model
        if name is None:
            return
        model = models[name]
        if not isinstance(model, NoteScorer):
            raise PluginError(
                f"differentiated_quota.quality_model: {name!r} does not score notes; name a model "
                "that predicts from a note's content how well it will do"
            )
        self.quality.scorer = model

    @property
    def windows_s(self) -> tuple[int, ...]:
        """Age of a note at the end of each stage, seconds."""
        later = (self.config.later_window,) if self.config.later_max else ()
        return (self.config.window, *later)

    def on_tick(self, view: PlatformView) -> None:
        """Refresh what targets go by, and compute the coefficients."""
        self.quality.refresh(view)
        super().on_tick(view)

    def next_target(
        self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return targets by predictions at first, and later by what notes have earned."""
        if stage == 0:
            return self._rounded(self._at_birth(view, rows))
        earned = self.quality.earned(view, rows)
        place = np.where(np.isnan(earned), self.quality.both(view, rows), earned)
        more = np.where(place >= self.config.later_above, place * self.config.later_max, 0.0)
        return self.promises["target"][rows] + self._rounded(more)

    def state_arrays(self) -> Arrays:
        """Return promises and references."""
        return {**super().state_arrays(), **self.quality.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back promises and references."""
        super().load_state(arrays)
        self.quality.load_state(arrays)

    def _at_birth(self, view: PlatformView, rows: Rows) -> NDArray[np.float64]:
        config, quality = self.config, self.quality
        if config.split == "tiers":
            tier = np.digitize(quality.both(view, rows), [0.4, 0.8])
            return np.array(config.tier_targets, np.float64)[tier]
        by_content = config.content_max * quality.content(view, rows)
        return np.asarray(
            config.target + by_content + config.creator_max * quality.creator(view, rows)
        )

    def _rounded(self, count: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return scaled counts as whole impressions, rounded up."""
        return np.ceil(count * self.spec.threshold_scale - 1e-6).astype(np.float32)
