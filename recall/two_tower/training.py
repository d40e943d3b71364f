"""Training of the towers: compact tables of the rows in use, batches, Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recall.two_tower import losses
from recall.two_tower.examples import Clicks
from recall.two_tower.features import note_features
from recall.two_tower.weights import SIDES, Weights, tower
from simulator.contracts.events import Kind
from simulator.contracts.learning import TrainingReport
from simulator.contracts.random import generator
from simulator.contracts.views import PlatformView
from simulator.learning.fitting import fit_batches
from simulator.learning.networks import torch_alone

if TYPE_CHECKING:
    import torch

    from recall.two_tower.config import TwoTowerConfig
    from recall.two_tower.id_table import IdTable

_EASY_POWER = 0.75


@dataclass(slots=True)
class _Examples:
    """Clicks as places in compact tables; the last place of a table is the shared default."""

    rows: dict[str, NDArray[np.int32]]
    reader_at: NDArray[np.int64]
    note_at: NDArray[np.int64]
    note_id: NDArray[np.int64]
    easy_at: NDArray[np.int64]
    easy_id: NDArray[np.int64]
    hard_at: NDArray[np.int64]
    hard_id: NDArray[np.int64]
    hard_mask: NDArray[np.bool_]


def usable(clicks: Clicks, notes: IdTable) -> Clicks:
    """Return the clicks on notes that are still in the table."""
    kept = clicks.where(clicks.note >= notes.first)
    kept.hard = np.where(kept.hard >= notes.first, kept.hard, -1)
    return kept


def fit(
    weights: Weights,
    clicks: Clicks,
    view: PlatformView,
    config: TwoTowerConfig,
    number: int,
    *,
    ids_only: bool,
) -> TrainingReport:
    """Learn from clicks; changes the weights.

    Args:
        weights: what to go on from; its tables hold every row that the clicks name.
        clicks: at least one.
        view: the platform, for features of notes and their clicks.
        config: knobs.
        number: number of this training, for its random draws.
        ids_only: leave the towers and the shared defaults as they are.
    """
    run = _Run(weights, clicks, view, config, number, ids_only=ids_only)
    report = run.fit()
    if report.status == "ok":
        run.write_back()
    return report


class _Run:
    """One training: tensors of the rows in use, and what happens to them."""

    def __init__(
        self,
        weights: Weights,
        clicks: Clicks,
        view: PlatformView,
        config: TwoTowerConfig,
        number: int,
        *,
        ids_only: bool,
    ) -> None:
        torch_alone()
        import torch

        self._weights, self._config, self._ids_only = weights, config, ids_only
        self._seed, self._number = view.spec.seed, number
        self._clicks = clicks
        self._examples = _compact(weights, clicks, view, config, number)
        self._x = {
            "reader": torch.from_numpy(clicks.x),
            "note": torch.from_numpy(note_features(view, self._examples.rows["note"])),
        }
        self._logs = _log_shares(self._examples, config)
        self._build()

    def fit(self) -> TrainingReport:
        """Minimise the loss over shuffled batches of clicks."""
        config = self._config
        return fit_batches(
            self._module,
            self._optimizer,
            self._loss,
            self._clicks.n,
            (self._seed, "two_tower.order", self._number),
            batch_size=config.batch_size,
            epochs=1 if self._ids_only else config.epochs,
        )

    def write_back(self) -> None:
        """Put what was learned into the weights."""
        for side in SIDES:
            table, rows = self._weights.ids[side], self._examples.rows[side]
            learned = self._ids[side].detach().numpy()
            sums = self._optimizer.state[self._ids[side]]["sum"].numpy()
            table.vectors[rows - table.first] = learned[:-1]
            table.moments[rows - table.first] = sums[:-1]
            if not self._ids_only:
                table.default[0], table.default[1] = learned[-1], sums[-1]
        if not self._ids_only:
            for name, parameter in self._nets.items():
                self._weights.nets[name] = parameter.detach().numpy().copy()
                sums = self._optimizer.state[parameter]["sum"].numpy()
                self._weights.moments[name] = sums.copy()

    def _build(self) -> None:
        import torch

        weights, config = self._weights, self._config
        self._towers = {side: tower(weights, side) for side in SIDES}
        bias = torch.nn.Parameter(torch.from_numpy(weights.nets["bias"].copy()))
        self._nets: dict[str, torch.nn.Parameter] = {"bias": bias}
        self._ids: dict[str, torch.nn.Parameter] = {}
        sums: list[tuple[torch.nn.Parameter, NDArray[np.float32]]] = []
        for side in SIDES:
            for name, parameter in self._towers[side].named_parameters():
                key = f"{side}.{name}"
                parameter.data.copy_(torch.from_numpy(weights.nets[key]))
                self._nets[key] = parameter
            table, rows = weights.ids[side], self._examples.rows[side]
            start = np.concatenate([table.own(rows), table.default[:1]])
            self._ids[side] = torch.nn.Parameter(torch.from_numpy(start))
            moments = table.moments[rows - table.first]
            sums.append((self._ids[side], np.concatenate([moments, table.default[1:]])))
        sums += [(parameter, weights.moments[name]) for name, parameter in self._nets.items()]
        learned = list(self._ids.values())
        groups: list[dict[str, Any]] = [{"params": learned, "lr": config.id_learning_rate}]
        if self._ids_only:
            for parameter in self._nets.values():
                parameter.requires_grad = False
        else:
            learned = learned + list(self._nets.values())
            nets = list(self._nets.values())
            groups.append({"params": nets, "lr": config.learning_rate})
        self._module = torch.nn.ParameterList(learned)
        self._optimizer = torch.optim.Adagrad(groups, initial_accumulator_value=1e-3)
        for parameter, array in sums:
            if parameter in self._optimizer.state:
                state = self._optimizer.state[parameter]
                state["sum"].copy_(torch.from_numpy(np.maximum(array, 1e-3)))
        self._rng = generator(self._seed, f"two_tower.dropout.{self._number}")

    def _loss(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        import torch

        config = self._config
        scores = self._scores(chosen)
        weight = torch.from_numpy(self._clicks.weight[chosen])
        share = config.negatives.hard_share
        if config.loss == "listwise":
            loss = losses.listwise(scores, share)
        elif config.loss == "pairwise":
            margin = config.margin / config.temperature
            loss = losses.pairwise(scores, config.pairwise, margin, config.negatives.n, share)
        else:
            loss = losses.pointwise(scores, self._nets["bias"], config.negatives.n, share)
        return (loss * weight).sum() / weight.sum()

    def _scores(self, chosen: NDArray[np.int64]) -> losses.Scores:
        import torch

        e, log = self._examples, self._logs
        reader = self._vector("reader", self._dropped("reader", e.reader_at[chosen]), chosen)
        note = self._note(e.note_at[chosen])
        in_batch = self._config.negatives.easy == "in_batch"
        pool_id = e.note_id[chosen] if in_batch else e.easy_id[chosen].ravel()
        pool = note if in_batch else self._note(e.easy_at[chosen].ravel())
        pool_log = log["note"][chosen] if in_batch else log["easy"][chosen].ravel()
        hard = self._note(e.hard_at[chosen].ravel()).reshape(*e.hard_at[chosen].shape, -1)
        scale = 1.0 / self._config.temperature
        return losses.Scores(
            clicked=(reader * note).sum(dim=1) * scale,
            easy=(reader @ pool.T) * scale,
            easy_mask=torch.from_numpy(pool_id[None] != e.note_id[chosen][:, None]),
            hard=(reader[:, None] * hard).sum(dim=2) * scale,
            hard_mask=torch.from_numpy(e.hard_mask[chosen]),
            log_p=torch.from_numpy(log["note"][chosen]),
            log_p_easy=torch.from_numpy(pool_log),
            log_q_hard=torch.from_numpy(log["hard"][chosen]),
        )

    def _note(self, at: NDArray[np.int64]) -> torch.Tensor:
        return self._vector("note", self._dropped("note", at), at)

    def _vector(self, side: str, id_at: NDArray[np.int64], x_at: NDArray[np.int64]) -> torch.Tensor:
        import torch

        ids = self._ids[side][torch.from_numpy(id_at)]
        x = self._x[side][torch.from_numpy(x_at)]
        out = self._towers[side](torch.cat([ids, x], dim=1))
        return torch.nn.functional.normalize(out, dim=1)

    def _dropped(self, side: str, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Replace some places by that of the shared default, in full trainings only."""
        share = self._config.cold.id_dropout
        if self._ids_only or not share:
            return at
        default = self._examples.rows[side].shape[0]
        return np.asarray(np.where(self._rng.random(at.shape) < share, default, at), np.int64)


def _compact(
    weights: Weights, clicks: Clicks, view: PlatformView, config: TwoTowerConfig, number: int
) -> _Examples:
    rng = generator(view.spec.seed, f"two_tower.easy.{number}")
    easy = _draw_easy(weights.ids["note"].first, view, (clicks.n, config.negatives.n), rng)
    hard_mask = clicks.hard >= 0
    named = [clicks.note, easy.ravel(), clicks.hard[hard_mask]]
    notes = np.unique(np.concatenate(named)).astype(np.int32)
    readers = np.unique(clicks.reader).astype(np.int32)

    def place(rows: NDArray[np.int32]) -> NDArray[np.int64]:
        return np.searchsorted(notes, rows).astype(np.int64)

    hard = np.where(hard_mask, clicks.hard, notes[0])
    return _Examples(
        rows={"reader": readers, "note": notes},
        reader_at=np.searchsorted(readers, clicks.reader).astype(np.int64),
        note_at=place(clicks.note),
        note_id=clicks.note.astype(np.int64),
        easy_at=place(easy),
        easy_id=easy.astype(np.int64),
        hard_at=place(hard),
        hard_id=hard.astype(np.int64),
        hard_mask=hard_mask,
    )


def _draw_easy(
    first: int, view: PlatformView, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Draw live notes by clicks^0.75; a note without clicks counts as half of one."""
    start = max(first, view.live_start)
    clicks = view.notes.totals[start:, Kind.CLICK].astype(np.float64)
    edges = np.cumsum((clicks + 0.5) ** _EASY_POWER)
    drawn = np.searchsorted(edges, rng.random(shape) * edges[-1], side="right")
    return np.asarray(start + np.minimum(drawn, edges.shape[0] - 1), np.int32)


def _log_shares(e: _Examples, config: TwoTowerConfig) -> dict[str, NDArray[np.float32]]:
    """Return log probabilities with which notes are drawn as negatives of either sort."""
    if config.negatives.easy == "in_batch":
        easy, note = np.zeros(e.easy_at.shape), _log_share(e.note_at, e.note_at)
    else:
        easy, note = _log_share(e.easy_at, e.easy_at), _log_share(e.easy_at, e.note_at)
    hard = _log_share(e.hard_at[e.hard_mask], e.hard_at)
    found = {"note": note, "easy": easy, "hard": hard}
    return {name: array.astype(np.float32) for name, array in found.items()}


def _log_share(drawn: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logarithm of each place's share among those drawn, at least half a draw's."""
    if not drawn.size:
        return np.zeros(at.shape)
    counts = np.bincount(drawn.ravel(), minlength=int(at.max(initial=0)) + 1)
    return np.log(np.maximum(counts[at], 0.5) / drawn.size)
