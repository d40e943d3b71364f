"""Pre-rank with a linear form cheap enough for hundreds of candidates a request.

The note's part is computed near-line, the pair's part is one dot product and one lookup: the
division of labour of COLD (Wang et al., DLP-KDD 2020) without its network.
"""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from simulator.contracts.batches import Candidates, Interactions, RequestBatch
from simulator.contracts.config import knob
from simulator.contracts.plugins import Arrays, PluginConfig, PreRanker
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.diversity import PreRankDiversityConfig, check_direct, diversified
from simulator.ranking.evidence import UsualEvidence
from simulator.ranking.features import N_NOTE_FEATURES, NOTE_FEATURES
from simulator.ranking.light_kernels import score_light
from simulator.ranking.statistics import NoteStatistics, StatisticsConfig


class LightConfig(PluginConfig):
    """Knobs of the light pre-ranker; weights are in log-odds of a click."""

    type: Literal["light"] = "light"
    keep: int = knob(
        80, "Candidates that go on to rank.", unit="notes a request", ge=1, le=5_000, tunable=True
    )
    affinity_weight: float = knob(
        2.0, "Weight of the cosine between the reader's vector and the note.", ge=-20, le=20
    )
    category_weight: float = knob(
        1.0, "Weight of the reader's share of interest in the note's category.", ge=-20, le=20
    )
    ctr_weight: float = knob(
        0.8,
        "Weight of the note's smoothed click log-odds less the platform's, spread over 24 h (1/4), "
        "7 d (1/4) and life (1/2).",
        ge=-20,
        le=20,
    )
    creator_weight: float = knob(
        0.2, "Weight of the creator's smoothed click log-odds less the platform's.", ge=-20, le=20
    )
    evidence_weight: float = knob(
        0.55,
        "Weight of log(1 + life impressions) less that of the note of an average impression: a "
        "pre-ranker trusts what has proven itself, which is what a new note pays for there.",
        ge=-20,
        le=20,
        tunable=True,
    )
    interaction_weight: float = knob(
        0.2, "Weight of the note's like and collect log-odds a click, half each.", ge=-20, le=20
    )
    diversity: PreRankDiversityConfig = PreRankDiversityConfig()
    statistics: StatisticsConfig = StatisticsConfig()

    @model_validator(mode="after")
    def _room(self) -> Self:
        check_direct(self.diversity, self.keep)
        return self


class Light(PreRanker[LightConfig]):
    """Score = σ(logit(platform click rate) + w·statistics + w_a·cos(reader, note) + w_c·interest).

    The scale is that of a click probability, so a coefficient b on it adds about log b to the
    log-odds. A note without statistics counts as average in quality and lowest in evidence.
    """

    Config = LightConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without statistics."""
        super().setup(spec)
        self._statistics = NoteStatistics(
            self.config.statistics, spec, note_weights(self.config)[None]
        )
        self._evidence = UsualEvidence()

    def nearline(self, interactions: Interactions, view: PlatformView) -> None:
        """Refresh the note's part of the score."""
        self._statistics.nearline(view)
        self._evidence.nearline(view)

    def score(
        self, requests: RequestBatch, candidates: Candidates, view: PlatformView
    ) -> NDArray[np.float32]:
        """Return float32[B, K] in (0, 1), 0 where padded."""
        self._statistics.extend(view)
        rate = float(self._statistics.rates[0])
        out = np.empty(candidates.note_idx.shape, np.float32)
        score_light(
            requests.reader_idx,
            candidates.note_idx,
            candidates.n,
            self._statistics.forms,
            view.notes.category,
            view.notes.embedding,
            view.readers.vector,
            view.readers.category_profile,
            math.log(rate / (1.0 - rate)) - self.config.evidence_weight * self._evidence.value,
            self.config.affinity_weight,
            self.config.category_weight,
            out,
        )
        return out

    def order(
        self,
        scores: NDArray[np.float32],
        supported: NDArray[np.float32],
        candidates: Candidates,
        view: PlatformView,
    ) -> NDArray[np.float32]:
        """Return float32[B, K]; see `simulator.ranking.diversity`."""
        return diversified(self.config.diversity, scores, supported, candidates, view)

    def state_arrays(self) -> Arrays:
        """Return the statistics."""
        return {**self._statistics.state_arrays(), **self._evidence.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back the statistics."""
        self._statistics.load_state(arrays, note_weights(self.config)[None])
        self._evidence.load_state(arrays)


def note_weights(config: LightConfig) -> NDArray[np.float32]:
    """Return float32[N_NOTE_FEATURES], the weights of a note's features."""
    by_name = {
        "ctr_24h": config.ctr_weight / 4,
        "ctr_7d": config.ctr_weight / 4,
        "ctr_30d": config.ctr_weight / 2,
        "impressions": config.evidence_weight,
        "creator_ctr": config.creator_weight,
        "like_rate": config.interaction_weight / 2,
        "collect_rate": config.interaction_weight / 2,
    }
    weights = np.zeros(N_NOTE_FEATURES, np.float32)
    for name, weight in by_name.items():
        weights[NOTE_FEATURES.index(name)] = weight
    return weights
