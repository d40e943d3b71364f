"""Two-tower model: readers and notes in one space, learned from logged clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.config import TwoTowerConfig
from recall.two_tower.examples import ClickLog
from recall.two_tower.serving import Serving, lenders
from recall.two_tower.training import fit, usable
from recall.two_tower.weights import Weights, part
from simulator.contracts.batches import Feedback, RequestBatch, Slate, Trail
from simulator.contracts.learning import ColdIds, TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays, Model
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

_FULL, _INCREMENTAL = "full", "incremental"
_STAGES = ("trained", "serving", _FULL, _INCREMENTAL)


class TwoTower(Model[TwoTowerConfig]):
    """Cosine of a reader tower and a note tower over ID vectors, categories, content, activity.

    Full trainings go once over the clicks since the last and change everything; incremental ones
    change ID vectors alone (course slides on two-tower models; Covington et al., RecSys 2016). A
    note is cold until full trainings have seen some clicks on it; see `ColdIds` for its ID vector.
    """

    Config = TwoTowerConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start with towers that have learned nothing and serve nobody."""
        super().setup(spec)
        config = self.config
        self._log = ClickLog(
            spec, config.max_clicks, config.sample, config.strong_weight, 2 * config.negatives.n
        )
        self._weights: dict[str, Weights] = {"trained": Weights.initial(spec, config)}
        self._serving: Serving | None = None
        self._version = self._number = 0
        self._since = {_FULL: 0, _INCREMENTAL: 0}

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
        self._move(weights, view)
        clicks = usable(self._log.since(self._since[job.name]), weights.ids["note"])
        least = self.config.min_clicks if is_full and not self._version else 1
        if clicks.n < least:
            text = f"{clicks.n} clicks to learn from, {least} are needed"
            return TrainingReport(clicks.n, status="empty", detail=text)
        if is_full:
            weights.ids["note"].count(clicks.note)
            weights.ids["reader"].count(clicks.reader)
        self._number += 1
        report = fit(weights, clicks, view, self.config, self._number, ids_only=not is_full)
        if report.status == "ok":
            self._weights[job.name] = weights
            self._since[_INCREMENTAL] = self._log.serial
            if is_full:
                self._since[_FULL] = self._log.serial
                self._weights["trained"] = weights
        return report

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the result of the job's last training serve."""
        weights = self._weights.pop(job.name, None)
        if weights is None:
            return
        self._weights["serving"] = weights
        self._serving = Serving(weights, self.config.cold, lenders(weights, self.config.cold, view))
        self._version += 1
        if job.name == _FULL:
            # Clicks that came while it trained are known to the model before it alone.
            self._since[_INCREMENTAL] = self._since[_FULL]

    def note_vectors(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        """Return float32[len(rows), dim] unit-length vectors."""
        return self._served().note_vectors(view, rows, cold)

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, dim] unit-length vectors."""
        return self._served().reader_vectors(view, reader_idx)

    def state_arrays(self) -> Arrays:
        """Return logged clicks, and every set of weights that is still needed."""
        counts = [self._version, self._number, self._since[_FULL], self._since[_INCREMENTAL]]
        found: Arrays = {"counts": np.array(counts, np.int64), **self._log.state_arrays()}
        found["lenders"] = np.empty(0, np.int32) if self._serving is None else self._serving.lenders
        for stage, weights in self._weights.items():
            arrays = weights.state_arrays().items()
            found.update({f"{stage}/{name}": array for name, array in arrays})
        return found

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        counts = np.asarray(arrays["counts"], np.int64).tolist()
        self._version, self._number = counts[0], counts[1]
        self._since = {_FULL: counts[2], _INCREMENTAL: counts[3]}
        self._log.load_state(arrays)
        self._weights = {}
        for stage in _STAGES:
            own = part(arrays, f"{stage}/")
            if own:
                self._weights[stage] = Weights.initial(self.spec, self.config)
                self._weights[stage].load_state(own)
        serving = self._weights.get("serving")
        rows = np.array(arrays["lenders"], np.int32)
        self._serving = None if serving is None else Serving(serving, self.config.cold, rows)

    def _move(self, weights: Weights, view: PlatformView) -> None:
        weights.ids["reader"].move(0, view.readers.n)
        weights.ids["note"].move(view.live_start, view.notes.n)

    def _served(self) -> Serving:
        if self._serving is None:
            raise ValueError("no model serves yet: ask for vectors only when `version` is not 0")
        return self._serving
