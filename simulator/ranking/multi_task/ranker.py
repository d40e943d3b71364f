"""What the four multi-task rankers have in common: serving, logging, training, checkpoints."""

from __future__ import annotations

from typing import TypeVar

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
from simulator.contracts.events import DAY_S, N_HEADS
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, Ranker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.fusion import Fusion
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.examples import Examples, Sessions
from simulator.ranking.multi_task.folding import fold
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.layer_kernels import Weights
from simulator.ranking.multi_task.note_rows import NoteRows
from simulator.ranking.multi_task.serving_kernels import predict_heads
from simulator.ranking.multi_task.trainer import FULL, INCREMENTAL, Trainer

M = TypeVar("M", bound=MultiTaskConfig)


class MultiTaskRanker(Ranker[M]):
    """Serves a network by compiled kernels and trains it by torch; subclasses say its shape."""

    def shape(self, spec: PlatformSpec) -> Shape:
        """Return the sizes of the network."""
        raise NotImplementedError

    def setup(self, spec: PlatformSpec) -> None:
        """Start with an untrained network, which ranks by the linear ranker's prior."""
        super().setup(spec)
        config = self.config
        self._shape = self.shape(spec)
        self._fusion = Fusion(config.fusion)
        self._trainer = Trainer(config, self._shape, spec.seed)
        self._sessions = Sessions(spec.n_categories)
        self._examples = Examples(
            spec, config.training_rows, config.negative_rate, config.prior_reader_impressions
        )
        self._weights = self._fold()
        self._notes = NoteRows(config.statistics, spec, self._weights)

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """A full training at midnight, incremental ones in between."""
        config = self.config
        return (
            TrainingJob(FULL, DAY_S, config.full_delay),
            TrainingJob(INCREMENTAL, config.incremental_every, config.incremental_delay),
        )

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Refresh the notes' part of the first layer."""
        self._notes.nearline(view)

    def predict(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return float32[B, K, N_HEADS] predictions and float32[B, K] value, 0 where padded."""
        self._extend(view)
        p = np.empty((*candidates.note_idx.shape, N_HEADS), np.float32)
        log_dwell = np.empty(candidates.note_idx.shape, np.float32)
        predict_heads(
            requests.reader_idx,
            requests.request_no,
            requests.session_no,
            candidates.note_idx,
            candidates.n,
            self._notes.rows,
            self._weights,
            view.notes.category,
            view.notes.embedding,
            view.readers.vector,
            view.readers.category_profile,
            view.readers.totals,
            self._sessions.session,
            self._sessions.shown,
            float(self._notes.rates[0]),
            self.config.prior_reader_impressions,
            self._notes.offset,
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
        """Log impressions with the features that `predict` saw."""
        self._extend(view)
        self._examples.log(requests, slate, feedback, view, self._notes, self._sessions)

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Train a copy of the network that serves."""
        return self._trainer.train(job, self._examples.replay, view)

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the job's last result serve."""
        if self._trainer.publish(job):
            self._weights = self._fold()
            self._notes.reweigh(self._weights)

    def state_arrays(self) -> Arrays:
        """Return networks, statistics, sessions and examples."""
        parts: dict[str, Arrays] = {
            "trainer": self._trainer.state_arrays(),
            "notes": self._notes.state_arrays(),
            "sessions": self._sessions.state_arrays(),
            "examples": self._examples.replay.state_arrays(),
        }
        return {f"{part}.{name}": a for part, arrays in parts.items() for name, a in arrays.items()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        parts: dict[str, Arrays] = {}
        for key, array in arrays.items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = array
        self._trainer.load_state(parts["trainer"])
        self._sessions.load_state(parts["sessions"])
        self._examples.replay.load_state(parts["examples"])
        self._weights = self._fold()
        self._notes.load_state(parts["notes"], self._weights)

    def _extend(self, view: PlatformView) -> None:
        self._notes.extend(view)
        self._sessions.reserve(view.readers.n)

    def _fold(self) -> Weights:
        serving = self._trainer.serving
        return fold(serving.network, self._shape, serving.smearing, self.config.negative_rate)
