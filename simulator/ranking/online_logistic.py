"""Multi-task ranker: one linear model a head over logged features, refitted every hour."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import (
    Candidates,
    Feedback,
    Interactions,
    RequestBatch,
    Slate,
    Trail,
)
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import HOUR_S, N_HEADS, Head
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, PluginConfig, Ranker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.features import IS_NEW, N_NOTE_FEATURES, PAIR_START, READER_START
from simulator.ranking.fusion import Fusion, FusionConfig
from simulator.ranking.logistic_kernels import log_impressions, predict_heads
from simulator.ranking.statistics import NoteStatistics, StatisticsConfig
from simulator.ranking.training import Fit, fit, prior_weights
from simulator.ranking.training_log import TrainingLog


class OnlineLogisticConfig(PluginConfig):
    """Knobs of the online logistic ranker."""

    type: Literal["online_logistic"] = "online_logistic"
    keep: int = knob(
        40, "Candidates that go on to rerank.", unit="notes a request", ge=1, le=5_000, tunable=True
    )
    train_every: Duration = knob(HOUR_S, "Time between two fits.", ge=60)
    training_rows: int = knob(
        100_000, "Latest impressions to learn from.", unit="impressions", ge=1_000, le=10_000_000
    )
    ridge: float = knob(
        20.0,
        "Strength of the pull towards the starting weights, in rows of unit curvature.",
        ge=0.001,
        le=1_000_000,
    )
    max_steps: int = knob(6, "Most Newton steps a fit.", unit="steps", ge=1, le=50)
    prior_reader_impressions: float = knob(
        50.0,
        "Impressions that the platform's average counts for in a reader's click rate.",
        unit="impressions",
        ge=0.1,
        le=100_000,
    )
    fusion: FusionConfig = FusionConfig()
    statistics: StatisticsConfig = StatisticsConfig()


class OnlineLogistic(Ranker[OnlineLogisticConfig]):
    """Logistic regression of click, and after a click of like, collect, comment and share.

    Dwell is a linear regression of log(1 + seconds), brought back to mean seconds by a smearing
    factor. Features are smoothed counters, content affinity, category interest and context; all
    weights come from logged impressions, by Newton steps on the latest ones.
    """

    Config = OnlineLogisticConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start from prior weights, without statistics and without training rows."""
        super().setup(spec)
        self._fit = Fit(prior_weights(), 1.0, 0)
        self._log = TrainingLog(self.config.training_rows)
        self._fusion = Fusion(self.config.fusion)
        self._statistics = NoteStatistics(self.config.statistics, spec, self._note_weights())
        self._split()

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """One fit every `train_every`, which serves at once."""
        return (TrainingJob("fit", self.config.train_every),)

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Refresh the note's part of every head."""
        self._statistics.nearline(view)

    def predict(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return float32[B, K, N_HEADS] predictions and float32[B, K] value, 0 where padded."""
        self._statistics.extend(view)
        p = np.empty((*candidates.note_idx.shape, N_HEADS), np.float32)
        log_dwell = np.empty(candidates.note_idx.shape, np.float32)
        predict_heads(
            requests.reader_idx,
            requests.request_no,
            candidates.note_idx,
            candidates.n,
            self._statistics.forms,
            self._reader_weights,
            self._pair_weights,
            view.notes.category,
            view.notes.embedding,
            view.readers.vector,
            view.readers.category_profile,
            view.readers.totals,
            float(self._statistics.rates[0]),
            self.config.prior_reader_impressions,
            p,
            log_dwell,
        )
        return p, self._fusion(p, log_dwell, candidates.n)

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log impressions with the features that `predict` saw.

        Must come before the counters and the statistics move.
        """
        self._statistics.extend(view)
        self._log.reserve(slate.note_idx.size)
        n_added = log_impressions(
            requests.reader_idx,
            requests.request_no,
            slate.note_idx,
            feedback.examined,
            feedback.actions,
            self._statistics.features,
            view.notes.category,
            view.notes.embedding,
            view.readers.vector,
            view.readers.category_profile,
            view.readers.totals,
            float(self._statistics.rates[0]),
            self.config.prior_reader_impressions,
            self._log.at,
            self._log.rows,
            self._log.labels,
        )
        self._log.advance(n_added)

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Refit on the latest impressions and recompute the note's parts."""
        rows, labels = self._log.stored()
        self._fit = fit(rows, labels, self._fit, self.config.ridge, self.config.max_steps)
        self._split()
        self._statistics.reweigh(self._note_weights(), view.live_start)
        return TrainingReport(rows=rows.shape[0])

    def state_arrays(self) -> Arrays:
        """Return weights, statistics and training rows."""
        return {
            "weights": self._fit.weights.copy(),
            "smearing": np.array([self._fit.smearing]),
            **self._log.state_arrays(),
            **self._statistics.state_arrays(),
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        weights = np.array(arrays["weights"], np.float64)
        self._fit = Fit(weights, float(arrays["smearing"].astype(np.float64)[0]), 0)
        self._split()
        self._log.load_state(arrays)
        self._statistics.load_state(arrays, self._note_weights())

    def _serving_weights(self) -> NDArray[np.float32]:
        weights = self._fit.weights.copy()
        weights[Head.DWELL, 0] += math.log(self._fit.smearing)
        return weights.astype(np.float32)

    def _note_weights(self) -> NDArray[np.float32]:
        """Return the note's part of every head, then a row that reads whether the note is new."""
        out = np.zeros((N_HEADS + 1, N_NOTE_FEATURES), np.float32)
        out[:N_HEADS] = self._serving_weights()[:, :READER_START]
        out[N_HEADS, IS_NEW] = 1.0
        return out

    def _split(self) -> None:
        weights = self._serving_weights()
        self._reader_weights = np.ascontiguousarray(weights[:, READER_START:PAIR_START])
        self._pair_weights = np.ascontiguousarray(weights[:, PAIR_START:])
