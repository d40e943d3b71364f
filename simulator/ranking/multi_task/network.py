"""The network of every multi-task ranker: shared first layer, experts, gates, towers.

    q = (A·reader vector) ⊙ (B·note embedding)      x = features, embedding, category, profile, q
    h_e = max(0, x·W_e)      g_t = softmax(x·G_t) over the experts of task t
    logit_t = offset_t + x·l_t + Σ_e g_te (h_e·v_t)

The linear part l starts at the linear ranker's prior and the towers v at 0, so an untrained network
ranks as the prior does (a wide and a deep part, Cheng et al., DLRS 2016). A tower is one layer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import generator
from simulator.learning.networks import load_arrays, torch_alone
from simulator.ranking.multi_task.batches import Batch
from simulator.ranking.multi_task.inputs import N_LOGGED, Shape, prior_linear

if TYPE_CHECKING:
    import torch

LINEAR: Final = "linear"
"""Name of the linear part among the parameters."""

_FIRST: Final = ("experts", "gates", LINEAR)


def initial_arrays(shape: Shape, seed: int) -> Arrays:
    """Return the parameters of an untrained network.

    Args:
        shape: sizes.
        seed: replication seed.
    """
    rng = generator(seed, "rank.multi_task.initial")
    n_outputs = shape.n_experts * shape.width
    spread = 1.0 / np.sqrt(shape.n_inputs)
    linear = np.zeros((shape.n_inputs, N_HEADS), np.float32)
    linear[:N_LOGGED] = prior_linear()
    side = _projection(rng, shape)
    gates = np.zeros((shape.n_inputs, shape.n_experts * N_HEADS), np.float32)
    return {
        "experts": rng.uniform(-spread, spread, (shape.n_inputs, n_outputs)).astype(np.float32),
        **({"gates": gates} if shape.is_gated else {}),
        LINEAR: linear,
        "reader_side": side,
        "note_side": side.copy(),
        "tower": np.zeros((shape.width, N_HEADS), np.float32),
        "log_variance": np.zeros(N_HEADS, np.float32),
    }


def build(arrays: Arrays) -> torch.nn.ParameterDict:
    """Return a network with the given parameters."""
    zeros, parameter = torch_alone().zeros, torch_alone().nn.Parameter
    module: torch.nn.ParameterDict = torch_alone().nn.ParameterDict(
        {name: parameter(zeros(a.shape)) for name, a in arrays.items()}
    )
    load_arrays(module, arrays)
    return module


def used_pairs(shape: Shape) -> NDArray[np.bool_]:
    """Return bool[E, N_HEADS], which head reads which expert."""
    used = np.zeros((shape.n_experts, N_HEADS), np.bool_)
    for head, experts in enumerate(shape.experts):
        used[list(experts), head] = True
    return used


def logits(
    network: torch.nn.ParameterDict,
    shape: Shape,
    batch: Batch,
    dropout: torch.Generator | None = None,
) -> torch.Tensor:
    """Return float32[b, N_HEADS], log-odds of the actions and the mean of log(1 + seconds).

    Args:
        network: parameters by `initial_arrays`.
        shape: sizes.
        batch: examples.
        dropout: source of gate dropout while training, None otherwise.
    """
    # One product for all columns, apart from what needs a gradient by its input.
    first = torch_alone().cat([network[name] for name in _FIRST if name in network], dim=1)
    products = (batch.vector @ network["reader_side"]) * (batch.embedding @ network["note_side"])
    n_fixed = batch.inputs.shape[1]
    columns = batch.inputs @ first[:n_fixed] + products @ first[n_fixed:]
    n_outputs = shape.n_experts * shape.width
    hidden = columns[:, :n_outputs].relu().reshape(-1, shape.width)
    read = (hidden @ network["tower"]).view(-1, shape.n_experts, N_HEADS)
    gates = _gates(shape, columns[:, n_outputs:-N_HEADS], dropout)
    total: torch.Tensor = batch.offset + columns[:, -N_HEADS:] + (gates * read).sum(dim=1)
    return total


def _gates(shape: Shape, raw: torch.Tensor, dropout: torch.Generator | None) -> torch.Tensor:
    """Return float32[b, E, N_HEADS], or [E, N_HEADS] where no head has a choice.

    Args:
        shape: sizes.
        raw: float32[b, E * N_HEADS], nothing where no head has a choice.
        dropout: source of dropout, None for none.
    """
    unused: torch.Tensor = torch_alone().from_numpy(~used_pairs(shape))
    if not shape.is_gated:
        return (~unused).float()
    raw = raw.reshape(-1, shape.n_experts, N_HEADS)
    if dropout is not None and shape.gate_dropout > 0.0:
        dropped = torch_alone().rand(raw.shape, generator=dropout) < shape.gate_dropout
        dropped &= ~(dropped | unused).all(dim=1, keepdim=True)
        unused = unused | dropped
    weight: torch.Tensor = raw.masked_fill(unused, -math.inf).softmax(dim=1)
    return weight


def _projection(rng: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
    """Return float32[D, d] with orthogonal columns as far as there is room, of length D^(1/4)."""
    d, n = shape.embedding_dim, shape.n_interactions
    raw = rng.standard_normal((d, n))
    if n <= d:
        raw = np.linalg.qr(raw)[0]
    raw /= np.maximum(np.linalg.norm(raw, axis=0), 1e-12)
    return np.asarray(raw * d**0.25, np.float32)
