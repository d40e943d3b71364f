"""Readers: what they declare, when they registered, how their tables look."""

import numpy as np
import pytest

from tests.world.driving import favourites_of, make_world


def test_declared_interests_are_a_noisy_picture_of_taste(world):
    declared = world.registered().declared
    assert declared.dtype == np.float32
    np.testing.assert_allclose(declared.sum(axis=1), 1, rtol=1e-6)
    named = (declared > 0).sum(axis=1)
    assert set(named) == {1, 2, 3}
    favourites = favourites_of(world, np.arange(world.readers.n))
    rows, categories = np.nonzero(declared)
    right = (favourites[rows] == categories[:, None]).any(axis=1)
    assert 0.8 < right.mean() < 0.97


def test_first_readers_registered_before_the_start(world):
    joined = world.registered().joined_t
    assert joined.dtype == np.float64
    assert joined.shape == (world.readers.n,)
    assert (joined <= 0).all()
    assert -600 < joined.mean() / 86_400 < -400


@pytest.mark.parametrize("n_readers", [10, 33_000])
def test_any_number_of_readers(n_readers):
    world = make_world(n_readers, backlog=False)
    new = world.registered()
    assert world.readers.n == new.n == n_readers
    assert new.declared.shape == (n_readers, 20)


def test_truth_stays_small(world):
    assert world.readers.bytes_per_row <= 350
    assert world.notes.bytes_per_row <= 300
