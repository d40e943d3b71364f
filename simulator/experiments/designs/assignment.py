"""What every design shares: which units are in the experiment, and which of them are treated."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from simulator.contracts.config import knob
from simulator.contracts.events import N_ARMS, Arm
from simulator.contracts.plugins import ExperimentDesign, PluginConfig
from simulator.contracts.random import uniform


class DesignConfig(PluginConfig):
    """Knobs of every design.

    Experiments of one layer exclude each other when their buckets do not overlap; layers are
    independent of each other (Tang et al., KDD 2010). Readers and notes whose bucket is not among
    those of the experiment are outside: a holdout, or the traffic of other experiments.
    """

    share: float = knob(0.5, "Treated share of what is in the experiment.", ge=0.01, le=0.99)
    salt: str = knob("a", "Name of the draw of arms: another salt is another randomisation.")
    layer: str = knob("default", "Layer whose buckets the experiment uses.")
    buckets: tuple[float, float] = knob(
        (0.0, 1.0), "Part [from, to) of the layer that is in the experiment."
    )

    @field_validator("buckets")
    @classmethod
    def _ascending(cls, buckets: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= buckets[0] < buckets[1] <= 1:
            raise ValueError("buckets must ascend within 0 and 1, for example [0.0, 0.1]")
        return buckets


D = TypeVar("D", bound=DesignConfig)


class HashedDesign(ExperimentDesign[D]):
    """Base of designs that draw arms by hashing ids."""

    @property
    def treated_share(self) -> float:
        """Share of what is in the experiment that is treated."""
        return self.config.share

    def arms(self, side: str, ids: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return uint8[n], the arm of each unit of a side, a function of its id alone.

        Args:
            side: what is randomised; ids of different sides are drawn independently.
            ids: ids of the units.
        """
        config, seed = self.config, self.spec.seed
        bucket = uniform(seed, f"experiment.layer.{config.layer}.{side}", ids)
        draw = uniform(seed, f"experiment.arm.{config.layer}.{config.salt}.{side}", ids)
        arm = np.where(draw < config.share, Arm.TREATMENT, Arm.CONTROL).astype(np.uint8)
        inside = (config.buckets[0] <= bucket) & (bucket < config.buckets[1])
        return np.where(inside, arm, np.uint8(Arm.OUTSIDE))


def pairs(*treated: tuple[Arm | None, Arm | None]) -> NDArray[np.bool_]:
    """Return bool[3, 3], true for (arm of reader, arm of note); None stands for every arm."""
    out = np.zeros((N_ARMS, N_ARMS), np.bool_)
    for reader, note in treated:
        rows = slice(None) if reader is None else reader
        columns = slice(None) if note is None else note
        out[rows, columns] = True
    return out
