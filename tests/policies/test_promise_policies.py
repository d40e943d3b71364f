"""What every policy that keeps promises must do, whatever its rule."""

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.audience_gate import AudienceGate
from policies.differentiated_quota import DifferentiatedQuota
from policies.dual_price import DualPrice
from policies.early_stop import EarlyStop
from policies.ladder import Ladder
from policies.mpc import Mpc
from policies.oracle_quota import OracleQuota
from policies.pid import Pid
from policies.quota import Quota
from policies.uplift_quota import UpliftQuota
from simulator.contracts.events import DAY_S
from simulator.contracts.quotas import QuotaEvent
from tests.policies.plant import Plant, by_night

STAGES = {"later_stages": [{"target": 200, "window": "72h"}]}
CASES = [
    ("table", Quota, {"rule": "table", "base": 3.0}),
    ("formula", Quota, {"rule": "formula", **STAGES}),
    ("curve", Quota, {"rule": "curve", **STAGES}),
    ("pid", Pid, STAGES),
    ("dual_price", DualPrice, {}),
    ("mpc", Mpc, {}),
    ("differentiated", DifferentiatedQuota, {"later_max": 100}),
    ("early_stop", EarlyStop, {}),
    ("ladder", Ladder, {}),
    ("uplift", UpliftQuota, {"learning": "1d", "settling": "6h"}),
    ("audience_gate", AudienceGate, {}),
    ("oracle", OracleQuota, {}),
]
IDS = [name for name, *_ in CASES]
each_policy = pytest.mark.parametrize(("cls", "knobs"), [case[1:] for case in CASES], ids=IDS)


def build(cls, knobs):
    return cls(cls.Config(**knobs))


@pytest.fixture(scope="module", params=[case[1:] for case in CASES], ids=IDS)
def lived(request):
    """A policy and what it did over a day and a quarter, with dead notes among the others."""
    cls, knobs = request.param
    plant = Plant(
        build(cls, knobs), 24, rate_h=3.0, spread_h=8, traffic=by_night, dead=(3, 9), scale=0.5
    )
    return plant.run(30)


def test_coefficients_and_prices_stay_within_their_bounds(lived):
    config = lived.policy.config
    most = getattr(config, "max_coefficient", None) or config.pre_rank_coefficient
    for support in lived.supports:
        if support is None:
            continue
        assert (support.rank >= 1).all()
        assert (support.pre_rank >= 1).all()
        assert (support.rank <= most * (1 + 1e-6)).all()
        assert (support.pre_rank <= most * (1 + 1e-6)).all()
        assert (support.price <= getattr(config, "max_price", 0.0) + 1e-9).all()


def test_help_is_never_more_than_promised(lived):
    promises = lived.policy.promises
    highest = promises["target"].max()
    assert (lived.helped[: promises["target"].size] <= promises["target"]).all()
    for support in lived.supports:
        if support is not None:
            assert (support.remaining > 0).all()
            assert support.remaining.max() <= highest


def test_no_help_after_the_window(lived):
    plant = lived
    last = max(plant.policy.windows_s)
    plant.now = plant.published[-1] + last
    support = plant.policy.support(plant.view)
    assert support is None or not support.note_idx.size


def test_every_promise_that_began_has_ended_or_is_open(lived):
    plant = lived
    started = {(note, stage) for note, stage, _ in plant.events(QuotaEvent.START)}
    ended = [
        (note, stage)
        for event in (QuotaEvent.MET, QuotaEvent.EXPIRED, QuotaEvent.STOPPED)
        for note, stage, _ in plant.events(event)
    ]
    assert len(ended) == len(set(ended))
    assert set(ended) <= started
    met = {(note, stage): target for note, stage, target in plant.events(QuotaEvent.MET)}
    for (note, _), target in met.items():
        assert plant.given[note] >= target


@each_policy
def test_a_fulfilled_note_is_on_its_own(cls, knobs):
    plant = Plant(build(cls, knobs), 8, rate_h=1.0)
    plant.run(1)
    plant.given[:4] = 100_000
    support = plant.step()
    assert support is None or not np.isin(support.note_idx, np.arange(4)).any()


@each_policy
def test_the_same_past_gives_the_same_help(cls, knobs):
    runs = [Plant(build(cls, knobs), 12, spread_h=2, traffic=by_night).run(4) for _ in range(2)]
    for a, b in zip(runs[0].supports, runs[1].supports, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            for field in dataclasses.fields(a):
                np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name))


@each_policy
def test_a_checkpoint_in_the_middle_changes_nothing(cls, knobs):
    plant = Plant(build(cls, knobs), 12, spread_h=2, traffic=by_night).run(3)
    stream = io.BytesIO()
    np.savez(stream, **plant.policy.state_arrays())
    stream.seek(0)
    copy = build(cls, knobs)
    copy.setup(plant.base.spec)
    with np.load(stream, allow_pickle=False) as arrays:
        copy.load_state(dict(arrays))
    given = plant.given.copy(), plant.clicks.copy(), plant.now, plant.served, plant.helped.copy()
    plant.run(2)
    expected = plant.given.copy()
    plant.given, plant.clicks, plant.now, plant.served, plant.helped = given
    plant.policy = copy
    plant.run(2)
    np.testing.assert_array_equal(plant.given, expected)


@pytest.mark.parametrize(("cls", "knobs"), [case[1:] for case in CASES[1:6]], ids=IDS[1:6])
def test_a_note_further_behind_is_helped_more(cls, knobs):
    plant = Plant(build(cls, knobs), 10, rate_h=0.0)
    plant.run(3)
    plant.given[:] = np.arange(10) * 9.0
    for _ in range(12):
        support = plant.step()
    order = np.argsort(plant.given[support.note_idx], kind="stable")
    for strength in (support.rank, support.pre_rank, support.price):
        assert (np.diff(strength[order]) <= 1e-5).all()
    both = support.rank * support.pre_rank + support.price
    assert both[order][0] > both[order][-1]


@settings(max_examples=25)
@given(
    rule=st.sampled_from(["table", "formula", "curve"]),
    base=st.floats(1, 10),
    most=st.floats(1, 30),
    theta=st.floats(0, 3),
    now_h=st.floats(0, 23.9),
    shown=st.lists(st.integers(0, 99), min_size=6, max_size=6),
)
def test_quota_rules_hold_their_bounds_and_order_for_any_state(
    rule, base, most, theta, now_h, shown
):
    policy = build(
        Quota, {"rule": rule, "base": base, "max_coefficient": most, "theta": theta, "target": 100}
    )
    plant = Plant(policy, 6, rate_h=0.0)
    plant.now = now_h * 3_600
    plant.given[:] = np.sort(shown)
    support = plant.policy.support(plant.view)
    assert support.note_idx.tolist() == list(range(6))
    assert ((support.rank >= 1) & (support.rank <= np.float32(most))).all()
    assert (np.diff(support.rank) <= 0).all()
    np.testing.assert_array_equal(support.remaining, 100 - np.sort(shown))


def test_windows_end_to_the_second():
    plant = Plant(build(Quota, {}), 3, rate_h=0.0)
    plant.policy.support(plant.view)
    plant.now = float(DAY_S) - 1
    assert plant.policy.support(plant.view) is not None
    plant.now = float(DAY_S)
    assert plant.policy.support(plant.view) is None
