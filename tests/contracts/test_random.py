"""Keyed draws: uniform, uncorrelated across purposes and entities, the same in any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator.contracts import random as keyed


def test_draws_are_uniform() -> None:
    draws = keyed.uniform(7, "click", np.arange(200_000), 3)
    assert stats.kstest(draws, "uniform").pvalue > 1e-4


def test_neighbouring_ids_and_purposes_are_uncorrelated() -> None:
    ids = np.arange(100_000)
    draws = {
        (purpose, seed): keyed.uniform(seed, purpose, ids)
        for purpose in ("click", "like")
        for seed in (1, 2)
    }
    base = draws["click", 1]
    limit = 4.5 / np.sqrt(ids.size)
    assert abs(np.corrcoef(base[:-1], base[1:])[0, 1]) < limit
    for other in (draws["like", 1], draws["click", 2]):
        assert abs(np.corrcoef(base, other)[0, 1]) < limit


def test_pairs_do_not_collide() -> None:
    keys = keyed.hashed(1, "note", np.arange(1_000)[:, None], np.arange(1_000)[None, :])
    assert np.unique(keys).size == keys.size


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
def test_a_draw_depends_on_its_entity_alone(seed: int, ids: list[int]) -> None:
    together = keyed.uniform(seed, "x", np.array(ids))
    alone = [float(keyed.uniform(seed, "x", i)) for i in ids]
    assert together.tolist() == alone


def test_normal_has_unit_scale() -> None:
    draws = keyed.normal(3, "taste", np.arange(100_000))
    assert stats.kstest(draws, "norm").pvalue > 1e-4
