"""Oracle quota: the quota of a policy that knows the truth; an upper bound, no platform's."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.note_columns import Columns
from policies.pairs import promised_pairs
from policies.promises import Rows
from simulator.contracts.batches import Candidates, RequestBatch
from simulator.contracts.config import knob
from simulator.contracts.oracle import Oracle
from simulator.contracts.random import uniform
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

Floats = NDArray[np.float64]

_PURPOSE: Final = "policy.oracle_quota"
_SHARES: Final = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.97])
_BARS: Final = tuple(f"bar_{i}" for i in range(_SHARES.size))


class OracleQuotaConfig(DynamicBoostConfig):
    """Knobs of the oracle."""

    type: Literal["oracle_quota"] = "oracle_quota"
    strict: float = knob(
        0.9,
        "Share of readers, those who would click least, that a note on schedule is kept from.",
        ge=0,
        le=0.97,
        tunable=True,
    )
    relax: float = knob(
        1.5, "How much of that share is given up for a whole target of lag.", ge=0, le=100,
        tunable=True,
    )  # fmt: skip
    quality_power: float = knob(
        0.5,
        "Coefficients are multiplied by a note's true click rate over the usual one, to this "
        "power.",
        ge=0,
        le=5,
    )
    sample: int = knob(
        200, "Readers whose true clicks say what a note is worth.", unit="readers", ge=10, le=5_000
    )


class OracleQuota(DynamicBoostPolicy[OracleQuotaConfig]):
    """Help a note only with readers who truly like it, and good notes more than poor ones.

    The bar of a note is a quantile of its true click probabilities over a sample of readers; it
    falls while the note is behind schedule. No platform knows these numbers: the policy bounds
    what better predictions could bring. Without the truth it is a plain quota.
    """

    Config = OracleQuotaConfig
    COLUMNS: ClassVar[Columns] = {
        "worth": (np.float64, math.nan),
        **dict.fromkeys(_BARS, (np.float64, 0.0)),
    }

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises."""
        super().setup(spec)
        self._truth: Oracle | None = None
        self._usual = math.nan

    def bind_oracle(self, oracle: Oracle) -> None:
        """Take the truth."""
        self._truth = oracle

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises, by their true worth."""
        support = super().support(view)
        self._look(view)
        if support is None or math.isnan(self._usual):
            return support
        worth = (self.columns["worth"][support.note_idx] / self._usual) ** self.config.quality_power
        coefficient = np.clip(support.rank * worth, 1.0, self.config.max_coefficient)
        support.rank = coefficient.astype(np.float32)
        support.pre_rank = np.power(support.rank, np.float32(self.config.pre_rank_power))
        return support

    def gate(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.bool_] | None:
        """Return where support may act: pairs above the bars of their notes."""
        pairs = promised_pairs(self.promises, requests, candidates)
        if pairs is None or self._truth is None:
            return None
        notes, at = np.unique(pairs.note_idx, return_inverse=True)
        bar = self._bars(view, notes)[at]
        p = self._truth.oracle_click_probability(pairs.reader_idx, pairs.note_idx)
        allowed = np.ones(candidates.note_idx.shape, np.bool_)
        allowed[pairs.row, pairs.column] = p >= bar
        return allowed

    def state_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return promises, bars and the usual click rate."""
        return {**super().state_arrays(), "usual": np.array([self._usual])}

    def load_state(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take back what `state_arrays` returned."""
        super().load_state(arrays)
        self._usual = float(arrays["usual"].astype(np.float64)[0])

    def _look(self, view: PlatformView) -> None:
        """Ask for the truth about notes with promises that are not known yet."""
        self.columns.cover(view.notes.n)
        rows = self.promises.rows
        unknown = rows[np.isnan(self.columns["worth"][rows])]
        if self._truth is None or not unknown.size or not view.readers.n:
            return
        n = self.config.sample
        draw = uniform(view.spec.seed, _PURPOSE, np.arange(n))
        readers = np.sort((draw * view.readers.n).astype(np.int32))
        p = self._truth.oracle_click_probability(
            np.tile(readers, unknown.size), np.repeat(unknown, n)
        ).reshape(unknown.size, n)
        self.columns["worth"][unknown] = p.mean(axis=1)
        for name, share in zip(_BARS, _SHARES, strict=True):
            self.columns[name][unknown] = np.quantile(p, share, axis=1) if share else 0.0
        mean = float(p.mean())
        self._usual = mean if math.isnan(self._usual) else 0.98 * self._usual + 0.02 * mean

    def _bars(self, view: PlatformView, notes: Rows) -> Floats:
        """Return float64[m], true click probability that a reader of each note must have."""
        lag = self.promises.pace(view, notes).lag
        share = np.clip(self.config.strict - self.config.relax * np.maximum(lag, 0.0), 0.0, 1.0)
        known = np.stack([self.columns[name][notes] for name in _BARS])
        below = np.clip(np.searchsorted(_SHARES, share, side="right") - 1, 0, _SHARES.size - 2)
        low, high = _SHARES[below], _SHARES[below + 1]
        weight = np.clip((share - low) / (high - low), 0.0, 1.0)
        at = np.arange(notes.size)
        return np.asarray((1.0 - weight) * known[below, at] + weight * known[below + 1, at])
