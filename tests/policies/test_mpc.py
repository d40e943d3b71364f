"""Model predictive control: the plan is optimal, the first step is what is applied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from policies.mpc import Mpc, MpcConfig
from policies.mpc_plan import PlanInput, solve
from simulator.contracts.quotas import QuotaEvent
from tests.policies.plant import DAILY_TRAFFIC, Plant, by_night

WORTH = np.array([1.5, 1.25, 1.0])


def plan_of(need, cap, budget, worth=WORTH):
    return PlanInput(np.array(need, float), np.array(cap, float), np.array(budget, float), worth)


def dense_optimum(plan):
    """The same program, written out densely."""
    m, k = plan.cap.shape
    a = np.zeros((m + k, m * k))
    for note in range(m):
        a[note, note * k : (note + 1) * k] = 1
    for block in range(k):
        a[m + block, block::k] = 1
    b = np.concatenate([np.maximum(plan.need, 0), plan.budget])
    bounds = np.column_stack([np.zeros(m * k), plan.cap.reshape(-1)])
    return -linprog(-np.tile(plan.worth, m), A_ub=a, b_ub=b, bounds=bounds).fun


@settings(max_examples=40)
@given(
    m=st.integers(1, 7),
    k=st.integers(1, 5),
    tightness=st.floats(0.05, 2.0),
    seed=st.integers(0, 10**6),
)
def test_the_plan_keeps_every_bound_and_is_the_best(m, k, tightness, seed):
    rng = np.random.default_rng(seed)
    cap = rng.uniform(0, 10, (m, k)) * (rng.random((m, k)) < 0.8)
    plan = PlanInput(
        need=rng.uniform(-2, 15, m),
        cap=cap,
        budget=tightness * cap.sum(axis=0),
        worth=1.0 + np.linspace(0.5, 0.0, k),
    )
    given_ = solve(plan)
    assert (given_ >= 0).all()
    assert (given_ <= plan.cap + 1e-9).all()
    assert (given_.sum(axis=0) <= plan.budget + 1e-6).all()
    assert (given_.sum(axis=1) <= np.maximum(plan.need, 0) + 1e-6).all()
    assert (given_ @ plan.worth).sum() == pytest.approx(dense_optimum(plan), abs=1e-6)


def test_without_rivals_a_note_takes_its_best_blocks_first():
    plan = plan_of([5, 0, -3], [[3, 3, 3]] * 3, [100, 100, 100])
    assert solve(plan).tolist() == [[3, 2, 0], [0, 0, 0], [0, 0, 0]]


def test_a_tight_budget_moves_the_patient_to_later():
    """The first note has only the first block; the second can wait."""
    plan = plan_of([4, 4], [[4, 0, 0], [4, 4, 4]], [4, 4, 4])
    np.testing.assert_allclose(solve(plan), [[4, 0, 0], [0, 4, 0]], atol=1e-9)


def controlled(n=20, rate_h=2.0, traffic=by_night, dead=(), **knobs):
    return Plant(Mpc(MpcConfig(**knobs)), n, rate_h=rate_h, spread_h=2, traffic=traffic, dead=dead)


def test_slow_notes_arrive_that_would_not_alone():
    alone = controlled(max_coefficient=1.0).run(28)
    planned = controlled(budget_share=0.5).run(28)
    assert alone.given.mean() < 60
    assert planned.given.mean() > 95
    assert (planned.helped <= 100).all()


def test_it_learns_what_notes_get_without_help():
    plant = controlled(10, rate_h=2.0, budget_share=0.5, elasticity=1.0).run(12)
    response = plant.policy._response(np.arange(10))
    expected = 2.0 * 24 / DAILY_TRAFFIC
    assert response.mean() == pytest.approx(expected, rel=0.25)


def test_hopeless_notes_are_given_up_late_and_say_so():
    plant = controlled(dead=(2, 5), budget_share=0.5, give_up_from=0.5, patience=3).run(25)
    stopped = {note for note, *_ in plant.events(QuotaEvent.STOPPED)}
    assert stopped == {2, 5}
    early = controlled(dead=(2, 5), budget_share=0.5, give_up_from=1.0).run(20)
    assert not early.events(QuotaEvent.STOPPED)


def test_help_stays_within_the_budget():
    """40 notes want 4,000 impressions of 50,000; 2 % of traffic is 1,000."""
    plant = controlled(40, rate_h=1.0, budget_share=0.02, elasticity=1.0, margin=0.0)
    plant.run(26)
    extra = plant.given.sum() - 40 * 1.0 * 24
    assert 0 < extra < 0.02 * DAILY_TRAFFIC * 26 / 24 * 1.3


def test_between_plans_coefficients_stand_still():
    plant = controlled(plan_every="1h").run(6)
    plant.step()
    kept = plant.policy.promises["coefficient"].copy()
    for _ in range(11):
        plant.step()
        np.testing.assert_array_equal(plant.policy.promises["coefficient"], kept)
    plant.step()
    assert (plant.policy.promises["coefficient"] != kept).any()
