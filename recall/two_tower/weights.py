"""All that a two-tower model has learned, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.features import note_width, reader_width
from recall.two_tower.id_table import IdTable
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import generator
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.networks import load_arrays

if TYPE_CHECKING:
    import torch

    from recall.two_tower.config import TwoTowerConfig

T = TypeVar("T", bound=np.generic)

SIDES = ("reader", "note")


@dataclass(slots=True)
class Weights:
    """Two towers and their ID vectors.

    Attributes:
        ids: table of ID vectors by side, `reader` and `note`.
        nets: weights of the layers by torch's names, and of the bias of the pointwise loss.
        moments: sums of squared gradients of the same (Adagrad).
    """

    ids: dict[str, IdTable]
    nets: dict[str, NDArray[np.float32]]
    moments: dict[str, NDArray[np.float32]]

    @classmethod
    def initial(cls, spec: PlatformSpec, config: TwoTowerConfig) -> Weights:
        """Return weights that have learned nothing: uniform as Glorot and Bengio (2010) draw."""
        rng = generator(spec.seed, "two_tower.weights")
        note = note_width(spec, with_content=config.note_content)
        widths = {"reader": reader_width(spec), "note": note}
        nets: dict[str, NDArray[np.float32]] = {"bias": np.zeros(1, np.float32)}
        for side in SIDES:
            sizes = (config.id_dim + widths[side], config.hidden, config.dim)
            for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
                bound = (6 / (fan_in + fan_out)) ** 0.5
                drawn = rng.uniform(-bound, bound, (fan_out, fan_in))
                nets[f"{side}.{2 * layer}.weight"] = drawn.astype(np.float32)
                nets[f"{side}.{2 * layer}.bias"] = np.zeros(fan_out, np.float32)
        ids = {
            side: IdTable.empty(config.id_dim, (spec.seed, f"two_tower.{side}")) for side in SIDES
        }
        moments = {name: np.zeros_like(array) for name, array in nets.items()}
        return cls(ids, nets, moments)

    def copy(self) -> Weights:
        """Return weights that can be changed without changing these."""
        return Weights(
            {side: table.copy() for side, table in self.ids.items()},
            {name: array.copy() for name, array in self.nets.items()},
            {name: array.copy() for name, array in self.moments.items()},
        )

    def move(self, view: PlatformView) -> None:
        """Take in new readers and notes, and drop notes that are no longer distributed."""
        self.ids["reader"].move(0, view.readers.n)
        self.ids["note"].move(view.live_start, view.notes.n)

    def count(self, readers: NDArray[np.int32], notes: NDArray[np.int32]) -> None:
        """Count clicks that a full training has learned from."""
        self.ids["reader"].count(readers)
        self.ids["note"].count(notes)

    def state_arrays(self) -> Arrays:
        """Return everything as arrays, by name."""
        found: Arrays = {}
        for side, table in self.ids.items():
            found.update({f"ids/{side}/{name}": a for name, a in table.state_arrays().items()})
        for name, array in self.nets.items():
            found[f"nets/{name}"] = array.copy()
            found[f"moments/{name}"] = self.moments[name].copy()
        return found

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        for side, table in self.ids.items():
            table.load_state(part(arrays, f"ids/{side}/"))
        self.nets, self.moments = (
            {name: np.array(a, np.float32) for name, a in part(arrays, prefix).items()}
            for prefix in ("nets/", "moments/")
        )


def part(arrays: Mapping[str, NDArray[T]], prefix: str) -> dict[str, NDArray[T]]:
    """Return the arrays whose name starts with a prefix, without it."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def tower(weights: Weights, side: str) -> torch.nn.Sequential:
    """Return one tower as a network: ID vector and features in, vector of any length out."""
    import torch

    own = part(weights.nets, f"{side}.")
    shapes = [own[f"{i}.weight"].shape for i in (0, 2)]
    layers = [torch.nn.Linear(i, o) for o, i in shapes]
    network: torch.nn.Sequential = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    load_arrays(network, {**own})
    return network
