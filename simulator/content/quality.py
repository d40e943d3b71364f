"""How well a note will do, predicted from its content alone."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S, Kind
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, Model, ModelConfig
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_STEPS: Final = 12
_PRIOR_IMPRESSIONS: Final = 20.0
_STATE: Final = ("weights", "pending", "labelled")


class ContentQualityConfig(ModelConfig):
    """Knobs of the quality head."""

    type: Literal["content_quality"] = "content_quality"
    train_every: Duration = knob(DAY_S, "Time between two trainings.", ge=HOUR_S, le=30 * DAY_S)
    train_at: Duration = knob(
        4 * HOUR_S, "Time of the period at which training starts.", ge=0, le=30 * DAY_S
    )
    delay: Duration = knob(HOUR_S, "Time until a trained model serves.", ge=0, le=DAY_S)
    top_share: float = knob(
        0.1, "Share of notes, by click rate, that count as doing well.", ge=0.01, le=0.5
    )
    min_age: Duration = knob(
        DAY_S, "Age from which a note's outcome is taken as known.", ge=HOUR_S, le=30 * DAY_S
    )
    min_impressions: int = knob(
        100,
        "Life impressions, times the scenario's threshold scale, from which it is.",
        unit="impressions",
        ge=1,
        le=1_000_000,
    )
    least_notes: int = knob(
        200, "Notes with a known outcome below which nothing is learned.", unit="notes", ge=20
    )
    ridge: float = knob(
        3.0, "Pull of weights towards 0, in notes of unit curvature.", ge=0.001, le=10_000
    )


class ContentQuality(Model[ContentQualityConfig]):
    """P(click rate in the top tenth | content embedding), by logistic regression.

    The label is the place of a note's smoothed click rate among the notes of known outcome. The
    multimodal quality model of course slides on cold start does the same with a larger network;
    it feeds the differentiated quota. Each training first scores the notes whose outcome has
    become known since the last one, with the model that served when they were new: its report
    carries that AUC.
    """

    Config = ContentQualityConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without a model."""
        super().setup(spec)
        self._weights = np.zeros(0)
        self._pending = np.zeros(0)
        self._labelled = np.zeros(0, np.int32)

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """One full training every `train_every`."""
        config = self.config
        offset = config.train_at % config.train_every
        return (TrainingJob("full", config.train_every, config.delay, offset),)

    def note_scores(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows)] probabilities; the base rate before the first model serves."""
        if not self._weights.size:
            return np.full(rows.shape[0], self.config.top_share, np.float32)
        return _predict(view.notes.embedding[rows], self._weights).astype(np.float32)

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Fit on every note in distribution whose outcome is known."""
        rows, well = self._outcomes(view)
        detail = self._judge(view, rows, well)
        if rows.size < self.config.least_notes or well.all() or not well.any():
            text = f"{rows.size} notes of known outcome, {self.config.least_notes} are needed"
            return TrainingReport(int(rows.size), status="empty", detail=text)
        x = view.notes.embedding[rows].astype(np.float64)
        weights, loss = _fit(x, well.astype(np.float64), self.config.ridge)
        if not np.isfinite(weights).all():
            text = "a weight stopped being finite; the model that served before goes on"
            return TrainingReport(int(rows.size), status="diverged", detail=text)
        self._pending, self._labelled = weights, rows
        return TrainingReport(int(rows.size), loss, detail=detail)

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the last trained weights serve."""
        if self._pending.size:
            self._weights = self._pending

    def state_arrays(self) -> Arrays:
        """Return the serving and the waiting weights, and which notes have been judged."""
        return {name: getattr(self, f"_{name}").copy() for name in _STATE}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._weights = np.array(arrays["weights"], np.float64)
        self._pending = np.array(arrays["pending"], np.float64)
        self._labelled = np.array(arrays["labelled"], np.int32)

    def _outcomes(self, view: PlatformView) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return rows of known outcome, and which of them do well."""
        config, notes = self.config, view.notes
        stop = view.first_younger_than(config.min_age)
        rows = np.arange(view.live_start, max(stop, view.live_start), dtype=np.int32)
        enough = config.min_impressions * self.spec.threshold_scale
        rows = rows[notes.impressions[rows] >= enough]
        if not rows.size:
            return rows, np.zeros(0, np.bool_)
        totals = notes.totals[rows].astype(np.float64)
        seen, clicks = totals[:, Kind.IMPRESSION], totals[:, Kind.CLICK]
        mean = clicks.sum() / seen.sum()
        rate = (clicks + mean * _PRIOR_IMPRESSIONS) / (seen + _PRIOR_IMPRESSIONS)
        return rows, rate > np.quantile(rate, 1.0 - config.top_share)

    def _judge(self, view: PlatformView, rows: NDArray[np.int32], well: NDArray[np.bool_]) -> str:
        """Say how well the serving model ordered the notes that were not labelled before."""
        if not self._weights.size:
            return ""
        fresh = ~np.isin(rows, self._labelled)
        score = _predict(view.notes.embedding[rows[fresh]], self._weights)
        value = auc(score, well[fresh])
        if math.isnan(value):
            return ""
        return f"AUC {value:.3f} on {int(fresh.sum())} notes labelled since the last training"


def auc(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive is scored above a negative, ties half.

    Args:
        score: float64[n].
        positive: bool[n].

    Returns:
        The area under the ROC curve (Mann and Whitney, 1947); NaN with one class only.
    """
    n_positive = int(positive.sum())
    n_negative = positive.size - n_positive
    if not n_positive or not n_negative:
        return math.nan
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    total = float(ranks[positive].sum()) - n_positive * (n_positive + 1) / 2
    return total / (n_positive * n_negative)


def _predict(x: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    logit = weights[0] + (x.astype(np.float64) * weights[1:]).sum(axis=1)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def _fit(
    x: NDArray[np.float64], y: NDArray[np.float64], ridge: float
) -> tuple[NDArray[np.float64], float]:
    """Return weights, bias first, by Newton steps on the penalised log-likelihood, and the loss."""
    design = np.concatenate([np.ones((x.shape[0], 1)), x], axis=1)
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    weights = np.zeros(design.shape[1])
    weights[0] = math.log(y.mean() / (1.0 - y.mean()))
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-(design @ weights)))
        slope = design.T @ (y - p) - penalty * weights
        curve = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(penalty)
        weights += np.linalg.solve(curve, slope)
    p = np.clip(1.0 / (1.0 + np.exp(-(design @ weights))), 1e-9, 1 - 1e-9)
    return weights, float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
