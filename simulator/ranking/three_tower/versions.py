"""Which weights serve, which wait for their delay, and from which a training goes on.

A full training goes on from the last full one, an incremental one from what serves, as platforms
do it (course slides on two-tower training). What an incremental training made of weights that a
full one has replaced meanwhile is dropped; the next learns from all that the full one did not see.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.contracts.plugins import Arrays

FULL: Final = "full"
INCREMENTAL: Final = "incremental"

_NUMBERS: Final = ("generation", "n_trainings", "full_since", "incremental_since")


class Versions:
    """Weights of one learner with two rhythms.

    Args:
        weights: weights that have learned nothing.

    Attributes:
        serving: weights that serve.
        full: weights of the last full training that has served.
        generation: full trainings that have served.
        n_trainings: trainings that came out well.
        full_since, incremental_since: numbers of the first examples that the next one learns from.
    """

    def __init__(self, weights: Arrays) -> None:
        self.serving = weights
        self.full = weights
        self.generation = self.n_trainings = 0
        self.full_since = self.incremental_since = 0
        self._waiting: dict[str, tuple[Arrays, int, int]] = {}

    def start(self, job: str) -> tuple[Arrays, int]:
        """Return from which weights a training goes on, and the first example it learns from."""
        if job == FULL:
            return self.full, self.full_since
        return self.serving, self.incremental_since

    def wait(self, job: str, weights: Arrays, stop: int) -> None:
        """Keep the result of a training that saw the examples before number `stop`."""
        self._waiting[job] = (weights, self.generation, stop)
        self.n_trainings += 1

    def publish(self, job: str) -> bool:
        """Let the waiting result of a job serve; tell whether it does."""
        weights, generation, stop = self._waiting.pop(job)
        if job == INCREMENTAL and generation != self.generation:
            return False
        self.serving = weights
        self.incremental_since = stop
        if job == FULL:
            self.full, self.full_since = weights, stop
            self.generation += 1
        return True

    def state_arrays(self) -> Arrays:
        """Return all weights and numbers."""
        found: Arrays = {"numbers": np.array([getattr(self, name) for name in _NUMBERS])}
        for place, weights in (("serving", self.serving), ("full", self.full)):
            found.update({f"{place}/{name}": array.copy() for name, array in weights.items()})
        for job, (weights, *numbers) in self._waiting.items():
            found.update({f"waiting/{job}/{name}": a.copy() for name, a in weights.items()})
            found[f"waits/{job}"] = np.array(numbers)
        return found

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        for name, value in zip(_NUMBERS, arrays["numbers"].tolist(), strict=True):
            setattr(self, name, int(value))
        self.serving, self.full = part(arrays, "serving/"), part(arrays, "full/")
        self._waiting = {}
        for job, numbers in part(arrays, "waits/").items():
            generation, stop = (int(value) for value in numbers.tolist())
            self._waiting[job] = (part(arrays, f"waiting/{job}/"), generation, stop)


def part(arrays: Arrays, prefix: str) -> Arrays:
    """Return the arrays whose names start with a prefix, without it."""
    return {
        name[len(prefix) :]: np.array(array)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
