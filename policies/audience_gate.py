"""Audience gate: a quota that is kept with suited readers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from policies.beliefs import CohortBelief
from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.interest import ReaderInterest
from policies.pairs import Pairs, affinity, promised_pairs, reader_rates
from policies.promises import scaled
from simulator.contracts.batches import Candidates, RequestBatch
from simulator.contracts.config import knob
from simulator.contracts.errors import PluginError
from simulator.contracts.events import Kind
from simulator.contracts.plugins import Arrays, Model
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_READER_BELIEF: Final = 50.0


class AudienceGateConfig(DynamicBoostConfig):
    """Knobs of the gate."""

    type: Literal["audience_gate"] = "audience_gate"
    delta: float = knob(
        0.02,
        "How far below a note's expected click rate a reader's predicted one may be.",
        ge=-1,
        le=1,
        tunable=True,
    )
    interest_model: str | None = knob(
        None,
        "Model of type `reader_interest` that predicts clicks of pairs; silent means the "
        "reader's click rate moved by content affinity with a fixed slope.",
    )
    affinity_slope: float = knob(
        2.0,
        "Rise of the log-odds of a click for an affinity higher by 1; without a model.",
        ge=0,
        le=50,
    )
    usual_affinity: float = knob(
        0.3, "Affinity at which a reader clicks at the usual rate; without a model.", ge=-1, le=1
    )
    min_active_days: int = knob(
        3, "Days with a request below which a reader is new.", unit="days", ge=0, le=365
    )
    min_reader_impressions: int = knob(
        100,
        "Life impressions below which a reader is too little known.",
        unit="impressions",
        ge=0,
        le=1_000_000,
    )
    min_prior_impressions: int = knob(
        100,
        "Impressions of the notes that the expected click rate is fitted to.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )

    def model_names(self) -> Mapping[str, str]:
        """Return the model of interest, where one is named."""
        return {} if self.interest_model is None else {"interest_model": self.interest_model}


class AudienceGate(DynamicBoostPolicy[AudienceGateConfig]):
    """Help a note only where P(click | reader, note) ≥ its posterior click rate - δ.

    Item-centric exploration (Wang et al., RecSys 2025): an unsuited reader tells little about a
    note and spoils its statistics. New and seldom readers are left in peace, as course slides on
    the growth of low-activity users ask. A gate holds for the support of all policies in a list.
    """

    Config = AudienceGateConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises and with the prior of no data."""
        super().setup(spec)
        fewest = scaled(self.config.min_prior_impressions, spec.threshold_scale)
        self._belief = CohortBelief(fewest)
        self._model: ReaderInterest | None = None

    def bind(self, models: Mapping[str, Model[Any]]) -> None:
        """Take the model of interest."""
        name = self.config.interest_model
        if name is None:
            return
        model = models[name]
        if not isinstance(model, ReaderInterest):
            raise PluginError(
                f"audience_gate.interest_model: {name!r} is of type {model.config.type!r}; name a "
                "model of type 'reader_interest'"
            )
        self._model = model

    def on_tick(self, view: PlatformView) -> None:
        """Fit the usual click rate and compute the coefficients."""
        self._belief.refresh(view)
        super().on_tick(view)

    def gate(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.bool_] | None:
        """Return where support may act: known readers whose interest is not too far below."""
        pairs = promised_pairs(self.promises, requests, candidates)
        if pairs is None:
            return None
        alpha, beta = self._belief.posterior(view, pairs.note_idx)
        bar = alpha / (alpha + beta) - self.config.delta
        allowed = np.ones(candidates.note_idx.shape, np.bool_)
        suited = (self._interest(view, pairs) >= bar) & self._is_known(view, pairs)
        allowed[pairs.row, pairs.column] = suited
        return allowed

    def state_arrays(self) -> Arrays:
        """Return promises and prior."""
        return {**super().state_arrays(), **self._belief.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back promises and prior."""
        super().load_state(arrays)
        self._belief.load_state(arrays)

    def _interest(self, view: PlatformView, pairs: Pairs) -> NDArray[np.float64]:
        if self._model is not None:
            return self._model.probabilities(view, pairs.reader_idx, pairs.note_idx)
        rate = reader_rates(view, pairs.reader_idx, self._belief.mean, _READER_BELIEF)
        excess = affinity(view, pairs.reader_idx, pairs.note_idx) - self.config.usual_affinity
        odds = rate / (1.0 - rate) * np.exp(self.config.affinity_slope * excess)
        return np.asarray(odds / (1.0 + odds))

    def _is_known(self, view: PlatformView, pairs: Pairs) -> NDArray[np.bool_]:
        readers = view.readers
        shown = readers.totals[pairs.reader_idx, Kind.IMPRESSION]
        return np.asarray(
            (readers.active_days[pairs.reader_idx] >= self.config.min_active_days)
            & (shown >= self.config.min_reader_impressions)
        )
