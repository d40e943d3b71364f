"""The behaviour kernel against a slow version written from its description."""

import math

import numpy as np

from simulator.contracts.events import DAY_S, N_KINDS, Kind
from simulator.contracts.random import mix, stream_key, unit
from tests.world.driving import make_requests, make_world, slates_for

SEED, START_DAY = 11, -2


def draw(state, *tags):
    for tag in tags:
        state = mix.py_func(state, np.uint64(tag & (2**64 - 1)))
    return unit.py_func(state)


def fold(state, *ids):
    for entity in ids:
        state = mix.py_func(state, np.uint64(int(entity) & (2**64 - 1)))
    return state


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def logit(p):
    return math.log(p / (1 - p))


def lognormal(state, tag, median, sd):
    radius = math.sqrt(-2 * math.log(1 - draw(state, tag)))
    return median * math.exp(sd * radius * math.cos(2 * math.pi * draw(state, tag + 1)))


class SlowReader:
    """One reader, answering requests by the book."""

    def __init__(self, world, reader):
        self.world, self.reader = world, reader
        self.counts, self.surplus = {}, 0.0

    def react(self, pair, affinity, quality, click_logit):
        knobs, sessions = self.world.config.behavior, self.world.config.sessions
        row, worth = np.zeros(N_KINDS), 0.0
        row[Kind.IMPRESSION] = 1
        if draw(pair, 1) < sigmoid(click_logit):
            row[Kind.CLICK], worth = 1, 1.0
            actions = (knobs.like, knobs.collect, knobs.comment, knobs.share, knobs.follow)
            for k, action in enumerate(actions):
                chance = logit(action.rate) + action.affinity * affinity + action.quality * quality
                row[Kind.LIKE + k] = draw(pair, 7 + k) < sigmoid(chance)
            worth += sessions.like_value * (row[Kind.LIKE] + row[Kind.COLLECT])
            tilt = knobs.dwell_affinity * affinity + knobs.dwell_quality * quality
            dwell = lognormal(pair, 5, knobs.dwell_median_s * math.exp(tilt), knobs.dwell_sd)
            row[Kind.DWELL] = min(dwell, knobs.dwell_max_s)
        dislike = knobs.hide_aversion * (affinity + knobs.quality_coefficient * quality)
        hides = draw(pair, 2) < sigmoid(logit(knobs.hide_rate) - dislike)
        if hides and not row[Kind.LIKE] and not row[Kind.COLLECT]:
            row[Kind.HIDE] = 1
            worth -= sessions.hide_cost
        return row, worth

    def answer(self, t, session_no, request_no, slate):
        world, r = self.world, self.reader
        knobs, sessions = world.config.behavior, world.config.sessions
        if request_no == 0:
            self.counts, self.surplus = {}, 0.0
        day = START_DAY + math.floor(t / DAY_S)
        request = fold(stream_key(SEED, "session.request"), r, day, session_no, request_no)
        depth, reached = knobs.screen_slots, knobs.screen_decay
        while depth < len(slate) and draw(request, 1) < reached:
            depth, reached = depth + knobs.screen_slots, reached * knobs.screen_decay
        rows, views, value = {}, {}, 0.0
        for s, note in enumerate(slate[:depth]):
            if note < 0:
                continue
            dot = float(world.readers.taste[r].astype(float) @ world.notes.appeal[note])
            affinity = dot - world._scale.mean
            quality = float(world.notes.quality[note])
            category = int(world.notes.category[note])
            seen = self.counts.get(category, 0)
            tired = knobs.fatigue_max * (1 - math.exp(-seen / knobs.fatigue_impressions))
            age_days = (t - world.notes.published_t[note]) / DAY_S
            click = knobs.click_base + affinity + knobs.quality_coefficient * quality
            click += float(world.readers.propensity[r])
            click -= tired + knobs.staleness_per_day * age_days
            pair = fold(stream_key(SEED, "session.pair"), r, world.notes.key[note])
            rows[s], worth = self.react(pair, affinity, quality, click)
            views[s] = lognormal(pair, 3, knobs.view_median_s, knobs.view_sd)
            value += worth - float(world.readers.expected[r])
            self.counts[category] = seen + 1
        self.surplus = sessions.surplus_memory * self.surplus + value
        stay = sessions.continue_logit + float(world.readers.patience[r])
        stay += sessions.surplus_weight * self.surplus
        if not rows or draw(request, 2) >= sigmoid(stay):
            return rows, views, math.nan
        spent = sum(views.values()) + sum(row[Kind.DWELL] for row in rows.values())
        return rows, views, t + spent - sessions.gap_mean_s * math.log(1 - draw(request, 3))


def test_kernel_agrees_with_the_slow_version():
    world = make_world(
        40, seed=SEED, start_day=START_DAY, behavior={"click_base": -1.0, "hide_rate": 0.05}
    )
    rng = np.random.default_rng(0)
    readers = np.arange(40)
    slow = [SlowReader(world, reader) for reader in readers]
    hides = 0
    with np.errstate(over="ignore"):
        for request_no in range(3):
            slates = slates_for(world, readers, rng)
            slates[rng.random(slates.shape) < 0.1] = -1
            t = 100.0 * request_no
            requests = make_requests(t, readers, session_no=1, request_no=request_no)
            fast = world.respond(requests, slates)
            hides += fast.actions[..., Kind.HIDE].sum()
            for b, reader in enumerate(slow):
                rows, views, next_t = reader.answer(t, 1, request_no, slates[b].tolist())
                assert np.flatnonzero(fast.examined[b]).tolist() == list(rows)
                for s, row in rows.items():
                    np.testing.assert_allclose(fast.actions[b, s], row, rtol=1e-5)
                    np.testing.assert_allclose(fast.view_s[b, s], views[s], rtol=1e-5)
                np.testing.assert_allclose(fast.next_t[b], next_t, rtol=1e-6)
    assert hides > 10
