"""One training: shuffled batches, and a stop when a loss is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.learning import TrainingReport
from simulator.contracts.random import generator
from simulator.learning.networks import is_finite, torch_alone

if TYPE_CHECKING:
    import torch


def fit_batches(
    module: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[NDArray[np.int64]], torch.Tensor],
    n: int,
    key: tuple[int, str, int],
    *,
    batch_size: int,
    epochs: int = 1,
    clip_norm: float = 5.0,
) -> TrainingReport:
    """Minimise a loss over shuffled batches; stop at once when it is not finite.

    Callers train a copy of what serves, and let it serve only when the report says `ok`.

    Args:
        module: the network; changed in place.
        optimizer: its optimizer.
        loss_of: mean loss of the examples of the given numbers, int64[b].
        n: number of examples; the last batch of a pass may be smaller.
        key: (seed, purpose, number of this training) of the order of examples.
        batch_size: examples a step.
        epochs: passes over all examples.
        clip_norm: largest norm of the gradient.

    Returns:
        `ok` with the mean loss of the last pass, `empty` when `n` is 0, or `diverged`.
    """
    if n == 0:
        return TrainingReport(0, status="empty", detail="nothing was logged to learn from")
    torch = torch_alone()
    seed, purpose, number = key
    rng = generator(seed, f"{purpose}.{number}")
    mean = math.nan
    for _ in range(epochs):
        order = rng.permutation(n)
        total = 0.0
        for start in range(0, n, batch_size):
            chosen = order[start : start + batch_size]
            loss = loss_of(chosen)
            value = float(loss.detach())
            if not math.isfinite(value):
                return _diverged(n, f"the loss became {value}")
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(module.parameters(), clip_norm)
            optimizer.step()
            total += value * chosen.size
        mean = total / n
    if not is_finite(module):
        return _diverged(n, "a weight stopped being finite")
    return TrainingReport(n, mean)


def _diverged(n: int, reason: str) -> TrainingReport:
    detail = f"{reason}; training stopped, and the model that served before goes on"
    return TrainingReport(n, status="diverged", detail=detail)
