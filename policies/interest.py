"""A model of the click of a reader on a note, from a handful of features; calibrated by logs."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from policies.pairs import affinity, reader_rates
from simulator.contracts.batches import Feedback, RequestBatch, Slate, Trail
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import HOUR_S, Kind
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, Model, ModelConfig
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.replay import Replay

Floats = NDArray[np.float64]

N_FEATURES: Final = 4
_FEWEST_CLICKS: Final = 50
_START: Final = np.array([0.0, 1.0, 2.0, 0.0])


class ReaderInterestConfig(ModelConfig):
    """Knobs of the model."""

    type: Literal["reader_interest"] = "reader_interest"
    train_every: Duration = knob(HOUR_S, "Time between two fits.", ge=600)
    training_rows: int = knob(
        50_000, "Latest impressions to learn from.", unit="impressions", ge=1_000, le=10_000_000
    )
    belief: float = knob(
        50.0,
        "Impressions for which the usual reader counts in a reader's click rate.",
        unit="impressions",
        ge=0.1,
        le=100_000,
    )
    ridge: float = knob(
        5.0, "Strength of the pull towards the starting weights.", ge=0.001, le=1_000_000
    )


class ReaderInterest(Model[ReaderInterestConfig]):
    """σ(w · [1, logit of the reader's click rate, cos(reader, note), interest in its category]).

    Nothing of the note but its content enters, so it speaks of a note that nobody has seen as of
    any other. Fitted by Newton steps to logged impressions; the features are logged as they were
    when the slate was served.
    """

    Config = ReaderInterestConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start from plausible weights."""
        super().setup(spec)
        self._replay = Replay(
            self.config.training_rows,
            {"features": ("float32", (N_FEATURES,)), "click": ("uint8", ())},
        )
        self._serving = np.append(_START, 0.1)
        self._trained = self._serving.copy()

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """One fit every `train_every`, which serves at once."""
        return (TrainingJob("fit", self.config.train_every),)

    def probabilities(
        self, view: PlatformView, reader_idx: NDArray[np.int32], note_idx: NDArray[np.int32]
    ) -> Floats:
        """Return float64[p], probability of a click of each reader on each note, when shown."""
        z = self._features(view, reader_idx, note_idx) @ self._serving[:N_FEATURES]
        return np.asarray(1.0 / (1.0 + np.exp(-z)))

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log impressions with the features of their time."""
        row, slot = np.nonzero((feedback.examined > 0) & (slate.note_idx >= 0))
        if not row.size:
            return
        features = self._features(view, requests.reader_idx[row], slate.note_idx[row, slot])
        click = feedback.actions[row, slot, Kind.CLICK] > 0
        self._replay.append(features=features.astype(np.float32), click=click.astype(np.uint8))

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Fit the weights to the latest impressions."""
        rows = self._replay.latest()
        click = rows["click"].astype(np.float64)
        if click.sum() < _FEWEST_CLICKS:
            return TrainingReport(click.size, status="empty", detail="too few clicks")
        weights, loss = newton(rows["features"].astype(np.float64), click, self.config.ridge)
        if not np.isfinite(weights).all():
            return TrainingReport(click.size, status="diverged", detail="weights not finite")
        self._trained = np.append(weights, click.mean())
        return TrainingReport(click.size, loss)

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the last fit serve."""
        self._serving = self._trained.copy()

    def state_arrays(self) -> Arrays:
        """Return weights and logged impressions."""
        own = {"serving": self._serving.copy(), "trained": self._trained.copy()}
        return {**own, **self._replay.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back weights and logged impressions."""
        self._serving = np.array(arrays["serving"], np.float64)
        self._trained = np.array(arrays["trained"], np.float64)
        self._replay.load_state(arrays)

    def _features(
        self, view: PlatformView, reader_idx: NDArray[np.int32], note_idx: NDArray[np.int32]
    ) -> Floats:
        rate = reader_rates(view, reader_idx, float(self._serving[-1]), self.config.belief)
        out = np.ones((reader_idx.size, N_FEATURES))
        out[:, 1] = np.log(rate / (1.0 - rate))
        out[:, 2] = affinity(view, reader_idx, note_idx)
        out[:, 3] = view.readers.category_profile[reader_idx, view.notes.category[note_idx]]
        return out


def newton(rows: Floats, click: Floats, ridge: float, steps: int = 8) -> tuple[Floats, float]:
    """Fit a logistic regression with a ridge towards the starting weights.

    Args:
        rows: float64[n, f].
        click: float64[n], 0 or 1.
        ridge: strength, in rows of unit curvature.
        steps: Newton steps.

    Returns:
        float64[f] weights and the mean log loss.
    """
    weights = _START.copy()
    for _ in range(steps):
        p = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30.0, 30.0)))
        gradient = rows.T @ (click - p) - ridge * (weights - _START)
        curvature = (rows * (p * (1.0 - p))[:, None]).T @ rows + ridge * np.eye(weights.size)
        weights = weights + np.linalg.solve(curvature, gradient)
    p = np.clip(1.0 / (1.0 + np.exp(-(rows @ weights))), 1e-9, 1.0 - 1e-9)
    loss = -np.where(click > 0, np.log(p), np.log1p(-p)).mean()
    return weights, float(loss) if math.isfinite(loss) else math.nan
