"""How models are trained in simulated time, and what trained models offer to other plug-ins.

A learner logs what was served (`observe`), and has jobs. A job starts at multiples of its period,
learns from what was logged until then (`train`), and its result serves only when its delay has
passed (`publish`): until then the model before it serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.views import PlatformView

TrainingStatus = Literal["ok", "empty", "diverged"]


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One rhythm of training.

    Attributes:
        name: name of the job, unique for its learner: `full`, `incremental`, `fit`.
        period_s: time between two starts, seconds.
        delay_s: time from a start until the result serves, seconds; below `period_s`.
        offset_s: how long after multiples of the period it starts, seconds; below `period_s`.
    """

    name: str
    period_s: int
    delay_s: int = 0
    offset_s: int = 0


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came out of one training.

    Attributes:
        rows: examples learned from.
        loss: mean training loss of the last pass, NaN when nothing was learned.
        status: `ok`; `empty` when there was too little to learn from, `diverged` when a loss or
            weight stopped being finite: in both cases the model that served goes on serving.
        detail: one sentence for people, empty when all is well.
    """

    rows: int
    loss: float = float("nan")
    status: TrainingStatus = "ok"
    detail: str = ""


ColdIds = Literal["own", "default", "borrowed", "random"]
"""How a vector model places notes too young to have an ID vector of their own: `own` uses what
their own row holds, `default` one learned vector shared by all, `borrowed` the mean ID vector of
the most similar notes of high exposure, `random` a keyed random vector (a control)."""


@runtime_checkable
class VectorModel(Protocol):
    """A model that places readers and notes in one space; the inner product is the score."""

    @property
    def version(self) -> int:
        """0 before the first model serves; changes with every published one."""

    @property
    def generation(self) -> int:
        """Changes when every vector does; versions of one generation differ in a few vectors."""

    def note_vectors(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        """Return float32[len(rows), d] unit-length vectors; call only when `version` is not 0."""

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, d] unit-length vectors, each independent of the rest of the batch."""


@runtime_checkable
class NoteScorer(Protocol):
    """A model that predicts from a note's content alone how well it will do."""

    def note_scores(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows)] probabilities; the base rate before the first model serves."""
