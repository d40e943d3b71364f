"""What every recall channel of the package must keep to."""

import dataclasses
import importlib
import inspect
import io
import pickle
import pkgutil

import numpy as np
import pytest

import recall
from simulator.contracts.plugins import RecallChannel
from tests.support.platform import (
    make_interactions,
    make_requests,
    make_spec,
    make_view,
    slice_requests,
)


def find_channels():
    """Return the channel classes that are defined in the modules of the package."""
    found = {}
    for info in pkgutil.iter_modules(recall.__path__):
        module = importlib.import_module(f"recall.{info.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, RecallChannel) and kind.__module__ == module.__name__:
                found[kind.Config.model_fields["type"].default] = kind
    return found


CHANNELS = find_channels()
VARIANTS = [(name, {}) for name in sorted(CHANNELS)] + [
    ("vector_pool", {"max_age": "24h"}),
    ("vector_pool", {"max_impressions": 100}),
    ("vector_pool", {"scan": 100, "k": 40}),
    ("category", {"k": 7}),
    ("cluster", {"k": 11, "n_clusters": 8, "max_similarity": 0.5}),
    ("lookalike", {"k": 300, "max_age": "30d"}),
    ("item_cf", {"k": 5, "min_common": 1}),
    ("item_cf", {"min_age": "24h"}),
    ("vector_pool", {"min_age": "24h"}),
    ("popular", {"min_age": "24h", "order": "click_rate"}),
    ("popular", {"n_interests": 4, "k": 40}),
]

POOLS = [(name, knobs) for name, knobs in VARIANTS if knobs.keys() & {"max_age", "max_impressions"}]
POOLS = [pool for pool in POOLS if pool[0] == "vector_pool"]

every_channel = pytest.mark.parametrize(
    ("name", "knobs"),
    VARIANTS,
    ids=["-".join([name, *map(str, knobs.values())]) for name, knobs in VARIANTS],
)


@pytest.fixture(scope="module")
def view():
    return make_view(3_000, 200, seed=5)


@pytest.fixture(scope="module")
def empty_view():
    return make_view(0, 20, seed=5)


def build(name, knobs, view, *, ready=True):
    """Return a channel that has been set up and, when ready, has seen clicks and refreshed."""
    kind = CHANNELS[name]
    channel = kind(kind.Config(**knobs))
    channel.setup(view.spec)
    if ready:
        if view.notes.n:
            channel.nearline(make_interactions(view, 400, seed=2, youngest=True), view)
            channel.nearline(make_interactions(view, 400, seed=3), view)
        channel.refresh(view)
    return channel


def assert_shape(found, n_requests, channel, view):
    assert found.dtype == np.int32
    assert found.shape == (n_requests, channel.config.k)
    assert ((found >= -1) & (found < view.notes.n)).all()


def test_the_channels_of_the_package_are_found():
    assert {
        "category", "cluster", "item_cf", "keyword", "lookalike", "popular", "vector_pool",
    } <= set(CHANNELS)  # fmt: skip


@every_channel
def test_config_round_trip(name, knobs):
    config = CHANNELS[name].Config(**knobs)
    assert type(config)(**config.model_dump()) == config
    assert type(config).model_validate_json(config.model_dump_json()) == config
    assert pickle.loads(pickle.dumps(config)) == config


@every_channel
def test_every_knob_is_described(name, knobs):
    for field, info in CHANNELS[name].Config.model_fields.items():
        assert field == "type" or info.description, field


@every_channel
def test_results_are_notes_of_the_right_shape(name, knobs, view):
    channel = build(name, knobs, view)
    found = channel.recall(make_requests(view, 50), view)
    assert_shape(found, 50, channel, view)
    assert (found >= 0).any()
    for row in found:
        notes = row[row >= 0]
        assert np.unique(notes).size == notes.size
        assert (row[: notes.size] >= 0).all(), "results are packed to the left"


@every_channel
def test_only_live_notes_are_found_right_after_a_refresh(name, knobs, view):
    found = build(name, knobs, view).recall(make_requests(view, 50), view)
    assert (found[found >= 0] >= view.live_start).all()


@every_channel
def test_nothing_is_found_before_the_first_refresh(name, knobs, view):
    channel = build(name, knobs, view, ready=False)
    found = channel.recall(make_requests(view, 8), view)
    assert_shape(found, 8, channel, view)
    assert (found == -1).all()


@every_channel
def test_an_empty_world_yields_nothing(name, knobs, empty_view):
    channel = build(name, knobs, empty_view)
    found = channel.recall(make_requests(empty_view, 8), empty_view)
    assert_shape(found, 8, channel, empty_view)
    assert (found == -1).all()


@every_channel
def test_a_world_without_readers_can_be_refreshed(name, knobs):
    view = make_view(50, 0, seed=5)
    kind = CHANNELS[name]
    channel = kind(kind.Config(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    assert channel.recall(make_requests(view, 0), view).shape == (0, channel.config.k)


@every_channel
def test_an_empty_batch_yields_an_empty_result(name, knobs, view):
    channel = build(name, knobs, view)
    assert_shape(channel.recall(make_requests(view, 0), view), 0, channel, view)


@every_channel
def test_a_reader_without_history_is_served(name, knobs, view):
    channel = build(name, knobs, view)
    requests = make_requests(view, 6)
    unknown = np.flatnonzero((view.readers.recent < 0).all(axis=1))[:6].astype(np.int32)
    requests = dataclasses.replace(requests, reader_idx=unknown)
    assert_shape(channel.recall(requests, view), 6, channel, view)


@every_channel
def test_a_result_does_not_depend_on_the_batch(name, knobs, view):
    channel = build(name, knobs, view)
    requests = make_requests(view, 40)
    together = channel.recall(requests, view)
    alone = [channel.recall(slice_requests(requests, slice(i, i + 1)), view) for i in range(40)]
    assert np.array_equal(together, np.concatenate(alone))


@every_channel
def test_the_same_history_gives_the_same_result(name, knobs, view):
    requests = make_requests(view, 30)
    first = build(name, knobs, view).recall(requests, view)
    assert np.array_equal(build(name, knobs, view).recall(requests, view), first)


@every_channel
def test_a_result_is_the_callers_own(name, knobs, view):
    channel = build(name, knobs, view)
    requests = make_requests(view, 30)
    first = channel.recall(requests, view)
    before = first.copy()
    first[:] = -7
    assert np.array_equal(channel.recall(requests, view), before)


@every_channel
def test_state_survives_a_checkpoint(name, knobs, view):
    channel = build(name, knobs, view)
    file = io.BytesIO()
    np.savez(file, **channel.state_arrays())
    file.seek(0)
    restored = build(name, knobs, view, ready=False)
    with np.load(file, allow_pickle=False) as arrays:
        restored.load_state(dict(arrays))
    requests = make_requests(view, 30)
    assert np.array_equal(restored.recall(requests, view), channel.recall(requests, view))

    later = make_view(3_000, 200, seed=5, now=view.now + 1_800)
    for each in (channel, restored):
        each.nearline(make_interactions(later, 300, seed=9, youngest=True), later)
        each.refresh(later)
    assert np.array_equal(restored.recall(requests, later), channel.recall(requests, later))


@every_channel
def test_state_is_not_shared_with_a_restored_channel(name, knobs, view):
    channel = build(name, knobs, view)
    restored = build(name, knobs, view, ready=False)
    restored.load_state(channel.state_arrays())
    requests = make_requests(view, 30)
    before = restored.recall(requests, view)
    for array in channel.state_arrays().values():
        if array.dtype.kind in "iu":
            array[...] = 0
    assert np.array_equal(restored.recall(requests, view), before)


def test_names_differ_where_one_type_is_used_twice():
    names = [
        CHANNELS[name](CHANNELS[name].Config(**knobs)).name
        for name, knobs in [*((name, {}) for name in sorted(CHANNELS)), *POOLS]
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_other_seeds_and_widths_are_taken_from_the_spec(name):
    spec = make_spec(3, n_categories=3, n_keywords=7, keywords_per_note=2, embedding_dim=10)
    view = make_view(600, 60, seed=3, spec=spec)
    channel = build(name, {}, view)
    found = channel.recall(make_requests(view, 20), view)
    assert_shape(found, 20, channel, view)
    assert (found >= 0).any()
