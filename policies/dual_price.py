"""Dual prices: what a quota is behind becomes an additive price on the note's value."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from policies.note_columns import Columns
from policies.promise_policy import PromisePolicy
from policies.promises import PromiseConfig, Rows
from simulator.contracts.config import knob
from simulator.contracts.events import HOUR_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class DualPriceConfig(PromiseConfig):
    """Knobs of the dual prices; prices are in units of the ranker's value."""

    type: Literal["dual_price"] = "dual_price"
    eta: float = knob(
        0.5,
        "Rise of a note's price for each hour of a whole target of lag.",
        ge=0,
        le=100,
        tunable=True,
    )
    max_price: float = knob(0.5, "Highest price of a note.", ge=1e-6, le=1_000, tunable=True)
    start_share: float = knob(
        1.0,
        "Price of a note at birth, as a share of the mean price of notes with open promises.",
        ge=0,
        le=1,
    )
    pre_rank_coefficient: float = knob(
        20.0,
        "Coefficient at pre-rank of a note at the highest price; it rises with the price from 1, "
        "so that the note comes before the ranker at all.",
        ge=1,
        le=1_000,
        tunable=True,
    )
    budget_share: float | None = knob(
        0.2,
        "Share of all impressions that priced notes may take; silent means no limit.",
        ge=0.001,
        le=1,
        tunable=True,
    )
    budget_eta: float = knob(
        0.1,
        "Fall of all prices for each hour in which priced notes take twice the budget.",
        ge=0,
        le=100,
    )


class DualPrice(PromisePolicy[DualPriceConfig]):
    """Value + max(μ - λ, 0), with μ ← [μ + η·(y - x)]₊ for each note and λ for the platform.

    Lagrange multipliers of max Σ value subject to Σ impressions of note j ≥ its quota so far (μ)
    and Σ impressions of priced notes ≤ budget (λ), by dual ascent: each price is an integral
    controller. Added to the value instead of multiplied, a price keeps the order of readers in
    which a note matches best. After shadow bidding for market thickness (Ye et al., Management
    Science 2023), without its exploration bonus.
    """

    Config = DualPriceConfig
    COLUMNS: ClassVar[Columns] = {
        "price": (np.float64, math.nan),
        "shown": (np.float64, 0.0),
    }

    def setup(self, spec: PlatformSpec) -> None:
        """Start without prices."""
        super().setup(spec)
        self._relief = 0.0
        self._usual = 0.0

    def on_tick(self, view: PlatformView) -> None:
        """Move the price of each note, and that of the budget."""
        served = self.promises.clock.observe(view)
        before = self.promises.rows
        self.columns.cover(view.notes.n)
        self._charge(view, before, served)
        rows = self.promises.update(view)
        self._open(view, rows)
        step_h = self.config.tick / HOUR_S
        price = self.columns["price"][rows]
        price = price + self.config.eta * self.promises.pace(view, rows).lag * step_h
        self.columns["price"][rows] = np.clip(price, 0.0, self.config.max_price)
        self._usual = float(self.columns["price"][rows].mean()) if rows.size else 0.0

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the prices of notes with open promises."""
        rows = self.promises.update(view)
        support = self.promises.support(view, rows)
        if support is None:
            return None
        self.columns.cover(view.notes.n)
        self._open(view, rows)
        price = self.prices(rows)
        power = price * (math.log(self.config.pre_rank_coefficient) / self.config.max_price)
        support.price = price.astype(np.float32)
        support.pre_rank = np.exp(power).astype(np.float32)
        return support

    def prices(self, rows: Rows) -> NDArray[np.float64]:
        """Return float64[m], what is added to the value of notes with open promises."""
        return np.maximum(self.columns["price"][rows] - self._relief, 0.0)

    def state_arrays(self) -> Arrays:
        """Return the book, the prices of notes and that of the budget."""
        own = {"multipliers": np.array([self._relief, self._usual])}
        return {**super().state_arrays(), **own}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        super().load_state(arrays)
        self._relief, self._usual = (float(value) for value in arrays["multipliers"].tolist())

    def _open(self, view: PlatformView, rows: Rows) -> None:
        """Give notes that have none a price, and begin to count what they are shown."""
        unpriced = rows[np.isnan(self.columns["price"][rows])]
        if unpriced.size:
            self.columns["price"][unpriced] = self.config.start_share * self._usual
            self.columns["shown"][unpriced] = view.notes.impressions[unpriced]

    def _charge(self, view: PlatformView, rows: Rows, served: float) -> None:
        """Move the budget's price by what priced notes took since the last step."""
        shown = view.notes.impressions[rows].astype(np.float64)
        gained = shown - self.columns["shown"][rows]
        self.columns["shown"][rows] = shown
        share = self.config.budget_share
        if share is None or served <= 0:
            return
        taken = float(gained[self.prices(rows) > 0].sum()) / served
        step = self.config.budget_eta * (taken / share - 1.0) * self.config.tick / HOUR_S
        self._relief = min(max(self._relief + step, 0.0), self.config.max_price)
