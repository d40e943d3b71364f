"""Ring of the latest logged examples, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.plugins import Arrays

_FEWEST = 1_024


class Replay:
    """Keeps the latest examples; memory grows with use up to the capacity.

    Args:
        capacity: most examples kept.
        columns: name -> (dtype, shape of one example), for example `("float32", (8,))`.

    Attributes:
        serial: number of the next example, counted from the start of the run.
    """

    def __init__(self, capacity: int, columns: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        self._capacity = capacity
        self._columns = {
            name: np.zeros((0, *shape), dtype) for name, (dtype, shape) in columns.items()
        }
        self.serial = 0

    @property
    def n(self) -> int:
        """Examples stored."""
        return min(self.serial, self._capacity)

    def append(self, **columns: NDArray[Any]) -> None:
        """Add examples; every declared column, each of the same length."""
        n = next(iter(columns.values())).shape[0]
        drop = max(0, n - self._capacity)
        self._reserve(min(self.serial + n, self._capacity))
        at = (np.arange(self.serial + drop, self.serial + n)) % self._capacity
        for name, stored in self._columns.items():
            stored[at] = columns[name][drop:]
        self.serial += n

    def latest(self, since: int = 0) -> dict[str, NDArray[Any]]:
        """Return copies of the stored examples of number `since` and above, oldest first."""
        first = max(since, self.serial - self.n)
        at = np.arange(first, self.serial) % self._capacity
        return {name: stored[at] for name, stored in self._columns.items()}

    def state_arrays(self) -> Arrays:
        """Return the stored examples and their numbers."""
        return {"replay_serial": np.array([self.serial]), **self.latest()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        serial = int(np.asarray(arrays["replay_serial"], np.int64)[0])
        examples = {name: np.asarray(arrays[name]) for name in self._columns}
        self.serial = serial - next(iter(examples.values())).shape[0]
        self._reserve(min(serial, self._capacity))
        self.append(**examples)

    def _reserve(self, n: int) -> None:
        held = next(iter(self._columns.values())).shape[0]
        if n <= held:
            return
        size = min(self._capacity, max(n, 2 * held, _FEWEST))
        for name, stored in self._columns.items():
            grown = np.zeros((size, *stored.shape[1:]), stored.dtype)
            grown[:held] = stored
            self._columns[name] = grown
