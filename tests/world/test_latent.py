"""The latent space: spread of affinity, what content explains, keyed draws."""

import numpy as np
import pytest

from simulator.contracts.random import hashed
from simulator.world.latent import draw_appeals, draw_geometry, draw_keywords, draw_tastes
from tests.world.driving import favourites_of, make_config, make_world


@pytest.mark.statistical
def test_affinity_has_the_configured_spread_and_share(world):
    rng = np.random.default_rng(1)
    taste = world.readers.taste[rng.integers(0, world.readers.n, 40_000)]
    category = rng.choice(20, 40_000, p=world._geometry.category_weights)
    key = hashed(99, "another", np.arange(40_000))
    config = world.config
    words = draw_keywords(world._geometry, config, 99, key)
    appeal = draw_appeals(world._geometry, config, 99, key, category, words)
    width = config.notes.content_dim
    content = (taste[:, :width] * appeal[:, :width]).sum(axis=1)
    hidden = (taste[:, width:] * appeal[:, width:]).sum(axis=1)
    affinity = content + hidden
    sd = config.behavior.affinity_sd
    assert content.std() == pytest.approx(sd * np.sqrt(0.6), rel=0.06)
    assert hidden.std() == pytest.approx(sd * np.sqrt(0.4), rel=0.06)
    assert sd < affinity.std() < 1.12 * sd
    assert affinity.mean() == pytest.approx(world._scale.mean, abs=0.05)


@pytest.mark.statistical
def test_favourite_categories_attract(world):
    readers = np.repeat(np.arange(300, dtype=np.int32), world.notes.n)
    notes = np.tile(np.arange(world.notes.n, dtype=np.int32), 300)
    p = world.oracle_click_probability(readers, notes).reshape(300, -1)
    category = world.notes.category[: world.notes.n]
    liked = (favourites_of(world, np.arange(300))[:, :, None] == category).any(axis=1)
    assert p[liked].mean() > 1.8 * p[~liked].mean()


def test_scale_does_not_depend_on_the_number_of_readers():
    small, large = make_world(20, backlog=False), make_world(300, backlog=False)
    assert small._scale == large._scale
    assert (small.readers.taste[:20] == large.readers.taste[:20]).all()


def test_draws_do_not_depend_on_company():
    config = make_config()
    geometry = draw_geometry(config, 4)
    ids = np.arange(500, dtype=np.int64)
    some = ids[[3, 77, 499]]
    whole, part = draw_tastes(geometry, config, 4, ids), draw_tastes(geometry, config, 4, some)
    assert (whole.content[some] == part.content).all()
    assert (whole.hidden[some] == part.hidden).all()
    key = hashed(4, "any", ids)
    words = draw_keywords(geometry, config, 4, key)
    category = ids % 20
    appeal = draw_appeals(geometry, config, 4, key, category, words)
    again = draw_appeals(geometry, config, 4, key[some], category[some], words[some])
    assert (words[some] == draw_keywords(geometry, config, 4, key[some])).all()
    assert (appeal[some] == again).all()


def test_keywords_are_two_to_four_and_distinct():
    config = make_config()
    key = hashed(1, "any", np.arange(3_000))
    words = draw_keywords(draw_geometry(config, 1), config, 1, key)
    used = words >= 0
    assert set(used.sum(axis=1)) == {2, 3, 4}
    assert (used[:, :2]).all()
    for row in words[:300]:
        kept = row[row >= 0]
        assert np.unique(kept).size == kept.size
    counts = np.bincount(words[used], minlength=30)
    assert counts[0] > 3 * counts[29] > 0
