"""Pre-ranker with three towers."""

from __future__ import annotations

import math
from typing import Any

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
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, PreRanker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.diversity import diversified
from simulator.ranking.statistics import NoteStatistics
from simulator.ranking.three_tower.config import ThreeTowerConfig
from simulator.ranking.three_tower.examples import ExampleLog, Sampling
from simulator.ranking.three_tower.network import Sizes, initial
from simulator.ranking.three_tower.towers import Towers, statistics_weights
from simulator.ranking.three_tower.training import fit
from simulator.ranking.three_tower.versions import FULL, INCREMENTAL, Versions, part


class ThreeTower(PreRanker[ThreeTowerConfig]):
    """Score = p_click·(1 + Σ w·p) from a reader, a note and a cross tower below one upper net.

    The reader tower runs once a request; the note tower once a note, whose vector is cached; the
    cross tower reads windowed statistics and interests for each candidate (course slides on
    three-tower pre-rank; COLD, Wang et al., DLP-KDD 2020). It learns from impressions and from the
    ranker's predictions, also for notes that were not shown. Untrained it scores by the weights of
    `light`, but for evidence.

    Two things cost new notes: nobody has computed their vectors yet, which `facts` counts, and
    their statistics are empty, which `evidence_weight` prices.
    """

    Config = ThreeTowerConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start untrained, without statistics and without examples."""
        super().setup(spec)
        config = self.config
        self._sizes = Sizes(config.sizes, spec.embedding_dim, spec.n_categories)
        self._versions = Versions(initial(self._sizes, spec))
        weights = self._versions.serving
        self._towers = Towers(self._sizes, config.heads)
        self._towers.take(weights)
        self._towers.cache.take(weights)
        self._statistics = NoteStatistics(config.statistics, spec, statistics_weights(weights))
        proven = config.evidence_impressions * spec.threshold_scale
        self._proven = math.log1p(proven)
        self._log = ExampleLog(spec, config.examples)
        self._sampling = Sampling(config.examples.requests_a_day)

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """Full trainings, and incremental ones where they are wanted."""
        learning = self.config.learning
        full = TrainingJob(FULL, learning.full_every, learning.full_delay)
        if not learning.incremental_every:
            return (full,)
        often = (learning.incremental_every, learning.incremental_delay)
        return full, TrainingJob(INCREMENTAL, *often)

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Refresh statistics."""
        self._statistics.nearline(view)
        self._sampling.nearline(view)

    def score(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.float32]:
        """Return float32[B, K], positive, 0 where padded."""
        self._statistics.extend(view)
        return self._towers.score(
            requests,
            candidates,
            view,
            self._statistics,
            (self._proven, self.config.evidence_weight),
        )

    def order(
        self,
        scores: NDArray[np.float32],
        supported: NDArray[np.float32],
        candidates: Candidates,
        view: PlatformView,
    ) -> NDArray[np.float32]:
        """Return float32[B, K]; see `simulator.ranking.diversity`."""
        return diversified(self.config.diversity, scores, supported, candidates, view)

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log a share of the requests with the inputs that `score` saw."""
        self._statistics.extend(view)
        share = self._sampling.count(requests.n)
        inputs = self._towers.inputs(requests, view, float(self._statistics.rates[0]))
        served = (slate, feedback, trail)
        self._log.observe(share, requests, served, inputs, self._statistics.features)

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Learn from the requests logged since the last training of the job."""
        weights, since = self._versions.start(job.name)
        examples = self._log.since(since)
        fewest = self.config.learning.fewest_requests
        if examples.n < fewest:
            detail = f"{examples.n} requests were logged to learn from; it takes {fewest}"
            return TrainingReport(examples.n, status="empty", detail=detail)
        learned, report = fit(
            weights,
            examples,
            self._sizes,
            self.config.learning,
            view,
            self._versions.n_trainings,
            keep_notes=job.name == INCREMENTAL,
        )
        if report.status == "ok":
            self._versions.wait(job.name, learned, self._log.serial)
        return report

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the result of the job's last training serve."""
        if self._versions.publish(job.name):
            weights = self._versions.serving
            self._towers.take(weights)
            if job.name == FULL:
                self._towers.cache.renew(weights, view)
            self._statistics.reweigh(statistics_weights(weights), view.live_start)

    def facts(self) -> dict[str, float]:
        """Return look-ups and misses of the note cache, seconds spent on misses, and examples."""
        return {**self._towers.cache.facts(), "logged_requests": self._log.serial}

    def state_arrays(self) -> Arrays:
        """Return statistics, examples, weights and cached note vectors."""
        found: Arrays = {}
        for name, owner in self._stateful().items():
            found.update({f"{name}.{key}": a for key, a in owner.state_arrays().items()})
        return found

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._versions.load_state(part(arrays, "versions."))
        weights = self._versions.serving
        self._towers.take(weights)
        self._towers.cache.take(weights)
        self._statistics.load_state(part(arrays, "statistics."), statistics_weights(weights))
        for name, owner in self._stateful().items():
            if name not in {"versions", "statistics"}:
                owner.load_state(part(arrays, f"{name}."))

    def _stateful(self) -> dict[str, Any]:
        return {
            "versions": self._versions,
            "statistics": self._statistics,
            "log": self._log,
            "sampling": self._sampling,
            "cache": self._towers.cache,
        }
