"""Base of designs that split readers alone."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import DesignConfig, HashedDesign, pairs

R = TypeVar("R", bound=DesignConfig)


class ReaderSplit(HashedDesign[R]):
    """Readers by their id; notes have no arm."""

    sides: ClassVar[tuple[str, ...]] = ("reader",)

    def reader_arms(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the arms of readers."""
        return self.arms("reader", reader_idx)

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated readers."""
        return pairs((Arm.TREATMENT, None))
