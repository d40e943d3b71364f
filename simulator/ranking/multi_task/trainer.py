"""Trains the networks in simulated time, and keeps what serves and what waits to serve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Head
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import stream_key
from simulator.contracts.views import PlatformView
from simulator.learning.fitting import fit_batches
from simulator.learning.networks import adam_arrays, arrays_of, load_adam, torch_alone
from simulator.learning.replay import Replay
from simulator.ranking.multi_task.batches import Batches
from simulator.ranking.multi_task.config import MultiTaskConfig
from simulator.ranking.multi_task.inputs import Shape
from simulator.ranking.multi_task.losses import loss_by_head, total_loss
from simulator.ranking.multi_task.network import LINEAR, build, initial_arrays, logits

if TYPE_CHECKING:
    import torch

FULL: Final = "full"
INCREMENTAL: Final = "incremental"

_LINEAR_SHARE: Final = 0.25
_PULL: Final = 5e-4
_SMALLEST_SLOPE: Final = 1e-5
_CHUNK: Final = 16_384
_FEWEST: Final = 256
_PURPOSE: Final = "rank.multi_task"


@dataclass(frozen=True, slots=True)
class Trained:
    """A network and what its training goes on from.

    Attributes:
        network: parameters.
        adam: moments of the optimizer.
        smearing: factor from exp(mean logarithm) to the mean, for the dwell head.
        since: number of the first example that it has not learned from.
        generation: full trainings behind it.
    """

    network: Arrays
    adam: Arrays
    smearing: float = 1.0
    since: int = 0
    generation: int = 0

    def state_arrays(self, prefix: str) -> Arrays:
        """Return everything as arrays, with names that start with `prefix`."""
        numbers = np.array([self.smearing, self.since, self.generation], np.float64)
        network = {f"{prefix}network.{name}": a for name, a in self.network.items()}
        adam = {f"{prefix}adam.{name}": a for name, a in self.adam.items()}
        return {f"{prefix}numbers": numbers, **network, **adam}

    @classmethod
    def of_state(cls, arrays: Arrays, prefix: str) -> Trained:
        """Return what `state_arrays` wrote."""
        numbers = np.asarray(arrays[f"{prefix}numbers"], np.float64)
        smearing, since, generation = numbers.tolist()
        network = _with_prefix(arrays, f"{prefix}network.")
        adam = _with_prefix(arrays, f"{prefix}adam.")
        return cls(network, adam, smearing, int(since), int(generation))


class Trainer:
    """Trains a copy of what serves; the copy serves when its training is published.

    A full training passes over all stored examples, an incremental one over those that the network
    has not seen. Both go on from the network that serves. An incremental training that a full one
    has overtaken by the time it would serve is dropped.

    Args:
        config: knobs.
        shape: sizes of the network.
        seed: replication seed.

    Attributes:
        serving: what serves.
    """

    def __init__(self, config: MultiTaskConfig, shape: Shape, seed: int) -> None:
        self._config = config
        self._shape = shape
        self._seed = seed
        self._n_trainings = 0
        self._waiting: dict[str, Trained] = {}
        self._start = initial_arrays(shape, seed)
        self.serving = Trained(self._start, {})

    def train(self, job: TrainingJob, replay: Replay, view: PlatformView) -> TrainingReport:
        """Train on stored examples; what serves does not change."""
        is_full = job.name == FULL
        since = 0 if is_full else self.serving.since
        data = Batches(replay.latest(since), view, self._shape)
        if not is_full and data.n < _FEWEST:
            detail = f"{data.n} new examples wait for more, up to {_FEWEST}"
            return TrainingReport(0, status="empty", detail=detail)
        self._n_trainings += 1
        network = build(self.serving.network)
        optimizer = self._optimizer(network)
        report = fit_batches(
            network,
            optimizer,
            self._loss(network, data),
            data.n,
            (self._seed, _PURPOSE, self._n_trainings),
            batch_size=_even(data.n, self._config.batch_size),
            epochs=self._config.epochs if is_full else 1,
        )
        if report.status == "ok":
            self._waiting[job.name] = Trained(
                arrays_of(network),
                adam_arrays(optimizer),
                self._smearing(network, data),
                replay.serial,
                self.serving.generation + is_full,
            )
        return report

    def publish(self, job: TrainingJob) -> bool:
        """Let the job's last result serve; tell whether it does."""
        waiting = self._waiting.pop(job.name, None)
        if waiting is None or waiting.generation < self.serving.generation:
            return False
        self.serving = waiting
        return True

    def state_arrays(self) -> Arrays:
        """Return what serves, what waits, and how many trainings there were."""
        found = self.serving.state_arrays("serving.")
        for name, waiting in self._waiting.items():
            found |= waiting.state_arrays(f"waiting.{name}.")
        return {**found, "n_trainings": np.array([self._n_trainings])}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self.serving = Trained.of_state(arrays, "serving.")
        self._waiting = {
            name: Trained.of_state(arrays, f"waiting.{name}.")
            for name in (FULL, INCREMENTAL)
            if f"waiting.{name}.numbers" in arrays
        }
        self._n_trainings = int(np.asarray(arrays["n_trainings"], np.int64)[0])

    def _optimizer(self, network: torch.nn.ParameterDict) -> torch.optim.Optimizer:
        rate = self._config.learning_rate
        deep = [p for name, p in network.items() if name != LINEAR]
        groups = [
            {"params": deep, "lr": rate},
            {"params": [network[LINEAR]], "lr": rate * _LINEAR_SHARE},
        ]
        optimizer: torch.optim.Optimizer = torch_alone().optim.Adam(groups, eps=_SMALLEST_SLOPE)
        if self.serving.adam:
            load_adam(optimizer, self.serving.adam)
        return optimizer

    def _loss(
        self, network: torch.nn.ParameterDict, data: Batches
    ) -> Callable[[NDArray[np.int64]], torch.Tensor]:
        shape = self._shape
        key = int(stream_key(self._seed, f"{_PURPOSE}.dropout.{self._n_trainings}"))
        dropout = torch_alone().Generator().manual_seed(key % 2**63)
        start = torch_alone().from_numpy(np.array(self._start[LINEAR]))

        def loss_of(chosen: NDArray[np.int64]) -> torch.Tensor:
            batch = data.batch(chosen)
            predicted = logits(network, shape, batch, dropout)
            losses, share = loss_by_head(
                predicted, batch.label, is_entire_space=shape.is_entire_space
            )
            pull = (network[LINEAR] - start).square().sum() + network["tower"].square().sum()
            rest: torch.Tensor = _PULL * pull
            return rest + total_loss(losses, share, network["log_variance"], self._config.loss)

        return loss_of

    def _smearing(self, network: torch.nn.ParameterDict, data: Batches) -> float:
        """Return Σ(1 + dwell) / Σ exp(prediction) over clicked examples (Duan, JASA 1983)."""
        clicked = data.clicked()
        observed = predicted = 0.0
        with torch_alone().inference_mode():
            for start in range(0, clicked.size, _CHUNK):
                batch = data.batch(clicked[start : start + _CHUNK])
                z = logits(network, self._shape, batch)[:, Head.DWELL].clamp(0.0, 20.0)
                observed += float(batch.label[:, Head.DWELL].double().exp().sum())
                predicted += float(z.double().exp().sum())
        found = observed / predicted if predicted > 0 else math.nan
        return found if math.isfinite(found) and found > 0 else self.serving.smearing


def _even(n: int, batch_size: int) -> int:
    """Return a batch size that cuts `n` examples into equal parts: a last small one is noise."""
    return math.ceil(n / max(1, math.ceil(n / batch_size)))


def _with_prefix(arrays: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): np.array(a)
        for name, a in arrays.items()
        if name.startswith(prefix)
    }
