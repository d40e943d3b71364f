"""Everybody is treated: the launch that a test stands in for."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_ARMS, Arm
from simulator.contracts.plugins import ExperimentDesign, PluginConfig


class LaunchConfig(PluginConfig):
    """A launch has no knobs."""

    type: Literal["launch"] = "launch"


class Launch(ExperimentDesign[LaunchConfig]):
    """The treatment's policies replace control's for everybody at the start.

    Held against the same world without it, it gives the true effect.
    """

    Config = LaunchConfig
    pitfalls: ClassVar[tuple[str, ...]] = ("Nobody is left to compare with.",)

    def reader_arms(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the treated arm for everybody."""
        return np.full(reader_idx.shape, Arm.TREATMENT, np.uint8)

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the treated arm for everything."""
        return np.full(note_idx.shape, Arm.TREATMENT, np.uint8)

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat everybody."""
        return np.ones((N_ARMS, N_ARMS), np.bool_)
