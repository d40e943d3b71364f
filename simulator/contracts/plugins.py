"""Plug-in kinds: what a channel, model, ranker, reranker, policy, encoder and design must offer.

A plug-in is a class with a `Config` (its knobs; `type` is its name in scenario files) whose
constructor takes that config alone. Before a run the engine calls `setup` once. A plug-in that
keeps state returns it from `state_arrays` and takes it back in `load_state`, as arrays, so that a
run can be checkpointed without pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Config, knob
from simulator.contracts.events import Arm
from simulator.contracts.learning import TrainingJob, TrainingReport

if TYPE_CHECKING:
    from simulator.contracts.batches import (
        Candidates,
        Feedback,
        Interactions,
        RequestBatch,
        Scored,
        Slate,
        Trail,
    )
    from simulator.contracts.content import NoteContent
    from simulator.contracts.groups import Groups
    from simulator.contracts.merging import Merging
    from simulator.contracts.oracle import Oracle
    from simulator.contracts.quotas import QuotaChanges
    from simulator.contracts.spec import PlatformSpec
    from simulator.contracts.support import NoteSupport, SupportTable
    from simulator.contracts.views import PlatformView

Arrays = dict[str, NDArray[np.generic]]


class PluginConfig(Config):
    """Base of every plug-in's configuration; subclasses narrow `type` to one literal."""

    type: str

    def model_names(self) -> Mapping[str, str]:
        """Return the models that the plug-in needs: field of this block -> name of the model."""
        return {}


C = TypeVar("C", bound=PluginConfig)


class Plugin(Generic[C]):
    """Base of every plug-in."""

    kind: ClassVar[str] = ""
    Config: ClassVar[type[PluginConfig]]

    def __init__(self, config: C) -> None:
        self.config = config

    def setup(self, spec: PlatformSpec) -> None:
        """Take the platform's sizes before the run starts."""
        self.spec = spec

    def bind(self, models: Mapping[str, Model[Any]]) -> None:
        """Take the models that the configuration names; called once, after every `setup`."""

    def bind_oracle(self, oracle: Oracle) -> None:
        """Take the truth; the engine offers it only to plug-ins with `oracle` in their type."""

    def facts(self) -> dict[str, float]:
        """Return counts and times that say what the plug-in did, by name; no part of a result.

        Asked once, at the end of a run. A name ends in its unit where there is one: `_s`, `_mb`.
        """
        return {}

    def state_arrays(self) -> Arrays:
        """Return everything that must survive a checkpoint, by name."""
        return {}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""


class Learner(Plugin[C]):
    """Base of plug-ins that learn from what was served; see `simulator.contracts.learning`."""

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """Rhythms of training; none for a plug-in that does not learn."""
        return ()

    def observe(
        self,
        requests: RequestBatch,
        slate: Slate,
        feedback: Feedback,
        trail: Trail,
        view: PlatformView,
    ) -> None:
        """Log served impressions as training data; `view` is still as it was when serving."""

    def train(self, job: TrainingJob, view: PlatformView) -> TrainingReport:
        """Learn from what was observed; what serves does not change yet."""
        raise NotImplementedError

    def publish(self, job: TrainingJob, view: PlatformView) -> None:
        """Let the result of the job's last training serve, where there is one."""

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Refresh features from fresh statistics."""


class ModelConfig(PluginConfig):
    """What every model's configuration has."""

    name: str = knob("", "Name by which other blocks ask for the model; its type when empty.")


class Model(Learner[C]):
    """Learns in simulated time and serves other plug-ins, which ask for it by name.

    What it offers is a protocol of `simulator.contracts.learning`.
    """

    kind: ClassVar[str] = "models"

    @property
    def name(self) -> str:
        """Name by which other plug-ins ask for the model."""
        return getattr(self.config, "name", "") or self.config.type


class RecallConfig(PluginConfig):
    """What every recall channel's configuration has; `k` is declared with the channel's default."""

    k: int
    shadow: bool = knob(
        False,
        "Search and log what was found, but show none of it: a note that shadow channels alone "
        "found is no candidate.",
    )


R = TypeVar("R", bound=RecallConfig)


class RecallChannel(Plugin[R]):
    """Finds candidates for requests. `config.k` is the most it returns a request.

    Class attribute `refresh_period_s` of 0 means that the channel keeps no index of its own.
    """

    kind: ClassVar[str] = "recall"

    @property
    def name(self) -> str:
        """Name in logs and tables; differs from the type when one type is used twice."""
        return self.config.type

    @property
    def label(self) -> str:
        """Name with a mark for a channel whose finds are not shown."""
        return f"shadow.{self.name}" if self.config.shadow else self.name

    @property
    def follows(self) -> tuple[str, ...]:
        """Names of models whose every publication makes the engine call `refresh` at once."""
        return ()

    @property
    def refresh_period_s(self) -> int:
        """How often `refresh` runs, seconds; 0 for never."""
        return 0

    def refresh(self, view: PlatformView) -> None:
        """Rebuild indexes from what the platform knows at `view.now`."""

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Take note of fresh interactions, minutes after they happened."""

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k] note rows, best first, -1 where there are fewer.

        A channel may return notes that the reader has seen or that are too old: merging
        drops those.
        """
        raise NotImplementedError


class PreRanker(Learner[C]):
    """Scores all candidates cheaply; the best `config.keep` go on."""

    kind: ClassVar[str] = "pre_rank"

    def score(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.float32]:
        """Return float32[B, K], larger is better, positive."""
        raise NotImplementedError

    def order(
        self,
        scores: NDArray[np.float32],
        supported: NDArray[np.float32],
        candidates: Candidates,
        view: PlatformView,
    ) -> NDArray[np.float32]:
        """Return float32[B, K], by which the best `config.keep` of each request are chosen.

        What is added to `supported` must not depend on support, so that more support for a note
        never lets it pass less.

        Args:
            scores: float32[B, K], what `score` returned.
            supported: float32[B, K], the scores after support.
            candidates: the rows that they belong to.
            view: the platform.
        """
        return supported


class Ranker(Learner[C]):
    """Predicts what a reader would do; the best `config.keep` go on to rerank."""

    kind: ClassVar[str] = "rank"

    def predict(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return predictions float32[B, K, N_HEADS] and fused value float32[B, K], positive."""
        raise NotImplementedError


class Reranker(Plugin[C]):
    """Assembles slates of `config.n_slots` from ranked notes under rules and diversity."""

    kind: ClassVar[str] = "rerank"

    def assemble(
        self,
        scored: Scored,
        support: SupportTable,
        slot_kind: NDArray[np.uint8],
        view: PlatformView,
    ) -> Slate:
        """Fill slates in request order, counting `support.remaining` down as it goes.

        Args:
            scored: ranked candidates.
            support: support by note; `remaining` is changed in place.
            slot_kind: uint8[B, S] by `SlotKind`.
            view: the platform.

        Returns:
            The slates.
        """
        raise NotImplementedError


class TrafficPolicy(Plugin[C]):
    """Decides how much help each note gets."""

    kind: ClassVar[str] = "policies"

    @property
    def tick_period_s(self) -> int:
        """How often `on_tick` runs, seconds; 0 for never."""
        return 0

    @property
    def insert_every(self) -> int:
        """Put an insertion slot after every so many organic slots; 0 for none."""
        return 0

    def on_tick(self, view: PlatformView) -> None:
        """Update per-note controller state."""

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support for the window that starts at `view.now`; None for no support."""
        raise NotImplementedError

    def quota_changes(self) -> QuotaChanges | None:
        """Return what changed in promises to notes since the last call, and forget it.

        Asked after every `on_tick` and every `support`; None when nothing changed.
        """
        return None

    def gate(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.bool_] | None:
        """Return bool[B, K], False where support must not act on this pair; None for all True."""
        return None


class ContentEncoder(Plugin[C]):
    """Turns a note's content into a title and an embedding of `spec.embedding_dim` numbers."""

    kind: ClassVar[str] = "content"

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings; known before `setup`."""
        raise NotImplementedError

    def encode(self, content: NoteContent) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length embeddings."""
        raise NotImplementedError

    def titles(self, content: NoteContent) -> list[str]:
        """Return n titles made of the notes' keywords."""
        raise NotImplementedError


class ExperimentDesign(Plugin[C]):
    """Assigns readers and notes to arms, and says what follows for a pair of them.

    Arms are numbers by `Arm`. Assignment is a pure function of keyed hashes, so it is the same
    whenever it is asked for. Before the first measured day everybody is served as in control.
    """

    kind: ClassVar[str] = "experiment"
    sides: ClassVar[tuple[str, ...]] = ()
    """Sides that are randomised: `reader`, `note`, or both."""

    pitfalls: ClassVar[tuple[str, ...]] = ()
    """What a reader of its results must know, one sentence each."""

    splits_counters: ClassVar[bool] = False
    """Whether each list of policies counts what its own readers saw alone, for its share."""

    @property
    def treated_share(self) -> float:
        """Share of what is in the experiment that is treated."""
        return 0.5

    @property
    def first_read_day(self) -> int:
        """First measured day that is read: when a ramp has reached everybody whom it will."""
        return 0

    def ramped_readers(self, day: int, reader_idx: NDArray[np.int32]) -> NDArray[np.bool_] | None:
        """Return bool[n], readers whom a ramp has reached; None without a ramp.

        Those of the treated arm whom it has not are served as control; once reached, they stay.

        Args:
            day: measured day.
            reader_idx: the readers.
        """
        return None

    def ramped_notes(
        self,
        day: NDArray[np.int64],
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
    ) -> NDArray[np.bool_] | None:
        """Return bool[n], notes whose unit a ramp had reached when they were published.

        Args:
            day: int64[n], measured days of publication; None is returned without a ramp.
            note_idx, creator_reader_idx, category: see `note_arms`.
        """
        return None

    def fetched(self, k: int) -> int:
        """Return how many finds a channel fetches that usually returns `k`.

        Where it is more than `k`, the channel's first `k` visible finds count: what it would find
        in an index of the notes that the reader is shown.
        """
        return k

    @property
    def learns_apart(self) -> bool:
        """Whether what learns, and the counters it reads, are one for each arm of readers."""
        return False

    @property
    def merging(self) -> Merging | None:
        """How rankings by both lists of policies are merged; None when one ranking serves."""
        return None

    def start(self, view: PlatformView) -> bool:
        """Take the platform as it is when the test begins; called once, before anybody is treated.

        Args:
            view: the platform.

        Returns:
            Whether arms of readers are other than before.
        """
        return False

    def groups(self) -> Groups | None:
        """Return the groups that are randomised whole; None where units are drawn one by one."""
        return None

    def reader_arms(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return uint8[n], arms of readers."""
        return np.full(reader_idx.shape, Arm.OUTSIDE, np.uint8)

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return uint8[n], arms of notes.

        Args:
            note_idx: rows of the notes.
            creator_reader_idx: the readers who wrote them.
            category: their categories.
            is_new: whether they were published after the start of the experiment.
        """
        return np.full(note_idx.shape, Arm.OUTSIDE, np.uint8)

    def visible(self) -> NDArray[np.bool_] | None:
        """Return bool[3, 3], whether a reader's arm (row) is shown notes of an arm (column).

        None when everybody may see everything.
        """
        return None

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Return bool[3, 3], the pairs of arms that the treatment's policies act on.

        Args:
            day: measured day; the policies of control act on all other pairs.
        """
        raise NotImplementedError
