"""torch on one thread, and networks and optimizers as plain arrays."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from simulator.contracts.plugins import Arrays

if TYPE_CHECKING:
    import torch


def torch_alone() -> ModuleType:
    """Return torch on one thread with deterministic algorithms.

    Several spinning threads beside another busy process slow small networks down by far more
    than they ever gain.
    """
    import torch  # imported late: it costs a second of every command

    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    return torch


def arrays_of(module: torch.nn.Module) -> Arrays:
    """Return copies of a network's parameters and buffers, by name."""
    return {
        name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()
    }


def load_arrays(module: torch.nn.Module, arrays: Arrays) -> None:
    """Put arrays back into a network of the same shape.

    Raises:
        RuntimeError: a name is missing or unknown, or a shape differs.
    """
    torch = torch_alone()
    module.load_state_dict({name: torch.from_numpy(np.array(a)) for name, a in arrays.items()})


def adam_arrays(optimizer: torch.optim.Optimizer) -> Arrays:
    """Return the moments and step counts of an Adam optimizer, by parameter number."""
    found: Arrays = {}
    for i, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            found[f"{i}.{name}"] = value.detach().cpu().numpy().copy()
    return found


def load_adam(optimizer: torch.optim.Optimizer, arrays: Arrays) -> None:
    """Put back what `adam_arrays` returned."""
    torch = torch_alone()
    state = optimizer.state_dict()
    state["state"] = {}
    for key, array in arrays.items():
        i, _, name = key.partition(".")
        state["state"].setdefault(int(i), {})[name] = torch.from_numpy(np.array(array))
    optimizer.load_state_dict(state)


def is_finite(module: torch.nn.Module) -> bool:
    """Return whether every parameter is finite."""
    return all(bool(parameter.isfinite().all()) for parameter in module.parameters())
