"""How promising a new note is: content by a model, creator by history, and later what it earned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from policies.creator_history import CreatorHistory, CreatorHistoryConfig
from policies.places import Places
from policies.promises import Rows
from simulator.contracts.events import HOUR_S, Kind
from simulator.contracts.learning import NoteScorer
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

Floats = NDArray[np.float64]

_RECENT: Final = 2_000
_EARNED: Final = [Kind.CLICK, Kind.LIKE, Kind.COLLECT, Kind.COMMENT, Kind.SHARE]


class NoteQuality:
    """Places from 0 to 1 of notes among recent ones, by three measures; refreshed every hour.

    Args:
        config: what counts as a creator's success.
        spec: the platform.
        trusted: impressions from which what a note earned is trusted, and for which the usual
            note counts before.
    """

    def __init__(self, config: CreatorHistoryConfig, spec: PlatformSpec, trusted: float) -> None:
        self.scorer: NoteScorer | None = None
        self._trusted = trusted
        self._history = CreatorHistory(config, spec)
        self._places = {name: Places() for name in ("content", "creator", "both", "earned")}
        self._usual_rate = 0.1
        self._next_t = -math.inf

    def refresh(self, view: PlatformView) -> None:
        """Take the recent notes as the reference, when an hour has passed."""
        if view.now < self._next_t or not view.notes.n:
            return
        self._next_t = view.now + HOUR_S
        self._history.refresh(view)
        first = max(view.notes.n - _RECENT, view.live_start)
        rows = np.arange(first, view.notes.n, dtype=np.int32)
        self._places["content"].refresh(self._scores(view, rows))
        self._places["creator"].refresh(self._history.of(view.notes.creator_idx[rows]))
        self._places["both"].refresh(self.content(view, rows) + self.creator(view, rows))
        live = view.notes.totals[view.live_start :]
        shown = live[live[:, Kind.IMPRESSION] >= self._trusted]
        if shown.size:
            impressions = shown[:, Kind.IMPRESSION].sum(dtype=np.float64)
            self._usual_rate = float(shown[:, _EARNED].sum(dtype=np.float64) / impressions)
            self._places["earned"].refresh(self._earned(shown))

    def content(self, view: PlatformView, rows: Rows) -> Floats:
        """Return float64[m], places by the model of content quality; 0.5 without a model."""
        return self._places["content"].of(self._scores(view, rows))

    def creator(self, view: PlatformView, rows: Rows) -> Floats:
        """Return float64[m], places by the creator's history."""
        return self._places["creator"].of(self._history.of(view.notes.creator_idx[rows]))

    def both(self, view: PlatformView, rows: Rows) -> Floats:
        """Return float64[m], places by the sum of the two places above."""
        return self._places["both"].of(self.content(view, rows) + self.creator(view, rows))

    def earned(self, view: PlatformView, rows: Rows) -> Floats:
        """Return float64[m], places by clicks and interactions; NaN where shown too little."""
        totals = view.notes.totals[rows]
        place = self._places["earned"].of(self._earned(totals))
        return np.where(totals[:, Kind.IMPRESSION] >= self._trusted, place, math.nan)

    def state_arrays(self) -> Arrays:
        """Return references and creators' histories, under `quality/`."""
        mine = {f"quality/{name}": p.reference.copy() for name, p in self._places.items()}
        mine["quality/values"] = np.array([self._usual_rate, self._next_t])
        return {**mine, **self._history.state_arrays()}

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        for name, place in self._places.items():
            place.reference = arrays[f"quality/{name}"].copy()
        self._usual_rate, self._next_t = arrays["quality/values"].tolist()
        self._history.load_state(arrays)

    def _scores(self, view: PlatformView, rows: Rows) -> Floats:
        if self.scorer is None or not rows.size:
            return np.zeros(rows.size)
        return self.scorer.note_scores(view, rows).astype(np.float64)

    def _earned(self, totals: NDArray[np.float32]) -> Floats:
        """Return clicks and interactions an impression, shrunk to the usual note's."""
        earned = totals[:, _EARNED].sum(axis=1, dtype=np.float64)
        shown = totals[:, Kind.IMPRESSION].astype(np.float64)
        weight = self._trusted
        return np.asarray((earned + weight * self._usual_rate) / (shown + weight))
