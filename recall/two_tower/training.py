"""Training of the towers: shuffled batches of clicks, Adagrad.

Adagrad (Duchi, Hazan and Singer, 2011) keeps a sum of squared gradients for every number, so that
ID vectors that are rarely met take large steps when they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recall.two_tower import losses
from recall.two_tower.batches import Batches
from recall.two_tower.features import note_features
from recall.two_tower.weights import SIDES, Weights, tower
from simulator.contracts.learning import TrainingReport
from simulator.contracts.random import generator
from simulator.contracts.views import PlatformView
from simulator.learning.fitting import fit_batches
from simulator.learning.networks import torch_alone

if TYPE_CHECKING:
    import torch

    from recall.two_tower.config import TwoTowerConfig

_LEAST_MOMENT = 1e-8
"""Keeps a first gradient that is next to nothing from making a full step."""


def fit(
    weights: Weights,
    batches: Batches,
    view: PlatformView,
    config: TwoTowerConfig,
    number: int,
    *,
    ids_only: bool,
) -> TrainingReport:
    """Learn from clicks; changes the weights when all goes well.

    Args:
        weights: what to go on from; its tables hold every row of the batches.
        batches: clicks and negatives.
        view: the platform, for features of notes.
        config: knobs.
        number: number of this training, for its random draws.
        ids_only: leave the towers and the shared ID vectors as they are.
    """
    torch_alone()
    trainee = _Trainee(weights, batches, config, ids_only=ids_only)
    x = note_features(view, batches.notes, with_content=config.note_content)
    seed = view.spec.seed
    share = 0.0 if ids_only else config.cold.id_dropout
    scorer = _Scorer(trainee, batches, x, config, share, seed, number)
    report = fit_batches(
        trainee.module,
        trainee.optimizer,
        scorer.loss,
        batches.n,
        (seed, "two_tower.order", number),
        batch_size=config.batch_size,
        epochs=1 if ids_only else config.epochs,
    )
    if report.status == "ok":
        trainee.write_back()
    return report


class _Trainee:
    """Parameters of one training; the last place of a table of ID vectors is the shared one."""

    def __init__(
        self, weights: Weights, batches: Batches, config: TwoTowerConfig, *, ids_only: bool
    ) -> None:
        import torch

        self._weights = weights
        self._rows = {"reader": batches.readers, "note": batches.notes}
        self._ids_only = ids_only
        self.ids = {side: self._table(side) for side in SIDES}
        self.towers = {side: tower(weights, side) for side in SIDES}
        self.bias = torch.nn.Parameter(torch.from_numpy(weights.nets["bias"].copy()))
        self._nets = {"bias": self.bias}
        for side, network in self.towers.items():
            self._nets.update({f"{side}.{key}": p for key, p in network.named_parameters()})
        groups: list[dict[str, Any]] = [
            {"params": list(self.ids.values()), "lr": config.id_learning_rate}
        ]
        if ids_only:
            for parameter in self._nets.values():
                parameter.requires_grad = False
        else:
            groups.append({"params": list(self._nets.values()), "lr": config.learning_rate})
        self.module = torch.nn.ParameterList([p for group in groups for p in group["params"]])
        self.optimizer = torch.optim.Adagrad(groups)
        self._restore_moments()

    def write_back(self) -> None:
        """Put what was learned into the weights."""
        for side, parameter in self.ids.items():
            table, at = self._weights.ids[side], self._rows[side] - self._weights.ids[side].first
            learned, moments = parameter.detach().numpy(), self._moments_of(parameter).numpy()
            table.vectors[at], table.moments[at] = learned[:-1], moments[:-1]
            if not self._ids_only:
                table.default[0], table.default[1] = learned[-1], moments[-1]
        if not self._ids_only:
            for name, parameter in self._nets.items():
                self._weights.nets[name] = parameter.detach().numpy().copy()
                self._weights.moments[name] = self._moments_of(parameter).numpy().copy()

    def _table(self, side: str) -> torch.nn.Parameter:
        import torch

        table = self._weights.ids[side]
        start = np.concatenate([table.own(self._rows[side]), table.default[:1]])
        return torch.nn.Parameter(torch.from_numpy(start))

    def _moments_of(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        found: torch.Tensor = self.optimizer.state[parameter]["sum"]
        return found

    def _restore_moments(self) -> None:
        import torch

        for side, parameter in self.ids.items():
            table = self._weights.ids[side]
            moments = table.moments[self._rows[side] - table.first]
            start = np.maximum(np.concatenate([moments, table.default[1:]]), _LEAST_MOMENT)
            self._moments_of(parameter).copy_(torch.from_numpy(start))
        for name, parameter in {} if self._ids_only else self._nets.items():
            start = np.maximum(self._weights.moments[name], _LEAST_MOMENT)
            self._moments_of(parameter).copy_(torch.from_numpy(start))


class _Scorer:
    """Vectors, scores and loss of chosen clicks."""

    def __init__(
        self,
        trainee: _Trainee,
        batches: Batches,
        note_x: NDArray[np.float32],
        config: TwoTowerConfig,
        dropout: float,
        seed: int,
        number: int,
    ) -> None:
        import torch

        self._trainee, self._batches, self._config = trainee, batches, config
        self._x = {"reader": torch.from_numpy(batches.x), "note": torch.from_numpy(note_x)}
        self._dropout = dropout
        self._rng = generator(seed, f"two_tower.dropout.{number}")

    def loss(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Return the weighted mean loss of the clicks of the given numbers, int64[b]."""
        import torch

        config, negatives = self._config, self._config.negatives
        scores = self._scores(chosen)
        if config.loss == "listwise":
            each = losses.listwise(scores, negatives.hard_share)
        elif config.loss == "pairwise":
            margin = config.margin / config.temperature
            each = losses.pairwise(
                scores, config.pairwise, margin, negatives.n, negatives.hard_share
            )
        else:
            bias = self._trainee.bias
            each = losses.pointwise(scores, bias, negatives.n, negatives.hard_share)
        weight = torch.from_numpy(self._batches.weight[chosen])
        return (each * weight).sum() / weight.sum()

    def _scores(self, chosen: NDArray[np.int64]) -> losses.Scores:
        import torch

        batches = self._batches
        note_at = batches.note_at[chosen]
        reader = self._vectors("reader", batches.reader_at[chosen], chosen)
        note = self._vectors("note", note_at, note_at)
        pool, pool_at, pool_log_p = note, note_at, batches.log_p[chosen]
        if batches.easy is not None:
            pool_at = batches.easy.at[chosen].ravel()
            pool, pool_log_p = self._vectors("note", pool_at, pool_at), batches.easy.log_p[chosen]
        hard_at = batches.hard.at[chosen]
        hard = self._vectors("note", hard_at.ravel(), hard_at.ravel())
        scale = 1.0 / self._config.temperature
        return losses.Scores(
            clicked=(reader * note).sum(dim=1) * scale,
            easy=(reader @ pool.T) * scale,
            easy_mask=torch.from_numpy(pool_at[None] != note_at[:, None]),
            hard=(reader[:, None] * hard.reshape(*hard_at.shape, -1)).sum(dim=2) * scale,
            hard_mask=torch.from_numpy(batches.hard.is_there[chosen]),
            log_p=torch.from_numpy(batches.log_p[chosen]),
            log_p_easy=torch.from_numpy(pool_log_p.ravel()),
            log_q_hard=torch.from_numpy(batches.hard.log_p[chosen]),
        )

    def _vectors(
        self, side: str, id_at: NDArray[np.int64], x_at: NDArray[np.int64]
    ) -> torch.Tensor:
        import torch

        table = self._trainee.ids[side]
        if self._dropout:
            is_shared = self._rng.random(id_at.shape) < self._dropout
            id_at = np.where(is_shared, table.shape[0] - 1, id_at)
        columns = [table[torch.from_numpy(id_at)], self._x[side][torch.from_numpy(x_at)]]
        out = self._trainee.towers[side](torch.cat(columns, dim=1))
        return torch.nn.functional.normalize(out, dim=1)
