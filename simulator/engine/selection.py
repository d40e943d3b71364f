"""What goes on from stage to stage, how support changes values, and what each slot asks for."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, RequestBatch
from simulator.contracts.events import SlotKind
from simulator.contracts.random import uniform
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import SupportTable
from simulator.engine.selection_kernels import (
    mark_insertable,
    mark_picks,
    support_values,
    truncate_rows,
)

_NONE = np.empty((0, 0), np.uint8)
_PICKS_PER_SLOT = 2


def truncate(
    values: NDArray[np.float32],
    candidates: Candidates,
    keep: int,
    new_start: int = 0,
    new_keep: int = -1,
    reserved: NDArray[np.uint8] | None = None,
    n_reserved: int = 0,
    sure: NDArray[np.uint8] | None = None,
) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Keep the best candidates of each row; ties go to the older note, never to a place.

    Args:
        values: float32[B, K], K below 32,768.
        candidates: the rows that `values` belong to.
        keep: most candidates kept in a row.
        new_start: first note row that counts as new.
        new_keep: -1 for free competition; otherwise new and old notes have queues of their own:
            the best `new_keep` new ones and the best `keep - new_keep` old ones are kept.
        reserved: uint8[B, K], 1 where a candidate may use a reserved place. Not read when the
            queues are separate.
        n_reserved: the best so many reserved candidates are kept whatever their value.
        sure: uint8[B, K], above 0 for candidates that are kept whatever their value and queue, at
            the cost of the places of others.

    Returns:
        columns int16[B, keep], best first, -1 where empty; and int32[B], how many are kept.
    """
    columns = np.empty((values.shape[0], keep), np.int16)
    n_kept = np.empty(values.shape[0], np.int32)
    truncate_rows(
        values,
        candidates.note_idx,
        candidates.n,
        int(new_start),
        int(new_keep),
        _NONE if reserved is None else reserved,
        0 if reserved is None else int(n_reserved),
        _NONE if sure is None else sure,
        columns,
        n_kept,
    )
    return columns, n_kept


def apply_support(
    values: NDArray[np.float32],
    candidates: Candidates,
    supported: NDArray[np.uint8],
    table: SupportTable,
    stage: Literal["pre_rank", "rank"],
) -> NDArray[np.float32]:
    """Return values after support; the array itself when no note is supported.

    At pre-rank the value is multiplied by the coefficients of the policies that still have
    `remaining` for the note; at rank their prices are added as well.

    Args:
        values: float32[B, K].
        candidates: the rows that `values` belong to.
        supported: uint8[B, K], bits of the policies that may act on a pair.
        table: support by note; not changed.
        stage: which coefficients to use.
    """
    coefficient = table.rank if stage == "rank" else table.pre_rank
    if not coefficient.size:
        return values
    out = np.empty_like(values)
    support_values(
        values,
        candidates.note_idx,
        candidates.n,
        supported,
        table.row,
        coefficient,
        table.price if stage == "rank" else table.price[:0],
        table.remaining,
        out,
    )
    return out


def insertable(
    candidates: Candidates, supported: NDArray[np.uint8], table: SupportTable
) -> NDArray[np.uint8]:
    """Return uint8[B, K], 1 where a candidate may fill an insertion slot."""
    out = np.empty(candidates.note_idx.shape, np.uint8)
    mark_insertable(
        candidates.note_idx,
        candidates.n,
        supported,
        table.row,
        table.remaining,
        table.insert,
        out,
    )
    return out


def picks(
    found: NDArray[np.int32],
    places: slice,
    alone: np.uint32,
    slot_kind: NDArray[np.uint8],
    candidates: Candidates,
) -> NDArray[np.uint8]:
    """Choose what may fill exploration slots: the first unseen finds of one channel.

    For each exploration slot there are two picks, so that rules have a choice. What only this
    channel found and is no pick is dropped from the candidates.

    Args:
        found: int32[B, J], results of all channels side by side.
        places: places of the channel that picks.
        alone: bits of channels whose finds are no candidates on their own account.
        slot_kind: uint8[B, S] by `SlotKind`.
        candidates: merged candidates of J places; changed in place.

    Returns:
        uint8[B, J], place from 1 in the order of picks, 0 for what is no pick.
    """
    out = np.empty(candidates.note_idx.shape, np.uint8)
    mark_picks(
        found,
        int(places.start),
        int(places.stop),
        slot_kind,
        _PICKS_PER_SLOT,
        alone,
        candidates.note_idx,
        candidates.channels,
        candidates.n,
        out,
    )
    return out


def slot_kinds(spec: PlatformSpec, requests: RequestBatch, insert_every: int) -> NDArray[np.uint8]:
    """Return uint8[B, S] by `SlotKind`: what each slot of each slate asks for.

    With separate queues a slate of S slots has ⌊share·S + u⌋ slots for new notes, spread evenly
    from a random start, and the rest for old ones; u and the start are keyed by reader and whole
    second of the request. Otherwise a slot for insertion follows every `insert_every` slots.
    Then `explore_share` of all slots explore instead, each by a draw keyed by reader, session,
    request and slot.

    Args:
        spec: the platform.
        requests: the requests.
        insert_every: organic slots between insertion slots, 0 for none.
    """
    kinds = _queue_kinds(spec, requests, insert_every)
    if spec.explore_share > 0:
        draw = uniform(
            spec.seed, "explore", requests.reader_idx[:, None], requests.session_no[:, None],
            requests.request_no[:, None], np.arange(spec.n_slots)[None, :],
        )  # fmt: skip
        kinds[draw < spec.explore_share] = SlotKind.EXPLORE
    return kinds


def _queue_kinds(
    spec: PlatformSpec, requests: RequestBatch, insert_every: int
) -> NDArray[np.uint8]:
    n_slots = spec.n_slots
    if not spec.separate_queues:
        kinds = np.zeros((requests.n, n_slots), np.uint8)
        if insert_every > 0:
            kinds[:, insert_every :: insert_every + 1] = SlotKind.INSERT
        return kinds
    second = np.floor(requests.t).astype(np.int64)
    draw = uniform(
        spec.seed, "slot", requests.reader_idx[:, None], second[:, None], np.arange(2)[None, :]
    )
    n_new = np.floor(spec.new_share * n_slots + draw[:, :1]).astype(np.int64)
    start = np.floor(draw[:, 1:] * n_slots).astype(np.int64)
    passed = (np.arange(n_slots + 1) * n_new + start) // n_slots
    return np.where(np.diff(passed, axis=1) > 0, SlotKind.NEW, SlotKind.OLD).astype(np.uint8)
