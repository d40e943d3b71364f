"""The three towers as a torch network, and where their weights start.

With D the width of content embeddings, r and n the vectors of reader and note, x their inputs, s
the statistics of the note and i the interest in its category and the logarithm of that:

    r, a = vector + R(x_reader), A(x_reader)       n = embedding + N(x_note)
    c = relu(S s + I i + a)                        the cross tower; its last row stays linear
    h = relu(P (r∘n) + C c + b)                    the upper net; the last row of P stays linear
    z = H h + b',   z_click += last rows of the cross tower and of P (r∘n)

Both towers start at zero, so r·n begins as the cosine of vector and embedding, the last rows begin
with the weights of the linear pre-ranker, and H begins at zero: an untrained network scores as
that one does, but for evidence, which no weight here may learn away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.plugins import Arrays
from simulator.contracts.random import generator
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.learning.networks import torch_alone
from simulator.ranking.features import N_NOTE_FEATURES
from simulator.ranking.light import LightConfig, note_weights
from simulator.ranking.statistics import DEFAULT_RATES
from simulator.ranking.three_tower.config import SizesConfig
from simulator.ranking.three_tower.examples import HEADS, N_ACTIVITY, reader_width

if TYPE_CHECKING:
    import torch

NOTE_TOWER: Final = ("creators.", "note.")
"""Beginnings of the names of what the note tower consists of."""

_N_FLAGS = 3


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of everything.

    Attributes:
        config: widths of hidden layers.
        embedding_dim: D.
        n_categories: C.
    """

    config: SizesConfig
    embedding_dim: int
    n_categories: int

    @property
    def note_width(self) -> int:
        """Number of a note's inputs, its creator's vector included."""
        return self.embedding_dim + self.n_categories + _N_FLAGS + self.config.creator_dim


def initial(sizes: Sizes, spec: PlatformSpec) -> Arrays:
    """Return weights that have learned nothing, by torch's names."""
    rng = generator(spec.seed, "three_tower.weights")
    config, d, q, u = sizes.config, sizes.embedding_dim, sizes.config.cross, sizes.config.upper

    def drawn(fan_out: int, fan_in: int) -> NDArray[np.float32]:
        return (rng.standard_normal((fan_out, fan_in)) / math.sqrt(fan_in)).astype(np.float32)

    weights: Arrays = {}
    widths = {"reader": (reader_width(spec), config.reader_hidden, d + q + 1),
              "note": (sizes.note_width, config.note_hidden, d)}  # fmt: skip
    for tower, (n_in, n_hidden, n_out) in widths.items():
        weights[f"{tower}.0.weight"] = drawn(n_hidden, n_in)
        weights[f"{tower}.0.bias"] = np.zeros(n_hidden, np.float32)
        weights[f"{tower}.2.weight"] = np.zeros((n_out, n_hidden), np.float32)
        weights[f"{tower}.2.bias"] = np.zeros(n_out, np.float32)
    weights["creators.weight"] = 0.1 * drawn(config.creator_buckets, config.creator_dim)
    weights["statistics.weight"] = drawn(q + 1, N_NOTE_FEATURES)
    weights["pair.weight"] = drawn(q + 1, 2)
    weights["product.weight"] = math.sqrt(d) * drawn(u + 1, d)
    weights["cross.weight"] = drawn(u, q)
    weights["cross.bias"] = np.zeros(u, np.float32)
    weights["heads.weight"] = np.zeros((len(HEADS), u), np.float32)
    rates = DEFAULT_RATES[: len(HEADS)]
    weights["heads.bias"] = np.log(rates / (1.0 - rates)).astype(np.float32)
    prior = LightConfig(evidence_weight=0.0)
    weights["statistics.weight"][q] = note_weights(prior)
    weights["pair.weight"][q] = prior.category_weight, 0.0
    weights["product.weight"][u] = prior.affinity_weight
    return weights


def network(sizes: Sizes) -> torch.nn.ModuleDict:
    """Return the network; its weights are any."""
    torch_alone()
    import torch

    nn, config = torch.nn, sizes.config
    d, q, u = sizes.embedding_dim, config.cross, config.upper
    reader_in = d + sizes.n_categories + N_ACTIVITY
    towers = {
        "reader": (reader_in, config.reader_hidden, d + q + 1),
        "note": (sizes.note_width, config.note_hidden, d),
    }
    parts = {
        name: nn.Sequential(nn.Linear(i, h), nn.ReLU(), nn.Linear(h, o))
        for name, (i, h, o) in towers.items()
    }
    net: torch.nn.ModuleDict = nn.ModuleDict({
        **parts,
        "creators": nn.Embedding(config.creator_buckets, config.creator_dim),
        "statistics": nn.Linear(N_NOTE_FEATURES, q + 1, bias=False),
        "pair": nn.Linear(2, q + 1, bias=False),
        "product": nn.Linear(d, u + 1, bias=False),
        "cross": nn.Linear(q, u),
        "heads": nn.Linear(u, len(HEADS)),
    })  # fmt: skip
    return net


@dataclass(slots=True)
class Batch:
    """What the network reads for b requests with m notes among them, as tensors.

    Attributes:
        reader: float32[b, D + C + 3].
        request: int64[m], the request of each note.
        note: float32[m, D + C + 3], see `note_inputs`.
        creator: int64[m], buckets.
        category: int64[m].
        statistics: float32[m, F].
    """

    reader: torch.Tensor
    request: torch.Tensor
    note: torch.Tensor
    creator: torch.Tensor
    category: torch.Tensor
    statistics: torch.Tensor


def logits(net: torch.nn.ModuleDict, sizes: Sizes, batch: Batch) -> torch.Tensor:
    """Return float32[m, H], log-odds of all heads before what evidence takes off."""
    torch_alone()
    import torch

    d, q, u = sizes.embedding_dim, sizes.config.cross, sizes.config.upper
    scale = 1.0 / math.sqrt(d)
    from_reader = net["reader"](batch.reader)
    r = scale * batch.reader[:, :d] + from_reader[:, :d]
    inputs = torch.cat([batch.note, net["creators"](batch.creator)], dim=1)
    n = scale * batch.note[:, :d] + net["note"](inputs)
    log_interest = batch.reader[batch.request, d + batch.category]
    interest = (torch.exp(log_interest) - 0.1) / sizes.n_categories
    cross = net["statistics"](batch.statistics) + from_reader[:, d:][batch.request]
    cross = cross + net["pair"](torch.stack([interest, log_interest], dim=1))
    product = net["product"](r[batch.request] * n)
    hidden = torch.relu(product[:, :u] + net["cross"](torch.relu(cross[:, :q])))
    z = net["heads"](hidden)
    click = z[:, :1] + cross[:, q:] + product[:, u:]
    found: torch.Tensor = torch.cat([click, z[:, 1:]], dim=1)
    return found


def note_inputs(
    view: PlatformView, rows: NDArray[np.int32], n_buckets: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the static features of notes, and the buckets of their creators.

    Args:
        view: the platform.
        rows: int32[n].
        n_buckets: number of buckets.

    Returns:
        float32[n, D + C + 3]: √D·embedding, category (one column each), video, promoted, card;
        and int64[n].
    """
    notes, d, c = view.notes, view.spec.embedding_dim, view.spec.n_categories
    out = np.zeros((rows.shape[0], d + c + _N_FLAGS), np.float32)
    out[:, :d] = np.float32(math.sqrt(d)) * notes.embedding[rows]
    out[np.arange(rows.shape[0]), d + notes.category[rows]] = 1.0
    for i, flag in enumerate((notes.is_video, notes.is_promoted, notes.has_card)):
        out[:, d + c + i] = flag[rows]
    return out, notes.creator_idx[rows].astype(np.int64) % n_buckets
