"""What every design shares: which units are in the experiment, and which of them are treated."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, N_ARMS, Arm
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

    ramp: dict[Duration, Annotated[float, Field(ge=0.0, le=0.99)]] = knob(
        {},
        "Treated share from each time since the start on, for example {0d: 0.05, 1d: 0.2, 3d: "
        "0.5}: whole days, rising to `share`. Days before the last step are not read.",
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        steps = sorted(self.ramp.items())
        if not steps:
            return self
        shares = [share for _, share in steps]
        if any(at % DAY_S for at, _ in steps):
            raise ValueError("a ramp steps at whole days, for example {0d: 0.05, 1d: 0.5}")
        if shares != sorted(set(shares)):
            raise ValueError("shares of a ramp rise from step to step")
        if shares[-1] != self.share:
            raise ValueError(f"a ramp ends at the share of the test, {self.share:g}")
        return self

    @field_validator("buckets")
    @classmethod
    def _ascending(cls, buckets: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= buckets[0] < buckets[1] <= 1:
            raise ValueError("buckets must ascend within 0 and 1, for example [0.0, 0.1]")
        return buckets


class UnrampedConfig(DesignConfig):
    """Knobs of designs whose share may not rise."""

    @field_validator("ramp")
    @classmethod
    def _none(cls, ramp: dict[int, float]) -> dict[int, float]:
        if ramp:
            raise ValueError("this design has no ramp: its share must hold from the start")
        return ramp


class LearningConfig(DesignConfig):
    """Knobs of designs with arms of readers, whose logs can be told apart."""

    learning: Literal["shared", "separate"] = knob(
        "shared",
        "`shared` lets everything that learns learn from all readers; `separate` keeps channels, "
        "models, rankers and counters of notes once for treated readers and once for the others, "
        "each from its own log since the start.",
    )


D = TypeVar("D", bound=DesignConfig)


class HashedDesign(ExperimentDesign[D]):
    """Base of designs that draw arms by hashing ids."""

    @property
    def treated_share(self) -> float:
        """Share of what is in the experiment that is treated."""
        return self.config.share

    @property
    def first_read_day(self) -> int:
        """First measured day on which the whole share is treated."""
        return max(self.config.ramp, default=0) // DAY_S

    @property
    def learns_apart(self) -> bool:
        """Whether each arm of readers has learners of its own."""
        return getattr(self.config, "learning", "shared") == "separate"

    def share_on(self, day: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """Return the treated share on measured days, in the shape of `day`."""
        steps = sorted(self.config.ramp.items()) or [(0, self.config.share)]
        shares = np.array([0.0, *(share for _, share in steps)])
        days = np.array([at // DAY_S for at, _ in steps])
        return np.asarray(shares[np.searchsorted(days, day, side="right")])

    def reached(
        self, day: NDArray[np.int64] | int, side: str, ids: NDArray[np.integer]
    ) -> NDArray[np.bool_] | None:
        """Return bool[n], units of a side that the ramp has reached; None without a ramp."""
        if not self.config.ramp:
            return None
        config = self.config
        purpose = f"experiment.arm.{config.layer}.{config.salt}.{side}"
        return np.asarray(uniform(self.spec.seed, purpose, ids) < self.share_on(day))

    def ramped_readers(self, day: int, reader_idx: NDArray[np.int32]) -> NDArray[np.bool_] | None:
        """Return whom the ramp has reached."""
        return self.reached(day, "reader", reader_idx)

    def ramped_notes(
        self,
        day: NDArray[np.int64],
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
    ) -> NDArray[np.bool_] | None:
        """Return the notes whose authors the ramp had reached."""
        return self.reached(day, "creator", creator_reader_idx)

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
