"""Worlds for tests, and a plain driver that lets their readers live for a day.

The driver stands in for a recommender: each slate is the best of some random notes of the reader's
favourite categories by true click probability; with few to choose from it is a poor one.
"""

from dataclasses import dataclass, field

import numpy as np

from simulator.content.synthetic import SyntheticConfig, SyntheticEncoder
from simulator.contracts.batches import RequestBatch
from simulator.contracts.events import DAY_S, N_KINDS
from simulator.contracts.spec import PlatformSpec
from simulator.world import World, WorldConfig
from simulator.world.latent import draw_tastes

START_DAY = -2


def make_config(n_readers=2_000, **blocks):
    """Return a config; `blocks` are mappings of knobs by block."""
    readers = {"n": n_readers, **blocks.pop("readers", {})}
    return WorldConfig(readers=readers, **blocks)


def make_world(n_readers=2_000, seed=0, *, backlog=True, start_day=START_DAY, **blocks):
    config = make_config(n_readers, **blocks)
    encoder = SyntheticEncoder(SyntheticConfig())
    encoder.setup(
        PlatformSpec(
            seed=seed,
            n_categories=config.n_categories,
            n_keywords=config.n_keywords,
            keywords_per_note=config.keywords_per_note,
            embedding_dim=encoder.embedding_dim,
        )
    )
    world = World.create(config, seed, encoder, start_day)
    if backlog:
        world.backlog()
    return world


def favourites_of(world, reader_idx):
    """Return int16[n, 4], favourite categories, -1 where fewer."""
    ids = np.asarray(reader_idx, np.int64)
    return draw_tastes(world._geometry, world.config, world._seed, ids).favourites


def make_requests(t, reader_idx, session_no=0, request_no=0):
    """Return a batch; scalars are repeated."""
    reader_idx = np.asarray(reader_idx, np.int32)
    n = reader_idx.size
    return RequestBatch(
        t=np.broadcast_to(np.asarray(t, np.float64), n).copy(),
        reader_idx=reader_idx,
        request_id=np.arange(n, dtype=np.int64),
        session_no=np.broadcast_to(np.asarray(session_no, np.int32), n).copy(),
        request_no=np.broadcast_to(np.asarray(request_no, np.int32), n).copy(),
        reader_arm=np.zeros(n, np.uint8),
    )


class Shelf:
    """The notes of each category and the favourites of each reader, as they are now."""

    def __init__(self, world):
        self.world = world
        self.favourites = favourites_of(world, np.arange(world.readers.n))
        category = world.notes.category[: world.notes.n]
        self.order = np.argsort(category, kind="stable")
        edges = np.arange(world.config.n_categories + 1)
        self.first = np.searchsorted(category[self.order], edges)

    def slates(self, reader_idx, rng, n_slots=10, best_of=22):
        """Return int32[B, S] slates of notes of the readers' favourite categories."""
        favourites = self.favourites[reader_idx]
        shape = (favourites.shape[0], best_of)
        n_favourites = (favourites >= 0).sum(axis=1, keepdims=True)
        place = (rng.random(shape) * n_favourites).astype(int)
        wanted = np.take_along_axis(favourites, place, axis=1)
        size = self.first[wanted + 1] - self.first[wanted]
        place = self.first[wanted] + (rng.random(shape) * size).astype(int)
        picked = self.order[np.minimum(place, self.order.size - 1)]
        readers = np.repeat(reader_idx, best_of)
        p = self.world.oracle_click_probability(readers, picked.ravel())
        best = np.argsort(-p.reshape(shape), axis=1)[:, :n_slots]
        return np.take_along_axis(picked, best, axis=1).astype(np.int32)


def slates_for(world, reader_idx, rng, best_of=22):
    """Return int32[B, 10] slates; see `Shelf`."""
    return Shelf(world).slates(np.asarray(reader_idx), rng, best_of=best_of)


@dataclass
class Day:
    """What happened on a driven day, one entry a request or an impression."""

    t: list = field(default_factory=list)
    n_seen: list = field(default_factory=list)
    reader_idx: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    view_s: float = 0.0
    session_requests: list = field(default_factory=list)

    def close(self):
        for name in ("t", "n_seen", "reader_idx", "notes", "actions", "session_requests"):
            parts = getattr(self, name)
            setattr(self, name, np.concatenate(parts) if parts else np.empty(0))
        return self

    @property
    def totals(self):
        return self.actions.sum(axis=0, dtype=np.float64)

    @property
    def dau(self):
        return np.unique(self.reader_idx).size


def live_day(world, day, rng, best_of=22, window_s=1_200.0):
    """Publish and serve one day and return what happened; the day is not ended."""
    plan = world.plan_sessions(day)
    world.write_notes(world.plan_publishes(day))
    queue = np.column_stack((plan.t, plan.reader_idx, plan.session_no, np.zeros(plan.n)))
    log, shelf = Day(), Shelf(world)
    while queue.size:
        queue = queue[np.argsort(queue[:, 0], kind="stable")]
        due = queue[queue[:, 0] < queue[0, 0] + window_s]
        _, first = np.unique(due[:, 1], return_index=True)
        first = np.sort(first)
        rest = np.delete(queue, first, axis=0)
        now = due[first]
        batch = make_requests(now[:, 0], now[:, 1], now[:, 2], now[:, 3])
        slates = shelf.slates(batch.reader_idx, rng, best_of=best_of)
        feedback = world.respond(batch, slates)
        seen = feedback.examined.astype(bool)
        log.t.append(batch.t)
        log.n_seen.append(seen.sum(axis=1))
        log.reader_idx.append(batch.reader_idx)
        log.notes.append(slates[seen])
        log.actions.append(feedback.actions[seen])
        log.view_s += float(feedback.view_s.sum())
        ended = np.isnan(feedback.next_t)
        log.session_requests.append(batch.request_no[ended] + 1)
        now = np.column_stack((feedback.next_t, now[:, 1], now[:, 2], now[:, 3] + 1))[~ended]
        queue = np.concatenate((rest, now))
    return log.close()


def first_day_totals(log, n_notes):
    """Return float32[n_notes, N_KINDS], feedback of each note on a driven day."""
    totals = np.zeros((n_notes, N_KINDS), np.float32)
    np.add.at(totals, log.notes.astype(int), log.actions)
    return totals


def day_end(day):
    """Return the time at which a day ends, seconds."""
    return (day - START_DAY + 1) * float(DAY_S)
