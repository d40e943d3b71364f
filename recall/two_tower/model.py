"""Two-tower model: readers and notes in one space, learned from logged clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.batches import make_batches, usable
from recall.two_tower.cold_ids import Lenders
from recall.two_tower.config import TwoTowerConfig
from recall.two_tower.examples import ClickLog
from recall.two_tower.serving import Serving
from recall.two_tower.training import fit
from recall.two_tower.weights import Weights, part
from simulator.contracts.batches import Feedback, RequestBatch, Slate, Trail
from simulator.contracts.learning import ColdIds, TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, Model
from simulator.contracts.random import generator
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_FULL, _INCREMENTAL = "full", "incremental"
_STAGES = ("trained", "serving", _FULL, _INCREMENTAL)


class TwoTower(Model[TwoTowerConfig]):
    """Cosine of a reader tower and a note tower over ID vectors, categories, content, activity.

    A full training goes on from the last one, over the clicks since; incremental ones go on from
    what serves and change ID vectors alone, until the next fully trained model begins to serve
    and makes up for the clicks that came while it was made (course slides on two-tower models;
    Covington, Adams and Sargin, RecSys 2016). A note is cold until full trainings have seen a
    click on it; see `ColdIds` for its ID vector.
    """

    Config = TwoTowerConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start with towers that have learned nothing and serve nobody."""
        super().setup(spec)
        config = self.config
        self._log = ClickLog(
            spec, config.max_clicks, config.sample, config.strong_weight, config.negatives.n
        )
        self._weights: dict[str, Weights] = {"trained": Weights.initial(spec, config)}
        self._serving: Serving | None = None
        self._version = self._generation = self._number = 0
        self._since = {_FULL: 0, _INCREMENTAL: 0}
        self._latest: tuple[tuple[object, object, int], NDArray[np.float32]]
        self._latest = (None, None, 0), np.empty((0, config.dim), np.float32)

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """Full trainings, and incremental ones between them where they are wanted."""
        config = self.config
        full = TrainingJob(_FULL, config.full_every, config.full_delay, config.full_at)
        if not config.incremental_every:
            return (full,)
        return (full, TrainingJob(_INCREMENTAL, config.incremental_every, config.incremental_delay))

    @property
    def version(self) -> int:
        """0 before the first model serves; changes with every published one."""
        return self._version

    @property
    def generation(self) -> int:
        """Number of fully trained models that have served."""
        return self._generation

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log clicks, with notes that the funnel rejected for the same request."""
        self._log.observe(requests, slate, feedback, trail, view)

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Learn from the clicks since the last training, on a copy of what it goes on from."""
        is_full = job.name == _FULL
        start = self._weights["trained"] if is_full else self._weights.get("serving")
        if start is None:
            return TrainingReport(0, status="empty", detail="no full training has served yet")
        weights = start.copy()
        weights.move(view)
        clicks = usable(self._log.since(self._since[job.name]), weights.ids["note"].first)
        least = self.config.min_clicks if is_full and not self._version else 1
        if clicks.n < least:
            text = f"{clicks.n} clicks to learn from, {least} are needed"
            return TrainingReport(clicks.n, status="empty", detail=text)
        self._since[job.name] = self._log.serial
        self._number += 1
        rng = generator(self.spec.seed, f"two_tower.easy.{self._number}")
        batches = make_batches(clicks, self.config.negatives, view, rng)
        report = fit(weights, batches, view, self.config, self._number, ids_only=not is_full)
        if report.status == "ok":
            self._weights[job.name] = weights
            if is_full:
                weights.count(clicks.reader, clicks.note)
                self._weights["trained"] = weights
        return report

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the result of the job's last training serve, where it is still wanted."""
        weights = self._weights.pop(job.name, None)
        if weights is None:
            return
        self._version += 1
        if job.name == _INCREMENTAL and self._serving is not None:
            lenders = self._serving.lenders
            self._serving = Serving(weights, self.config, lenders, self._serving)
        else:
            self._generation += 1
            lenders = Lenders.choose(weights.ids["note"], self.config.cold, view)
            self._serving = Serving(weights, self.config, lenders)
            # An update of the model before it has the old towers; its clicks are learned again.
            self._weights.pop(_INCREMENTAL, None)
            self._since[_INCREMENTAL] = self._since[_FULL]
        self._weights["serving"] = weights

    def note_vectors(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        """Return float32[len(rows), dim] unit-length vectors."""
        return self._served().note_vectors(view, rows, cold)

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, dim] unit-length vectors.

        Channels that ask for the same requests in the same view share one array.
        """
        asked, vectors = self._latest
        if not (asked[0] is reader_idx and asked[1] is view and asked[2] == self._version):
            vectors = self._served().reader_vectors(view, reader_idx)
            self._latest = (reader_idx, view, self._version), vectors
        return vectors

    def state_arrays(self) -> Arrays:
        """Return logged clicks, and every set of weights that is still needed."""
        counts = [self._version, self._generation, self._number, *self._since.values()]
        found: Arrays = {"counts": np.array(counts, np.int64), **self._log.state_arrays()}
        if self._serving is not None:
            found["lenders"] = self._serving.lenders.rows
        for stage, weights in self._weights.items():
            arrays = weights.state_arrays().items()
            found.update({f"{stage}/{name}": array for name, array in arrays})
        return found

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        counts = np.asarray(arrays["counts"], np.int64).tolist()
        self._version, self._generation, self._number = counts[:3]
        self._since = {_FULL: counts[3], _INCREMENTAL: counts[4]}
        self._log.load_state(arrays)
        self._weights = {}
        for stage in _STAGES:
            own = part(arrays, f"{stage}/")
            if own:
                self._weights[stage] = Weights.initial(self.spec, self.config)
                self._weights[stage].load_state(own)
        if "serving" in self._weights:
            weights, rows = self._weights["serving"], np.array(arrays["lenders"], np.int32)
            lenders = Lenders(rows, self.config.cold.k, weights.ids["note"].first)
            self._serving = Serving(weights, self.config, lenders)

    def _served(self) -> Serving:
        if self._serving is None:
            raise ValueError("no model serves yet: ask for vectors only when `version` is not 0")
        return self._serving
