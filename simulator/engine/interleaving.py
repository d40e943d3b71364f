"""Two rankings of every request, one for each list of policies, merged into one slate."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, RequestBatch, Scored, Slate, Trail
from simulator.contracts.events import Arm, SlotKind
from simulator.contracts.merging import Merging
from simulator.contracts.random import uniform
from simulator.contracts.support import SupportTable
from simulator.contracts.views import PlatformView
from simulator.engine import interleaving_kernels as kernels
from simulator.engine.request import (
    RequestPath,
    Served,
    Settled,
    carried,
    provenance,
    score,
    take,
)
from simulator.engine.selection import apply_support


class _Union(NamedTuple):
    """What either list of policies kept: int16[B, W], int32[B], and where each list's part is."""

    columns: NDArray[np.int16]
    n: NDArray[np.int32]
    places: tuple[NDArray[np.int16], NDArray[np.int16]]


_Kept = tuple[NDArray[np.int16], NDArray[np.int32]]


class InterleavedPath(RequestPath):
    """Serves as its base until a test that merges begins.

    Then each stage keeps what control's policies keep were they those of all notes, and what
    treatment's keep; both slates are assembled, and each note stands where it stands in the
    ranking of its own arm (counterfactual interleaving; Ha-Thuc et al., SIGIR 2020; Wang and Ba,
    arXiv 2310.16294). Below its slate, a list ranks what it kept by value after support.
    Supported placements are counted down in the merged slates; each list's own slates count down
    what they would have placed in the window.
    """

    def serve(
        self, requests: RequestBatch, view: PlatformView, table: SupportTable
    ) -> list[Served]:
        """Return the slates of a batch; see `RequestPath.serve`."""
        self._imagined = tuple(replace(table, remaining=table.remaining.copy()) for _ in Arm)[:2]
        return super().serve(requests, view, table)

    def _settle(
        self, requests: RequestBatch, view: PlatformView, found: Settled, table: SupportTable
    ) -> Served:
        merging = self._arms.merging(view.now)
        if merging is None:
            return super()._settle(requests, view, found, table)
        opening, candidates, explore = found.opening, found.candidates, found.explore
        kinds = found.kinds.copy()
        kinds[kinds == SlotKind.INSERT] = SlotKind.ANY
        with self._costs.timed("pre_rank"):
            light = self._funnel.pre_ranker.score(requests, candidates, view)
            kept = self._passed_pre_rank(requests, view, found, light)
            first = _unite(kept, candidates.note_idx.shape[1])
            ranked = take(candidates, first.columns, first.n)
            explore = carried(explore, first.columns)
        with self._costs.timed("rank"):
            p, value = self._funnel.ranker.predict(requests, ranked, view)
            value = self._rescaled(value, ranked, view)
            parts = [
                self._passed_rank(requests, view, (first.places[m], kept[m][1], m), ranked,
                                  (value, p), explore, opening)
                for m in range(2)
            ]  # fmt: skip
            both = _unite([(at, scored.n) for at, _, scored in parts], ranked.note_idx.shape[1])
            scored = score(take(ranked, both.columns, both.n), both.columns, value, p, None)
        with self._costs.timed("rerank"):
            reranker = self._shocks.reranker(self._funnel.reranker, view.now)
            slates = [
                reranker.assemble(parts[m][2], self._imagined[m], kinds, view) for m in range(2)
            ]
            orders = [_ranking(slates[m], both, parts[m][2].n, m) for m in range(2)]
            scored.supported = self._own_gate(requests, scored, view, opening)
            slate = _merged(requests, scored, orders, view, merging, table)
        with self._costs.timed("provenance"):
            trail = Trail(
                candidates, light, ranked, first.columns, p, value, both.columns, both.n
            )  # fmt: skip
            return provenance(requests, slate, kinds, scored, trail, view)

    def _passed_pre_rank(
        self,
        requests: RequestBatch,
        view: PlatformView,
        found: Settled,
        light: NDArray[np.float32],
    ) -> list[_Kept]:
        ranker, out = self._funnel.pre_ranker, []
        for m in range(2):
            gate = self._gate(requests, found.candidates, view, found.opening, m)
            boosted = apply_support(light, found.candidates, gate, found.opening, stage="pre_rank")
            boosted = ranker.order(light, boosted, found.candidates, view)
            keep = ranker.config.keep
            out.append(
                self._cut(boosted, found.candidates, gate, keep, view, found.opening, found.explore)
            )
        return out

    def _passed_rank(
        self,
        requests: RequestBatch,
        view: PlatformView,
        kept: tuple[NDArray[np.int16], NDArray[np.int32], int],
        ranked: Candidates,
        predicted: tuple[NDArray[np.float32], NDArray[np.float32]],
        explore: NDArray[np.uint8] | None,
        opening: SupportTable,
    ) -> tuple[NDArray[np.int16], NDArray[np.int16], Scored]:
        """Return columns of `ranked` that one list keeps, best first, and its scored notes."""
        places, n, m = kept
        own = take(ranked, places, n)
        rows, at = np.arange(places.shape[0])[:, None], np.maximum(places, 0)
        value, p = predicted[0][rows, at], predicted[1][rows, at]
        gate = self._gate(requests, own, view, opening, m)
        boosted = apply_support(value, own, gate, opening, stage="rank")
        mine = carried(explore, places)
        keep = self._funnel.ranker.config.keep
        top, n_top = self._cut(boosted, own, gate, keep, view, opening, mine)
        scored = score(take(own, top, n_top), top, value, p, gate)
        scored.explore = carried(mine, top)
        columns = np.where(top >= 0, places[rows, np.maximum(top, 0)], np.int16(-1))
        return columns.astype(np.int16), top, scored

    def _own_gate(
        self, requests: RequestBatch, scored: Scored, view: PlatformView, opening: SupportTable
    ) -> NDArray[np.uint8]:
        """Return uint8[B, W], bits of the policies of each note's own arm that may act."""
        notes = Candidates(scored.note_idx, scored.channels, scored.n)
        gates = [self._gate(requests, notes, view, opening, m) for m in range(2)]
        return np.where(_is_treated(scored.note_idx, view), gates[1], gates[0])


def _is_treated(note_idx: NDArray[np.int32], view: PlatformView) -> NDArray[np.bool_]:
    return np.asarray(view.notes.arm[np.maximum(note_idx, 0)] == Arm.TREATMENT)


def _unite(kept: list[_Kept], width: int) -> _Union:
    """Join what both lists kept; the width is what the largest request of the batch needs."""
    (first, n_first), (second, n_second) = kept
    shape = (first.shape[0], first.shape[1] + second.shape[1])
    columns, n = np.empty(shape, np.int16), np.empty(shape[0], np.int32)
    places = (np.empty_like(first), np.empty_like(second))
    kernels.unite(first, n_first, second, n_second, width, columns, n, *places)
    return _Union(columns, n, places)


def _ranking(slate: Slate, both: _Union, n_kept: NDArray[np.int32], m: int) -> NDArray[np.int16]:
    out = np.empty(both.columns.shape, np.int16)
    kernels.ranking(slate.column, both.places[m], n_kept, both.n, out)
    return out


def _merged(
    requests: RequestBatch,
    scored: Scored,
    orders: list[NDArray[np.int16]],
    view: PlatformView,
    merging: Merging,
    table: SupportTable,
) -> Slate:
    """Merge two rankings; ties are drawn by reader, session, request and rank."""
    shape = (requests.n, view.spec.n_slots)
    draw = uniform(
        view.spec.seed, "interleave", requests.reader_idx[:, None], requests.session_no[:, None],
        requests.request_no[:, None], np.arange(scored.note_idx.shape[1])[None, :],
    )  # fmt: skip
    slate = Slate(
        column=np.empty(shape, np.int16),
        note_idx=np.empty(shape, np.int32),
        final=np.empty(shape, np.float32),
        granted_by=np.empty(shape, np.uint8),
    )
    kernels.merge_rankings(
        orders[0], orders[1], scored.n, _is_treated(scored.note_idx, view), merging.p_control,
        merging.rule == "consistent", draw, slate.column,
    )  # fmt: skip
    kernels.settle(
        slate.column, scored.note_idx, scored.organic, scored.supported, table.row, table.rank,
        table.price, table.remaining, slate.note_idx, slate.final, slate.granted_by,
    )  # fmt: skip
    return slate
