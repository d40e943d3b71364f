"""Worlds shared by the tests of this room; tests that change a world make their own."""

import numpy as np
import pytest

from tests.world.driving import START_DAY, live_day, make_world


@pytest.fixture(scope="session")
def world():
    """A world with a backlog of notes. Ask its readers what you like, but end no day."""
    return make_world(2_000, seed=0)


@pytest.fixture(scope="session")
def lived():
    """A driven day of eight thousand readers: the world and what happened."""
    world = make_world(8_000, seed=3)
    return world, live_day(world, START_DAY, np.random.default_rng(3))
