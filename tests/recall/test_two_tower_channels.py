"""Channels that take a model's vectors: look-alike's seeds, waiting for the first model."""

import dataclasses
import logging

import numpy as np
import pytest

from recall.lookalike import Lookalike, LookalikeConfig
from recall.vector_pool import VectorPool, VectorPoolConfig
from simulator.contracts.batches import Interactions
from simulator.contracts.events import N_KINDS, Kind
from simulator.learning.dense_kernels import unit_rows
from tests.recall.test_two_tower import fed, learn, make, serve
from tests.support.platform import make_requests, make_view

VIEW = make_view(800, 120, seed=4, unknown_share=0.0, span_s=2 * 86_400)
NOTE = VIEW.notes.n - 1
SEEDS = [3, 4, 17]


def clicks(readers, *kinds):
    actions = np.zeros((len(readers), N_KINDS), np.float32)
    actions[:, [Kind.IMPRESSION, Kind.CLICK, *kinds]] = 1
    return Interactions(
        t=np.full(len(readers), VIEW.now),
        reader_idx=np.array(readers, np.int32),
        note_idx=np.full(len(readers), NOTE, np.int32),
        actions=actions,
    )


def lookalike(model, **knobs):
    channel = Lookalike(LookalikeConfig(source="two_tower", **knobs))
    channel.setup(VIEW.spec)
    channel.bind({"two_tower": model})
    return channel


def note_vector(channel):
    index = channel._index.state_arrays()
    place = int(np.flatnonzero(index["packed_ids"] == NOTE)[0])
    return index["blocks"][place // 64, :, place % 64]


def mean_of(model, readers):
    vectors = model.reader_vectors(VIEW, np.array(readers, np.int32)).sum(axis=0, keepdims=True)
    unit_rows(vectors)
    return vectors[0]


@pytest.fixture
def model():
    return fed(VIEW)


def test_seeds_have_the_vectors_of_the_model(model):
    learn(model, VIEW)
    channel = lookalike(model)
    assert (channel.name, channel.follows) == ("lookalike_two_tower", ("two_tower",))
    channel.nearline(clicks(SEEDS[:2]), VIEW)
    channel.refresh(VIEW)
    channel.nearline(clicks(SEEDS[2:]), VIEW)
    channel.refresh(VIEW)
    np.testing.assert_allclose(note_vector(channel), mean_of(model, SEEDS), atol=1e-6)
    asked = dataclasses.replace(make_requests(VIEW, 1), reader_idx=np.array([3], np.int32))
    assert channel.recall(asked, VIEW)[0, 0] == NOTE


@pytest.mark.parametrize("job", ["full", "incremental"])
def test_a_new_model_places_all_seeds_anew(model, job):
    learn(model, VIEW)
    channel = lookalike(model)
    channel.nearline(clicks(SEEDS, Kind.LIKE), VIEW)
    channel.refresh(VIEW)
    before = note_vector(channel)
    serve(model, VIEW, seed=90)
    learn(model, VIEW, job)
    channel.nearline(clicks([5]), VIEW)
    channel.refresh(VIEW)
    assert not np.array_equal(note_vector(channel), before)
    np.testing.assert_allclose(note_vector(channel), mean_of(model, [*SEEDS, 5]), atol=1e-6)


def test_seeds_wait_for_the_first_model(model):
    channel = lookalike(model)
    channel.nearline(clicks(SEEDS), VIEW)
    channel.refresh(VIEW)
    assert (channel.recall(make_requests(VIEW, 9), VIEW) == -1).all()
    learn(model, VIEW)
    channel.refresh(VIEW)
    np.testing.assert_allclose(note_vector(channel), mean_of(model, SEEDS), atol=1e-6)


def test_seeds_of_a_model_survive_a_checkpoint(model):
    learn(model, VIEW)
    channel, copy = lookalike(model), lookalike(model)
    channel.nearline(clicks(SEEDS), VIEW)
    channel.refresh(VIEW)
    copy.load_state({name: array.copy() for name, array in channel.state_arrays().items()})
    serve(model, VIEW, seed=91)
    learn(model, VIEW)
    for one in (channel, copy):
        one.nearline(clicks([8], Kind.SHARE), VIEW)
        one.refresh(VIEW)
    np.testing.assert_array_equal(note_vector(copy), note_vector(channel))


@pytest.mark.parametrize(
    ("kind", "config"), [(VectorPool, VectorPoolConfig), (Lookalike, LookalikeConfig)]
)
def test_waiting_for_a_model_is_said_once(kind, config, caplog):
    channel = kind(config(source="two_tower"))
    channel.setup(VIEW.spec)
    channel.bind({"two_tower": make(VIEW)})
    with caplog.at_level(logging.INFO, logger="recall.vector_source"):
        for _ in range(3):
            channel.refresh(VIEW)
    assert len(caplog.records) == 1
    assert f"{channel.name} finds nothing until the model 'two_tower'" in caplog.text
