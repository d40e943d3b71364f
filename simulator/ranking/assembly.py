"""From scored candidates to slates: hands the columns that rerankers share to their kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Scored, Slate
from simulator.contracts.errors import InvariantError
from simulator.contracts.support import SupportTable
from simulator.contracts.views import PlatformView
from simulator.ranking.content_clusters import ContentClusters
from simulator.ranking.rerank_kernels import assemble_slates
from simulator.ranking.rules import SlateRules

_MOST_POLICIES = 8
_NO_PICKS = np.empty((0, 0), np.uint8)
_NO_CLUSTERS = np.empty(0, np.int32)
_NO_CLUSTERS.flags.writeable = False


class Assembly:
    """Slate assembly by one objective.

    Args:
        objective: `MMR` or `DPP` of `rerank_kernels`.
        theta: weight of value against diversity.
        window: latest notes of the slate that count for diversity.
        rules: rules that come first.
        seed: replication seed, for the content clusters.
    """

    def __init__(
        self, objective: int, theta: float, window: int, rules: SlateRules, seed: int
    ) -> None:
        self._objective, self._theta, self._window = objective, theta, window
        self._rules = rules.as_array()
        clusters = ContentClusters(rules.n_clusters, seed)
        self._clusters = clusters if rules.same_cluster_gap else None

    def run(
        self,
        scored: Scored,
        support: SupportTable,
        slot_kind: NDArray[np.uint8],
        view: PlatformView,
    ) -> Slate:
        """Fill slates in request order; see `Reranker.assemble`.

        Raises:
            InvariantError: more than 8 policies, which `granted_by` has no bits for.
        """
        if support.rank.shape[0] > _MOST_POLICIES:
            raise InvariantError(f"at most {_MOST_POLICIES} policies can grant placements")
        shape = slot_kind.shape
        slate = Slate(
            column=np.empty(shape, np.int16),
            note_idx=np.empty(shape, np.int32),
            final=np.empty(shape, np.float32),
            granted_by=np.empty(shape, np.uint8),
        )
        notes = view.notes
        assemble_slates(
            scored.note_idx,
            scored.n,
            scored.organic,
            scored.supported,
            _NO_PICKS if scored.explore is None else scored.explore,
            slot_kind,
            support.row,
            support.rank,
            support.price,
            support.remaining,
            support.insert,
            notes.is_video,
            notes.is_promoted,
            notes.has_card,
            notes.category,
            _NO_CLUSTERS if self._clusters is None else self._clusters.labels(view),
            notes.embedding,
            int(view.new_start),
            self._objective,
            self._theta,
            self._window,
            self._rules,
            slate.column,
            slate.note_idx,
            slate.final,
            slate.granted_by,
        )
        return slate
