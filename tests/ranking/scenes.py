"""Small scenes for the ranking tests: a platform rich in rules, scored candidates, support."""

import dataclasses

import numpy as np

from simulator.contracts.batches import Feedback, Scored
from simulator.contracts.events import N_HEADS, N_KINDS, Kind
from simulator.contracts.support import UNLIMITED, NoteSupport, SupportTable
from tests.support.platform import freeze, make_candidates, make_view


def rich_view(n_notes=600, n_readers=60, seed=0, promoted=0.25, card=0.35, **changes):
    """A platform in which promoted notes and shopping cards are common."""
    view = make_view(n_notes, n_readers, seed, **changes)
    rng = np.random.default_rng([seed, 23])
    notes = dataclasses.replace(
        view.notes,
        is_promoted=(rng.random(n_notes) < promoted).astype(np.uint8),
        has_card=(rng.random(n_notes) < card).astype(np.uint8),
    )
    return dataclasses.replace(view, notes=freeze(notes))


def make_scored(view, n_requests, k, seed=0, gated=0.1):
    """Candidates with random values, a tenth of the pairs closed to support."""
    candidates = make_candidates(view, n_requests, k, seed)
    rng = np.random.default_rng([seed, 29])
    shape = candidates.note_idx.shape
    return Scored(
        note_idx=candidates.note_idx,
        channels=candidates.channels,
        n=candidates.n,
        organic=rng.lognormal(-2, 0.7, shape).astype(np.float32),
        p=np.zeros((*shape, N_HEADS), np.float32),
        supported=np.where(rng.random(shape) >= gated, 255, 0).astype(np.uint8),
    )


def make_support(view, rng, share=0.4, most_remaining=4):
    """Random support for some live notes: boosts, prices, quotas, insertion."""
    live = np.arange(view.live_start, view.notes.n)
    support = NoteSupport.of(live[rng.random(live.size) < share].astype(np.int32))
    m = support.note_idx.size
    support.rank = np.where(rng.random(m) < 0.6, rng.uniform(0.5, 4, m), 1).astype(np.float32)
    support.pre_rank = support.rank.copy()
    support.price = np.where(rng.random(m) < 0.3, rng.uniform(0, 0.2, m), 0).astype(np.float32)
    support.insert = (rng.random(m) < 0.3).astype(np.uint8)
    quota = rng.integers(0, most_remaining + 1, m)
    support.remaining = np.where(rng.random(m) < 0.7, quota, UNLIMITED).astype(np.int32)
    return support


def make_table(view, seed=0, n_policies=2, insert_every=3):
    """A support table of several random policies."""
    rng = np.random.default_rng([seed, 31])
    table = SupportTable.empty(view.notes.n)
    table.fill([make_support(view, rng) for _ in range(n_policies)], view.notes.n, insert_every)
    return table


def copy_table(table):
    """A deep copy of a support table."""
    arrays = {
        field.name: getattr(table, field.name).copy()
        for field in dataclasses.fields(table)
        if isinstance(getattr(table, field.name), np.ndarray) and field.init
    }
    return dataclasses.replace(table, **arrays)


def slice_scored(scored, rows):
    """Some requests of a scored batch."""
    columns = {f.name: getattr(scored, f.name) for f in dataclasses.fields(scored)}
    return Scored(**{name: c if c is None else c[rows] for name, c in columns.items()})


def make_picks(scored, seed=0, most=4):
    """The same batch with some candidates picked for exploration, in a random order."""
    rng = np.random.default_rng([seed, 43])
    explore = np.zeros(scored.note_idx.shape, np.uint8)
    for b, n in enumerate(scored.n):
        picks = rng.permutation(n)[: rng.integers(0, most + 1)]
        explore[b, picks] = np.arange(1, picks.size + 1)
    return dataclasses.replace(scored, explore=explore)


def make_feedback(slate, seed=0, click=0.3):
    """Random feedback on a slate; empty slots are never examined."""
    rng = np.random.default_rng([seed, 37])
    shape = slate.note_idx.shape
    examined = ((rng.random(shape) < 0.8) & (slate.note_idx >= 0)).astype(np.uint8)
    actions = np.zeros((*shape, N_KINDS), np.float32)
    actions[..., Kind.IMPRESSION] = examined
    actions[..., Kind.CLICK] = examined * (rng.random(shape) < click)
    for kind in (Kind.LIKE, Kind.COLLECT, Kind.COMMENT, Kind.SHARE):
        actions[..., kind] = actions[..., Kind.CLICK] * (rng.random(shape) < 0.2)
    actions[..., Kind.DWELL] = actions[..., Kind.CLICK] * rng.exponential(30, shape)
    view_s = examined.astype(np.float32)
    return freeze(Feedback(examined, actions, view_s, np.full(shape[0], np.nan)))
