"""The policy protocol carries controllers with state of each note and a control tick."""

import dataclasses
from typing import Literal

import numpy as np
import pytest

from simulator.contracts.config import knob
from simulator.contracts.events import DAY_S, HOUR_S, Kind
from simulator.contracts.plugins import PluginConfig, TrafficPolicy
from simulator.contracts.support import NoteSupport, SupportTable
from simulator.ranking.mmr import Mmr, MmrConfig
from tests.ranking.scenes import make_scored
from tests.support.platform import freeze, make_view


class ToyQuotaConfig(PluginConfig):
    type: Literal["toy_quota"] = "toy_quota"
    target: int = knob(40, "Guaranteed impressions.", ge=1)
    gain: float = knob(60.0, "Rise of the logarithm of the coefficient a day of full lag.", ge=0)


class ToyQuota(TrafficPolicy[ToyQuotaConfig]):
    """Integral control: log coefficient rises while a note lags a straight line to its target."""

    Config = ToyQuotaConfig

    def setup(self, spec):
        super().setup(spec)
        self.log_boost = np.zeros(0)
        self.ticks = 0

    @property
    def tick_period_s(self):
        return HOUR_S

    def on_tick(self, view):
        self.ticks += 1
        grown = np.zeros(view.notes.n)
        grown[: self.log_boost.size] = self.log_boost
        self.log_boost = grown
        rows = slice(view.first_younger_than(DAY_S), view.notes.n)
        age = (view.now - view.notes.published_t[rows]) / DAY_S
        lag = age - view.notes.impressions[rows] / self.config.target
        step = self.config.gain * lag * self.tick_period_s / DAY_S
        self.log_boost[rows] = np.clip(self.log_boost[rows] + step, 0, 3)

    def support(self, view):
        first = view.first_younger_than(DAY_S)
        left = self.config.target - view.notes.impressions[first:]
        rows = np.flatnonzero(left > 0) + first
        support = NoteSupport.of(rows.astype(np.int32))
        known = rows[rows < self.log_boost.size]
        support.rank[: known.size] = np.exp(self.log_boost[known])
        support.remaining = left[rows - first].astype(np.int32)
        return support

    def state_arrays(self):
        return {"log_boost": self.log_boost.copy(), "ticks": np.array([self.ticks])}

    def load_state(self, arrays):
        self.log_boost = arrays["log_boost"].copy()
        self.ticks = int(arrays["ticks"][0])


class Feed:
    """A tiny platform: each hour a batch of requests, every placed note counts as seen."""

    def __init__(self, policy):
        view = make_view(1_500, 50, seed=6)
        notes = dataclasses.replace(view.notes, totals=np.zeros_like(view.notes.totals))
        born = view.now - 2 * HOUR_S
        published = np.where(np.arange(1_500) < 1_440, view.notes.published_t - 2 * DAY_S, born)
        self.view = dataclasses.replace(
            view, notes=freeze(dataclasses.replace(notes, published_t=published)),
            new_start=1_440, live_start=600,
        )  # fmt: skip
        self.policy = policy
        self.table = SupportTable.empty(1_500)
        self.reranker = Mmr(MmrConfig())
        self.reranker.setup(view.spec)
        policy.setup(view.spec)
        self.granted = np.zeros(1_500, np.int64)

    def hour(self, k, n_requests=150):
        view, policy = self.view, self.policy
        policy.on_tick(view)
        self.table.fill([policy.support(view)], view.notes.n, policy.insert_every)
        allowed = self.table.remaining[0].copy()
        scored = make_scored(view, n_requests, 60, seed=1_000 + k, gated=0)
        handicap = np.where(scored.note_idx >= view.new_start, 0.25, 1).astype(np.float32)
        scored = dataclasses.replace(scored, organic=scored.organic * handicap)
        slate = self.reranker.assemble(
            scored, self.table, np.zeros((n_requests, 10), np.uint8), view
        )
        acted = slate.note_idx[slate.granted_by == 1]
        grants = np.bincount(acted, minlength=1_500)
        supported = np.flatnonzero(self.table.row >= 0)
        assert (grants[supported] <= allowed[self.table.row[supported]]).all()
        self.granted += grants
        totals = view.notes.totals.copy()
        totals[:, Kind.IMPRESSION] += np.bincount(
            slate.note_idx[slate.note_idx >= 0], minlength=1_500
        )
        notes = freeze(dataclasses.replace(view.notes, totals=totals))
        self.view = dataclasses.replace(view, now=view.now + HOUR_S, notes=notes)

    def new_impressions(self):
        return self.view.notes.impressions[1_440:]


def test_a_controller_with_state_keeps_a_schedule_that_nothing_else_would():
    without, controlled = Feed(ToyQuota(ToyQuotaConfig(gain=0))), Feed(ToyQuota(ToyQuotaConfig()))
    for k in range(21):
        without.hour(k)
        controlled.hour(k)
    assert without.new_impressions().max() < 28
    assert controlled.new_impressions().min() >= 28
    assert controlled.granted[1_440:].max() <= 40
    assert not without.granted.any()


def test_its_state_survives_a_checkpoint():
    feed = Feed(ToyQuota(ToyQuotaConfig()))
    for k in range(4):
        feed.hour(k)
    copy = ToyQuota(ToyQuotaConfig())
    copy.setup(feed.view.spec)
    copy.load_state(feed.policy.state_arrays())
    for policy in (copy, feed.policy):
        policy.on_tick(feed.view)
    a, b = copy.support(feed.view), feed.policy.support(feed.view)
    assert copy.ticks == 5
    assert a.rank.max() > 1
    np.testing.assert_array_equal(a.rank, b.rank)
    np.testing.assert_array_equal(a.remaining, b.remaining)


@pytest.mark.parametrize("period", [HOUR_S])
def test_it_asks_for_a_tick(period):
    assert ToyQuota(ToyQuotaConfig()).tick_period_s == period
