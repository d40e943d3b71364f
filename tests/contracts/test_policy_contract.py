"""What every traffic policy that is found must keep to."""

import dataclasses
import io
import pickle

import numpy as np
import pytest

from simulator.app.registry import registry
from simulator.contracts.events import HOUR_S
from simulator.contracts.support import SupportTable
from tests.support.platform import freeze, make_candidates, make_requests, make_view

POLICIES = registry().plugins("policies")
VARIANTS = {
    "boost": [{}, {"coefficient": 1.0}, {"until_impressions": 20, "max_age": "6h"}],
    "forced_insertion": [{}, {"every": 1, "until_impressions": 20}],
}
every_policy = pytest.mark.parametrize(
    ("cls", "knobs"),
    [
        pytest.param(cls, knobs, id=f"{name}-{i}")
        for name, cls in POLICIES.items()
        for i, knobs in enumerate(VARIANTS.get(name, [{}]))
    ],
)


def build(cls, knobs, view):
    policy = cls(cls.Config(**knobs))
    policy.setup(view.spec)
    return policy


def later(view, hours):
    """The platform some hours on, its notes shown a little more."""
    notes = freeze(dataclasses.replace(view.notes, totals=view.notes.totals + hours))
    out = dataclasses.replace(view, now=view.now + hours * HOUR_S, notes=notes)
    out.live_start = out.first_younger_than(view.spec.max_age_s)
    out.new_start = out.first_younger_than(view.spec.new_age_s)
    return out


def same(a, b):
    if a is None or b is None:
        return a is b
    names = [field.name for field in dataclasses.fields(a)]
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)


@pytest.fixture(scope="module")
def view():
    return make_view(3_000, 60, seed=8)


def test_the_first_policies_are_there():
    assert {"none", "boost", "forced_insertion"} <= set(POLICIES)


@every_policy
def test_config_round_trip_and_documentation(cls, knobs):
    config = cls.Config(**knobs)
    assert cls.Config.model_validate_json(config.model_dump_json()) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert cls.__doc__
    assert cls.Config.__doc__
    for name, field in cls.Config.model_fields.items():
        assert name == "type" or field.description, name
    with pytest.raises(ValueError, match="unheard_of"):
        cls.Config(unheard_of=1)


@every_policy
def test_support_is_well_formed(cls, knobs, view):
    policy = build(cls, knobs, view)
    for hour in range(3):
        seen = later(view, hour)
        policy.on_tick(seen)
        support = policy.support(seen)
        if support is None:
            continue
        m = support.note_idx.shape
        types = {"note_idx": np.int32, "pre_rank": np.float32, "rank": np.float32,
                 "price": np.float32, "remaining": np.int32, "insert": np.uint8}  # fmt: skip
        for name, dtype in types.items():
            column = getattr(support, name)
            assert column.dtype == dtype, name
            assert column.shape == m, name
        assert (np.diff(support.note_idx) > 0).all()
        assert support.note_idx[0] >= seen.live_start
        assert support.note_idx[-1] < seen.notes.n
        for coefficient in (support.pre_rank, support.rank):
            assert np.isfinite(coefficient).all()
            assert (coefficient > 0).all()
        assert (support.price >= 0).all()
        assert (support.remaining >= 0).all()
        assert set(np.unique(support.insert)) <= {0, 1}
        if support.insert.any():
            assert policy.insert_every > 0
        SupportTable.empty(seen.notes.n).fill([support], seen.notes.n, policy.insert_every)


@every_policy
def test_asking_twice_answers_the_same_and_shares_no_memory(cls, knobs, view):
    policy = build(cls, knobs, view)
    policy.on_tick(view)
    first = policy.support(view)
    again = policy.support(view)
    assert same(first, again)
    if first is not None:
        first.rank[:] = 9
        first.remaining[:] = 0
        assert same(policy.support(view), again)


@every_policy
def test_an_empty_platform_needs_no_support(cls, knobs):
    empty = make_view(0, 5, seed=1)
    policy = build(cls, knobs, empty)
    policy.on_tick(empty)
    support = policy.support(empty)
    assert support is None or support.note_idx.size == 0


@every_policy
def test_periods_are_whole_seconds(cls, knobs, view):
    policy = build(cls, knobs, view)
    assert policy.tick_period_s >= 0
    assert policy.insert_every >= 0


@every_policy
def test_gates_have_the_shape_of_the_candidates(cls, knobs, view):
    policy = build(cls, knobs, view)
    gate = policy.gate(make_requests(view, 5), make_candidates(view, 5, 20), view)
    assert gate is None or (gate.dtype == np.bool_ and gate.shape == (5, 20))


@every_policy
def test_a_checkpoint_continues_bit_for_bit(cls, knobs, view):
    original = build(cls, knobs, view)
    for hour in range(3):
        original.on_tick(later(view, hour))
        original.support(later(view, hour))
    stream = io.BytesIO()
    np.savez(stream, **original.state_arrays())
    stream.seek(0)
    copy = build(cls, knobs, view)
    with np.load(stream, allow_pickle=False) as arrays:
        copy.load_state(dict(arrays))
    for policy in (original, copy):
        policy.on_tick(later(view, 3))
    assert same(original.support(later(view, 3)), copy.support(later(view, 3)))
