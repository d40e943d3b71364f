"""Notes drawn again are the notes that the world wrote."""

import numpy as np

from simulator.world.replay import oracle_note_quality
from tests.world.driving import START_DAY


def test_quality_is_that_of_the_notes_of_the_world(world):
    rows = np.linspace(0, world.notes.n - 1, 25).astype(int)
    t = world.notes.published_t[rows].astype(np.float64)
    found = oracle_note_quality(world.config, 0, START_DAY, t, world.readers.n)
    known = np.isfinite(found)
    assert known.mean() > 0.9
    np.testing.assert_allclose(found[known], world.notes.quality[rows][known], rtol=1e-5)


def test_an_instant_at_which_nobody_published_has_no_quality(world):
    found = oracle_note_quality(world.config, 0, START_DAY, np.array([12_345.678]), 500)
    assert np.isnan(found).all()


def test_another_seed_is_another_world(world):
    t = world.notes.published_t[:5].astype(np.float64)
    assert np.isnan(oracle_note_quality(world.config, 1, START_DAY, t, world.readers.n)).all()
