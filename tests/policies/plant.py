"""A platform in miniature for controllers: what a note gets grows with its coefficient.

In each step of five minutes a note gets a randomly rounded number of impressions of mean rate ·
(pre_rank · rank)^(elasticity/2) · e^(price gain · price) · traffic; support ends with `remaining`,
as in the reranker. Notes without recall get nothing whatever their support.
"""

import dataclasses

import numpy as np

from simulator.contracts.events import DAY_S, HOUR_S, Kind
from tests.support.platform import freeze, make_spec, make_view

STEP_S = 300
DAILY_TRAFFIC = 50_000.0


def flat(hour):
    return 1.0


def by_night(hour):
    return 0.1 if hour % 24 < 6 else 1.3


class Plant:
    """Runs a policy on `n` notes published evenly over `spread_h` hours from time 0.

    Attributes:
        view: the platform now.
        given: impressions of each note.
        helped: impressions of each note while support acted.
        changes: everything that `quota_changes` returned.
    """

    def __init__(
        self, policy, n=40, *, rate_h=2.0, spread_h=0.0, elasticity=1.0, traffic=flat, dead=(),
        click_rate=None, seed=3, scale=1.0, price_gain=6.0,
    ):  # fmt: skip
        base = make_view(n, 200, seed=seed, spec=make_spec(seed, threshold_scale=scale), now=0.0)
        self.published = np.sort(np.linspace(0.0, spread_h * HOUR_S, n))
        self.policy, self.traffic, self.price_gain = policy, traffic, price_gain
        self.rate_h, self.elasticity, self.seed = np.broadcast_to(rate_h, n), elasticity, seed
        self.dead = np.isin(np.arange(n), dead)
        self.click_rate = np.broadcast_to(0.1 if click_rate is None else click_rate, n)
        self.given, self.helped = np.zeros(n), np.zeros(n)
        self.clicks, self.now, self.served = np.zeros(n), 0.0, 0.0
        self.base, self.changes, self.supports = base, [], []
        policy.setup(base.spec)

    @property
    def view(self):
        n = int(np.searchsorted(self.published, self.now, side="right"))
        columns = {
            field.name: getattr(self.base.notes, field.name)[:n]
            for field in dataclasses.fields(self.base.notes)
            if isinstance(getattr(self.base.notes, field.name), np.ndarray)
        }
        totals = np.zeros((n, self.base.notes.totals.shape[1]), np.float32)
        totals[:, Kind.IMPRESSION] = self.given[:n]
        totals[:, Kind.CLICK] = self.clicks[:n]
        columns |= {"totals": totals, "published_t": self.published[:n].copy()}
        notes = freeze(dataclasses.replace(self.base.notes, **columns))
        creator_totals = np.zeros_like(self.base.creators.totals)
        creator_totals[0, Kind.IMPRESSION] = self.served
        creators = freeze(dataclasses.replace(self.base.creators, totals=creator_totals))
        view = dataclasses.replace(self.base, now=self.now, notes=notes, creators=creators)
        view.live_start = view.first_younger_than(view.spec.max_age_s)
        view.new_start = view.first_younger_than(view.spec.new_age_s)
        return view

    def step(self):
        view = self.view
        self.policy.on_tick(view)
        self._log()
        support = self.policy.support(view)
        self._log()
        self.supports.append(support)
        share = self.traffic(self.now / HOUR_S) * STEP_S / HOUR_S
        self._serve(view, support, share)
        self.now += STEP_S
        self.served = np.float32(self.served + DAILY_TRAFFIC / 24 * share)
        return support

    def run(self, hours):
        for _ in range(int(hours * HOUR_S / STEP_S)):
            self.step()
        return self

    def _log(self):
        changes = self.policy.quota_changes()
        if changes is not None:
            self.changes.append(changes)

    def _serve(self, view, support, share):
        n = view.notes.n
        effect, left = np.ones(n), np.zeros(n)
        if support is not None:
            both = support.pre_rank.astype(float) * support.rank
            effect[support.note_idx] = np.sqrt(both) ** self.elasticity
            effect[support.note_idx] *= np.exp(self.price_gain * support.price)
            left[support.note_idx] = np.minimum(support.remaining, 10**6)
        rng = np.random.default_rng([self.seed, int(self.now)])
        u = rng.random(self.given.size)[:n]
        young = (self.now - self.published[:n] < 3 * DAY_S) & ~self.dead[:n]
        plain = self.rate_h[:n] * share * young
        helped = np.minimum(np.floor(plain * effect + u), left)
        self.helped[:n] += helped
        shown = np.where(left > helped, helped, np.maximum(helped, np.floor(plain + u)))
        self.given[:n] += shown
        self.clicks[:n] += np.minimum(rng.binomial(shown.astype(int), self.click_rate[:n]), shown)

    def events(self, event):
        """Return (note, stage, target) of every change of one kind, in order."""
        return [
            (int(note), int(stage), float(target))
            for change in self.changes
            for note, kind, stage, target in zip(
                change.note_idx, change.event, change.stage, change.target, strict=True
            )
            if kind == event
        ]
