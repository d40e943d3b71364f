"""Training of the towers on logged requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.learning import TrainingReport
from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView
from simulator.learning.fitting import fit_batches
from simulator.learning.networks import arrays_of, load_arrays, torch_alone
from simulator.ranking.three_tower.config import LearningConfig
from simulator.ranking.three_tower.examples import Examples
from simulator.ranking.three_tower.log_kernels import PASSED, REJECTED, SHOWN
from simulator.ranking.three_tower.network import (
    NOTE_TOWER,
    Batch,
    Sizes,
    logits,
    network,
    note_inputs,
)

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class _Targets:
    """Labels and their weights, float32[n, E, H]."""

    label: NDArray[np.float32]
    weight: NDArray[np.float32]


def fit(
    start: Arrays,
    examples: Examples,
    sizes: Sizes,
    config: LearningConfig,
    view: PlatformView,
    number: int,
    *,
    keep_notes: bool,
) -> tuple[Arrays, TrainingReport]:
    """Learn from logged requests.

    Args:
        start: weights to go on from; not changed.
        examples: at least one request.
        sizes: widths of the network.
        config: how to learn.
        view: the platform, for the static features of notes.
        number: number of this training, for its random draws.
        keep_notes: leave the note tower as it is, and go through the examples once.

    Returns:
        The weights, and what came out; weights are usable when the report says `ok`.
    """
    torch_alone()
    import torch

    net = network(sizes)
    load_arrays(net, start)
    if keep_notes:
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(not name.startswith(NOTE_TOWER))
    learned = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learned, lr=config.learning_rate, fused=True)
    batches = _Batches(examples, sizes, config, view)
    report = fit_batches(
        net,
        optimizer,
        lambda chosen: batches.loss(net, chosen),
        examples.n,
        (view.spec.seed, "three_tower.order", number),
        batch_size=config.batch_size,
        epochs=1 if keep_notes else config.epochs,
    )
    return arrays_of(net), report


def targets(examples: Examples, distillation: float, rejected_weight: float) -> _Targets:
    """Return what each head should say, and how much it counts.

    A shown note has the reader's action as label with weight 1, and the ranker's prediction with
    weight `distillation`; one label with both weights is the same to cross-entropy. A note that
    passed and was not shown has the prediction alone, a rejected note has 0 for a click. Heads
    after the click count in proportion to the click: to whether it happened, and to its prediction.

    Args:
        examples: logged requests.
        distillation: weight of predictions.
        rejected_weight: weight of rejected notes.
    """
    kind = examples.kind[:, :, None]
    taught = np.nan_to_num(examples.taught)
    is_taught = ~np.isnan(examples.taught[..., :1])
    soft = distillation * (is_taught & ((kind == SHOWN) | (kind == PASSED)))
    hard = (kind == SHOWN).astype(np.float32)
    soft, hard = (np.repeat(w, taught.shape[2], axis=2).astype(np.float32) for w in (soft, hard))
    soft[..., 1:] *= taught[..., :1]
    hard[..., 1:] *= examples.labels[..., :1]
    hard[..., 0] += rejected_weight * (examples.kind == REJECTED)
    weight = soft + hard
    label = (soft * taught + hard * examples.labels) / np.maximum(weight, 1e-12)
    return _Targets(label.astype(np.float32), weight.astype(np.float32))


class _Batches:
    """Tensors and loss of any requests of a training."""

    def __init__(
        self, examples: Examples, sizes: Sizes, config: LearningConfig, view: PlatformView
    ) -> None:
        self._examples, self._sizes = examples, sizes
        self._targets = targets(examples, config.distillation, config.rejected_weight)
        rows, at = np.unique(np.maximum(examples.note, 0), return_inverse=True)
        self._at = at.reshape(examples.note.shape)
        self._inputs, self._creator = note_inputs(view, rows, sizes.config.creator_buckets)
        self._category = view.notes.category[rows].astype(np.int64)

    def loss(self, net: torch.nn.ModuleDict, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean cross-entropy of an impression, all heads together."""
        torch_alone()
        import torch

        request, place = np.nonzero(self._examples.kind[chosen])
        here = (chosen[request], place)
        z = logits(net, self._sizes, self._tensors(chosen, request, here))
        label, weight = (
            torch.from_numpy(a[here]) for a in (self._targets.label, self._targets.weight)
        )
        losses = torch.nn.functional.binary_cross_entropy_with_logits(z, label, reduction="none")
        mean: torch.Tensor = (losses * weight).sum() / weight[:, 0].sum().clamp(min=1e-12)
        return mean

    def _tensors(
        self,
        chosen: NDArray[np.int64],
        request: NDArray[np.int64],
        here: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> Batch:
        torch_alone()
        import torch

        at = self._at[here]
        return Batch(
            reader=torch.from_numpy(self._examples.reader[chosen]),
            request=torch.from_numpy(request),
            note=torch.from_numpy(self._inputs[at]),
            creator=torch.from_numpy(self._creator[at]),
            category=torch.from_numpy(self._category[at]),
            statistics=torch.from_numpy(self._examples.statistics[here]),
        )
