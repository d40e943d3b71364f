"""The request path: recall, merge, pre-rank, support, rank, support, rerank. One pass.

All stages read the same frozen view. Requests are cut into chunks that fit the processor's cache;
the chunk size never changes a result: a request's candidates and scores do not depend on its
neighbours, what goes on to the next stage depends on the support that was left when the window
began, and only the slates, one after the other, count down what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, RequestBatch, Scored, Slate, Trail
from simulator.contracts.events import SlotKind
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import SupportTable
from simulator.contracts.views import PlatformView
from simulator.engine import merge_kernels
from simulator.engine.arms import EVERY_POLICY, Arms
from simulator.engine.funnel import Funnel, StageCosts
from simulator.engine.seen import SeenStore
from simulator.engine.selection import apply_support, insertable, picks, slot_kinds, truncate
from simulator.engine.shocks import Shocks
from simulator.engine.slate_kernels import describe_redundancy

CHUNK = 64
"""Requests in a chunk: more do not fit the cache, fewer pay Python's cost per call."""

_RESERVE_FACTOR = 2
"""Places reserved for each insertion slot, so that diversity has a choice."""

_SERIAL_LIMIT = 2**31 - 4 * CHUNK


@dataclass(slots=True)
class Served:
    """One chunk of requests with its slates and what the log needs to know of them.

    Attributes:
        requests: the requests.
        slate: what was shown.
        channels: uint32[B, S], provenance of each placement.
        pre_rank_position: int16[B, S], place in the organic pre-rank order.
        organic_rank: int16[B, S], place in the organic rank order.
        organic: float32[B, S], fused value before support.
        p: float32[B, S, N_HEADS].
        slot_kind: uint8[B, S] by `SlotKind`, what each slot asked for.
        similarity: float32[B, S], mean cosine to the notes above in the slate, 0 for the first.
        category_repeats: uint8[B, S], notes above that are of the same category.
        trail: what the funnel considered.
    """

    requests: RequestBatch
    slate: Slate
    channels: NDArray[np.uint32]
    pre_rank_position: NDArray[np.int16]
    organic_rank: NDArray[np.int16]
    organic: NDArray[np.float32]
    p: NDArray[np.float32]
    slot_kind: NDArray[np.uint8]
    similarity: NDArray[np.float32]
    category_repeats: NDArray[np.uint8]
    trail: Trail


class Settled(NamedTuple):
    """What is settled of a chunk of requests before anything is scored.

    Attributes:
        kinds: uint8[B, S] by `SlotKind`.
        candidates: merged candidates.
        explore: uint8[B, K], picks for exploration slots, None when there are none.
        opening: support by note as the window began.
    """

    kinds: NDArray[np.uint8]
    candidates: Candidates
    explore: NDArray[np.uint8] | None
    opening: SupportTable


class RequestPath:
    """Serves requests with the plug-ins of a funnel.

    Args:
        funnel: the plug-ins, already set up.
        seen: the seen store (read only here).
        costs: profile to add to.
        chunk: requests handled together.
        shocks: what changes at a simulated time.
        pool: label of the channel that picks notes for exploration slots; its finds are
            candidates for those alone. A label that no channel has means none.
        arms: what an experiment changes.
    """

    def __init__(
        self,
        funnel: Funnel,
        seen: SeenStore,
        costs: StageCosts,
        chunk: int = CHUNK,
        shocks: Shocks | None = None,
        pool: str = "",
        arms: Arms | None = None,
    ) -> None:
        self._funnel = funnel
        self._arms = arms or Arms(n_policies=len(funnel.policies))
        self._shocks = shocks or Shocks()
        self._seen = seen
        self._costs = costs
        self._chunk = chunk
        widths = [channel.config.k for channel in funnel.channels]
        stops = np.cumsum(widths, dtype=np.int64).tolist()
        self._width = stops[-1]
        usual = funnel.usual_k or tuple(widths)
        self._places = np.array(
            [(stop - width, width, k) for stop, width, k in zip(stops, widths, usual, strict=True)],
            np.int64,
        )
        self._channels = [
            (channel, slice(stop - width, stop), f"recall.{channel.name}")
            for channel, stop, width in zip(funnel.channels, stops, widths, strict=True)
        ]
        self._bits = np.repeat(
            np.uint32(1) << np.arange(len(widths), dtype=np.uint32), widths
        ).astype(np.uint32)
        shadows = [i for i, channel in enumerate(funnel.channels) if channel.config.shadow]
        self._shadow = np.uint32(sum(1 << i for i in shadows))
        pools = [i for i, channel in enumerate(funnel.channels) if channel.label == pool]
        self._pool = pools[0] if pools else -1
        self._mark = np.full(1_024, -1, np.int32)
        self._place = np.empty(1_024, np.int16)
        self._serial = 0

    def serve(
        self, requests: RequestBatch, view: PlatformView, table: SupportTable
    ) -> list[Served]:
        """Return the slates of a batch, chunk by chunk.

        Args:
            requests: requests in order of time.
            view: the platform as every request of this batch sees it.
            table: support by note; its `remaining` is counted down.
        """
        opening = replace(table, remaining=table.remaining.copy())
        return [
            self._serve_chunk(_rows(requests, start, start + self._chunk), view, table, opening)
            for start in range(0, requests.n, self._chunk)
        ]

    def _serve_chunk(
        self,
        requests: RequestBatch,
        view: PlatformView,
        table: SupportTable,
        opening: SupportTable,
    ) -> Served:
        found = self._recall(requests, view)
        kinds = self._kinds(requests, view, table)
        with self._costs.timed("merge"):
            candidates = self._merge(found, requests, view)
            explore = self._picks(found, kinds, candidates, view.spec)
        return self._settle(requests, view, Settled(kinds, candidates, explore, opening), table)

    def _settle(
        self, requests: RequestBatch, view: PlatformView, found: Settled, table: SupportTable
    ) -> Served:
        """Take candidates through the scoring stages."""
        funnel, timed = self._funnel, self._costs.timed
        kinds, candidates, explore, opening = found
        with timed("pre_rank"):
            light = funnel.pre_ranker.score(requests, candidates, view)
            gate = self._gate(requests, candidates, view, opening)
            boosted = apply_support(light, candidates, gate, opening, stage="pre_rank")
            boosted = funnel.pre_ranker.order(light, boosted, candidates, view)
            keep = funnel.pre_ranker.config.keep
            columns, n = self._cut(boosted, candidates, gate, keep, view, opening, explore)
            ranked, explore = take(candidates, columns, n), carried(explore, columns)
        with timed("rank"):
            p, value = funnel.ranker.predict(requests, ranked, view)
            value = self._rescaled(value, ranked, view)
            gate = self._gate(requests, ranked, view, opening)
            boosted = apply_support(value, ranked, gate, opening, stage="rank")
            keep = funnel.ranker.config.keep
            top, n_top = self._cut(boosted, ranked, gate, keep, view, opening, explore)
            scored = score(take(ranked, top, n_top), top, value, p, gate)
            scored.explore = carried(explore, top)
        with timed("rerank"):
            reranker = self._shocks.reranker(funnel.reranker, view.now)
            slate = reranker.assemble(scored, table, kinds, view)
        with timed("provenance"):
            trail = Trail(candidates, light, ranked, columns, p, value, top, n_top)
            return provenance(requests, slate, kinds, scored, trail, view)

    def _recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        found = np.empty((requests.n, self._width), np.int32)
        idle = self._pool if view.spec.explore_share == 0 else -1
        for i, (channel, places, stage) in enumerate(self._channels):
            with self._costs.timed(stage):
                if i == idle or self._shocks.is_absent(channel, view.now):
                    found[:, places] = -1
                else:
                    found[:, places] = channel.recall(requests, view)
        if self._funnel.usual_k:
            self._arms.trim(requests, found, self._places, view)
        return found

    def _rescaled(
        self, value: NDArray[np.float32], ranked: Candidates, view: PlatformView
    ) -> NDArray[np.float32]:
        new, old = self._shocks.value_factors(view.now)
        if new == old == 1.0:
            return value
        is_new = ranked.note_idx >= view.new_start
        return value * np.where(is_new, np.float32(new), np.float32(old))

    def _merge(
        self, found: NDArray[np.int32], requests: RequestBatch, view: PlatformView
    ) -> Candidates:
        n_notes = view.notes.n
        if self._mark.shape[0] < n_notes or self._serial > _SERIAL_LIMIT:
            self._mark = np.full(2 * n_notes, -1, np.int32)
            self._place = np.empty(2 * n_notes, np.int16)
            self._serial = 0
        out = Candidates(
            note_idx=np.empty(found.shape, np.int32),
            channels=np.empty(found.shape, np.uint32),
            n=np.empty(requests.n, np.int32),
        )
        seen = self._seen
        self._serial = merge_kernels.merge(
            found,
            self._bits,
            requests.reader_idx,
            seen.offset,
            seen.data,
            seen.head,
            seen.fresh_note,
            seen.fresh_prev,
            view.live_start,
            n_notes,
            self._mark,
            self._place,
            self._serial,
            out.note_idx,
            out.channels,
            out.n,
        )
        if self._shadow:
            merge_kernels.drop(self._shadow, out.note_idx, out.channels, out.n)
        self._arms.hide(requests, out, view)
        return out

    def _kinds(
        self, requests: RequestBatch, view: PlatformView, table: SupportTable
    ) -> NDArray[np.uint8]:
        """Return what each slot asks for; insertion only where a policy that inserts may act."""
        kinds = slot_kinds(view.spec, requests, table.insert_every)
        if not table.insert_every:
            return kinds
        inserting = sum(1 << p for p, policy in enumerate(self._funnel.policies)
                        if policy.insert_every)  # fmt: skip
        may = self._arms.inserting(requests, view.now, inserting)
        if may is not None:
            kinds[(kinds == SlotKind.INSERT) & ~may[:, None]] = SlotKind.ANY
        return kinds

    def _picks(
        self,
        found: NDArray[np.int32],
        kinds: NDArray[np.uint8],
        candidates: Candidates,
        spec: PlatformSpec,
    ) -> NDArray[np.uint8] | None:
        if self._pool < 0 or spec.explore_share == 0:
            return None
        alone = self._shadow | np.uint32(1 << self._pool)
        return picks(found, self._channels[self._pool][1], alone, kinds, candidates)

    def _cut(
        self,
        values: NDArray[np.float32],
        candidates: Candidates,
        gate: NDArray[np.uint8],
        keep: int,
        view: PlatformView,
        table: SupportTable,
        sure: NDArray[np.uint8] | None,
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Keep the best; queues share the places, slots for insertion and picks reserve some."""
        spec = view.spec
        if spec.separate_queues:
            new_keep = round(keep * spec.new_share)
            return truncate(values, candidates, keep, view.new_start, new_keep, sure=sure)
        if not table.insert_every:
            return truncate(values, candidates, keep, sure=sure)
        n_reserved = min(keep, _RESERVE_FACTOR * (spec.n_slots // (table.insert_every + 1)))
        reserved = insertable(candidates, gate, table)
        return truncate(
            values, candidates, keep, reserved=reserved, n_reserved=n_reserved, sure=sure
        )

    def _gate(
        self,
        requests: RequestBatch,
        candidates: Candidates,
        view: PlatformView,
        table: SupportTable,
        alone: int | None = None,
    ) -> NDArray[np.uint8]:
        """Return uint8[B, K], bits of the policies that may act; a gate closes its whole list.

        With `alone`, that list (0 control, 1 treatment) acts on every pair.
        """
        if not table.rank.shape[1]:
            return np.full(candidates.note_idx.shape, EVERY_POLICY)
        if alone is None:
            acting = self._arms.acting(requests, candidates, view)
        else:
            acting = np.full(candidates.note_idx.shape, self._arms.bits_of(alone))
        for p, policy in enumerate(self._funnel.policies):
            if self._arms.is_asked(p, view.now):
                mask = policy.gate(requests, candidates, view)
                if mask is not None:
                    acting &= np.where(mask, EVERY_POLICY, ~self._arms.list_of(p))
        return acting


def _rows(requests: RequestBatch, start: int, stop: int) -> RequestBatch:
    if start == 0 and stop >= requests.n:
        return requests
    return requests.where(slice(start, stop))


def take(candidates: Candidates, columns: NDArray[np.int16], n: NDArray[np.int32]) -> Candidates:
    """Return the candidates of some columns, packed to the left."""
    out = Candidates(
        note_idx=np.empty(columns.shape, np.int32),
        channels=np.empty(columns.shape, np.uint32),
        n=n,
    )
    merge_kernels.take(
        columns, n, candidates.note_idx, candidates.channels, out.note_idx, out.channels
    )
    return out


def carried(
    explore: NDArray[np.uint8] | None, columns: NDArray[np.int16]
) -> NDArray[np.uint8] | None:
    """Return the picks of some columns."""
    if explore is None:
        return None
    return explore[np.arange(columns.shape[0])[:, None], np.maximum(columns, 0)]


def score(
    kept: Candidates,
    columns: NDArray[np.int16],
    value: NDArray[np.float32],
    p: NDArray[np.float32],
    supported: NDArray[np.uint8] | None,
) -> Scored:
    """Return kept candidates with their values; without `supported`, no policy acts on any."""
    at = np.maximum(columns, 0)
    rows = np.arange(columns.shape[0])[:, None]
    return Scored(
        note_idx=kept.note_idx,
        channels=kept.channels,
        n=kept.n,
        organic=value[rows, at],
        p=p[rows, at],
        supported=np.zeros(at.shape, np.uint8) if supported is None else supported[rows, at],
    )


def provenance(
    requests: RequestBatch,
    slate: Slate,
    kinds: NDArray[np.uint8],
    scored: Scored,
    trail: Trail,
    view: PlatformView,
) -> Served:
    """Trace every placement back through the stages to its places in the organic orders."""
    shape = slate.column.shape
    rows = np.arange(shape[0])[:, None]
    at = np.maximum(slate.column, 0)
    ranked_at = trail.kept_at[rows, at]
    candidate_at = trail.ranked_at[rows, np.maximum(ranked_at, 0)]
    filled = (slate.column >= 0).sum(axis=1, dtype=np.int32)
    places = []
    for candidates, values, columns in (
        (trail.ranked, trail.value, ranked_at),
        (trail.candidates, trail.pre_rank, candidate_at),
    ):
        out = np.full(shape, -1, np.int16)
        merge_kernels.order_positions(
            values, candidates.note_idx, np.maximum(columns, 0), filled, candidates.n, out
        )
        places.append(out)
    similarity, repeats = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    notes = view.notes
    describe_redundancy(slate.note_idx, notes.embedding, notes.category, similarity, repeats)
    return Served(
        requests=requests,
        slate=slate,
        channels=scored.channels[rows, at],
        pre_rank_position=places[1],
        organic_rank=places[0],
        organic=scored.organic[rows, at],
        p=scored.p[rows, at],
        slot_kind=kinds,
        similarity=similarity,
        category_repeats=repeats,
        trail=trail,
    )
