"""Uplift: effects of random quotas are recovered with their noise; budgets go to the best."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.uplift import Uplift, allocate, concave, estimate
from policies.uplift_quota import UpliftQuota, UpliftQuotaConfig
from simulator.contracts.events import DAY_S
from tests.policies.plant import Plant
from tests.support.platform import make_view

LEVELS = np.array([0.0, 100, 300, 500])


def creators(n, effects, seed=0, noise=0.3):
    """Creators of 3 segments with random levels; `effects[s]` is a segment's effect by level."""
    rng = np.random.default_rng(seed)
    level, segment = rng.integers(0, 4, n), rng.integers(0, 3, n)
    before = rng.gamma(2, 2 + 3 * segment)
    outcome = 0.05 * before + np.array(effects)[segment, level] + rng.normal(0, noise, n)
    return outcome, before, level, segment


@pytest.mark.statistical
def test_effects_are_recovered_within_their_errors():
    effects = np.array([[0, 0.1, 0.2, 0.25]] * 3)
    z = []
    for seed in range(60):
        found = estimate(*creators(4_000, effects, seed), 4)
        z.append((found.pooled[1:] - effects[0, 1:]) / found.error[1:])
    z = np.array(z)
    assert abs(z.mean()) < 0.4
    assert 0.8 < z.std() < 1.2


def test_the_past_explains_most_of_the_noise():
    outcome, before, level, segment = creators(4_000, np.zeros((3, 4)), noise=0.05)
    adjusted = estimate(outcome, before, level, segment, 4)
    plain = estimate(outcome, np.zeros_like(before), level, segment, 4)
    assert (adjusted.error[1:] < 0.4 * plain.error[1:]).all()


@pytest.mark.statistical
def test_segments_that_do_not_differ_are_pooled_and_those_that_do_are_not():
    same = estimate(*creators(4_000, np.array([[0, 0.1, 0.2, 0.25]] * 3)), 4)
    assert same.effect[:, 3].std() < 2 * same.error[3]
    apart = np.array([[0, 0, 0, 0], [0, 0.1, 0.2, 0.3], [0, 0.4, 0.8, 1.0]])
    found = estimate(*creators(6_000, apart), 4)
    np.testing.assert_allclose(found.effect[:, 3], apart[:, 3], atol=0.08)


def test_a_level_of_one_creator_says_nothing():
    found = estimate(np.ones(3), np.ones(3), np.array([0, 0, 3]), np.zeros(3, np.int64), 4)
    assert found.pooled.tolist() == [0, 0, 0, 0]
    assert np.isinf(found.error[1:]).all()
    assert found.z == 0


def test_z_is_that_of_the_highest_level():
    assert Uplift(np.zeros((1, 2)), np.array([0, 0.6]), np.array([0, 0.3])).z == 2


@given(
    effect=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
)
def test_envelopes_are_concave_never_fall_and_lie_above(effect):
    effect = np.array([0.0, *effect])
    curve = concave(LEVELS, effect)
    slopes = np.diff(curve) / np.diff(LEVELS)
    assert (slopes >= -1e-12).all()
    assert (np.diff(slopes) <= 1e-12).all()
    assert (curve >= np.minimum(effect, effect.max()) - 1e-9).all()
    assert curve[0] == 0
    assert curve.max() == pytest.approx(max(effect.max(), 0))


def test_a_concave_curve_is_its_own_envelope():
    effect = np.array([0, 0.3, 0.5, 0.6])
    np.testing.assert_allclose(concave(LEVELS, effect), effect)
    np.testing.assert_allclose(concave(LEVELS, np.array([0, 0.0, 0.6, 0.5])), [0, 0.2, 0.6, 0.6])


@settings(max_examples=60)
@given(
    slopes=st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
    notes=st.lists(st.floats(0.5, 3), min_size=2, max_size=2),
    budget=st.floats(1, 3_000),
)
def test_the_budget_is_kept_and_no_better_split_exists(slopes, notes, budget):
    levels, size = np.array([0.0, 100, 300, 500]), np.array([40.0, 70.0])
    each = np.sort(np.array(slopes).reshape(2, 3), axis=1)[:, ::-1]
    effect = np.concatenate([np.zeros((2, 1)), np.cumsum(each * np.diff(levels), axis=1)], axis=1)
    cost = np.array(notes)
    shares = allocate(levels, effect, size, cost, budget)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares >= -1e-12).all()
    spent = float((shares @ levels) @ cost)
    assert spent <= budget + 1e-6
    gain = float((shares * effect).sum(axis=1) @ size)
    best = 0.0
    for a, b in itertools.product(np.linspace(0, 500, 26), repeat=2):
        if a * cost[0] + b * cost[1] <= budget:
            both = [np.interp(q, levels, effect[s]) for s, q in enumerate((a, b))]
            best = max(best, float(np.array(both) @ size))
    assert gain >= best - 1e-6


def test_no_effect_no_spending():
    shares = allocate(LEVELS, np.zeros((2, 4)), np.ones(2), np.ones(2), 1e6)
    assert shares[:, 0].tolist() == [1, 1]


def quota(view, **knobs):
    policy = UpliftQuota(UpliftQuotaConfig(**knobs))
    policy.setup(view.spec)
    return policy


def test_levels_are_drawn_by_creator():
    view = make_view(6_000, 4_000, seed=2)
    policy = quota(view)
    policy.on_tick(view)
    rows = np.arange(view.notes.n - 300, view.notes.n, dtype=np.int32)
    target = policy.next_target(view, rows, 0, np.ones(300, bool))
    assert set(target) == {0, 100, 300, 500}
    by_creator = {}
    for creator, value in zip(view.notes.creator_idx[rows], target, strict=True):
        assert by_creator.setdefault(creator, value) == value
    every = np.arange(view.creators.n, dtype=np.int32)
    counts = np.bincount(policy._levels(view, every), minlength=4) / every.size
    np.testing.assert_allclose(counts, 0.25, atol=5 * np.sqrt(0.19 / every.size))


def test_a_quota_of_zero_is_no_promise():
    view = make_view(6_000, 4_000, seed=2)
    policy = quota(view, levels=(0, 1))
    policy.on_tick(view)
    promised = policy.promises.rows
    young = np.arange(view.new_start, view.notes.n)
    assert 0 < promised.size < young.size
    assert set(policy.promises["target"][promised]) == {1.0}


class Publishing(Plant):
    """Creators of the high levels publish more, in steps of a day."""

    def __init__(self, policy, gain, n_readers=8_000):
        super().__init__(policy, 4, rate_h=0.0)
        self.base = make_view(4, n_readers, seed=1, spec=self.base.spec, now=0.0)
        self.n_notes = self.base.creators.n_notes * 0 + 5
        self.gain = gain

    @property
    def view(self):
        view = super().view
        object.__setattr__(view.creators, "n_notes", self.n_notes)
        return view

    def day(self):
        every = np.arange(self.base.creators.n, dtype=np.int32)
        level = self.policy._levels(self.view, every)
        rng = np.random.default_rng([7, int(self.now)])
        self.n_notes = self.n_notes + rng.poisson(0.3 + self.gain * level, every.size)
        self.now += DAY_S
        self.policy.on_tick(self.view)


@pytest.mark.parametrize(("gain", "is_found"), [(0.3, True), (0.0, False)])
def test_after_learning_the_budget_follows_the_effect(gain, is_found):
    policy = UpliftQuota(UpliftQuotaConfig(learning="5d", explore_share=0.0, min_z=4.0))
    plant = Publishing(policy, gain)
    policy.on_tick(plant.view)
    assert policy.facts()["uplift_z"] == 0
    for _ in range(5):
        plant.day()
    facts = policy.facts()
    assert (facts["uplift_z"] > 4) == is_found
    if is_found:
        assert facts["uplift_notes_per_creator_day"] == pytest.approx(3 * gain, rel=0.2)
    view = plant.view
    every = np.arange(view.creators.n, dtype=np.int32)
    quotas = policy._quotas(policy._levels(view, every), every, view)
    if not is_found:
        assert set(quotas) == {225}
    assert quotas.mean() <= 225 * 1.1
    copy = UpliftQuota(policy.config)
    copy.setup(view.spec)
    copy.load_state(policy.state_arrays())
    np.testing.assert_array_equal(copy._quotas(copy._levels(view, every), every, view), quotas)


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"levels": (100,)}, "two levels or more"),
        ({"levels": (100, 50)}, "ascending"),
        ({"learning": "1d", "settling": "1d"}, "settling must be shorter"),
        ({"later_stages": [{"target": 500, "window": "72h"}]}, "use levels"),
    ],
)
def test_knobs_that_contradict_each_other_are_refused(knobs, words):
    with pytest.raises(ValueError, match=words):
        UpliftQuotaConfig(**knobs)
