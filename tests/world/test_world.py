"""The world as a whole: growth, checkpoints, titles, configuration."""

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.contracts.events import Kind
from simulator.world import WorldConfig
from simulator.world.tables import ReaderTruth
from tests.world.driving import START_DAY, day_end, first_day_totals, live_day, make_world


def run_days(world, days):
    for day in days:
        log = live_day(world, day, np.random.default_rng(day + 50))
        note_idx = np.flatnonzero(world.notes.published_t[: world.notes.n] > -1).astype(np.int32)
        totals = first_day_totals(log, world.notes.n)
        world.creator_feedback(day_end(day), note_idx, totals[note_idx])
        world.end_of_day(day, day_end(day))


def test_a_checkpoint_continues_bit_for_bit():
    straight = make_world(400, seed=9)
    run_days(straight, [START_DAY])
    saved = {name: array.copy() for name, array in straight.state_arrays().items()}
    run_days(straight, [START_DAY + 1, START_DAY + 2])
    resumed = make_world(400, seed=9, backlog=False)
    run_days(resumed, [START_DAY + 7])
    resumed.load_state(saved)
    run_days(resumed, [START_DAY + 1, START_DAY + 2])
    end = resumed.state_arrays()
    for name, array in straight.state_arrays().items():
        np.testing.assert_array_equal(end[name], array, err_msg=name)
        assert end[name].dtype == array.dtype
    assert straight.readers.satisfaction[:400].any()
    assert (straight.creators.motivation[:50] != np.float32(0.9)).any()


def test_seeds_differ_and_repeat():
    one, again, two = make_world(100, seed=1), make_world(100, seed=1), make_world(100, seed=2)
    assert (one.readers.taste == again.readers.taste).all()
    assert not (one.readers.taste == two.readers.taste).any(axis=1).all()
    assert not np.isin(one.notes.key[: one.notes.n], two.notes.key[: two.notes.n]).any()


def test_tables_grow_by_doubling():
    table = ReaderTruth(16, {"taste": 3, "category_counts": 2})
    for k in range(5):
        table.append(10, {"taste": np.full((10, 3), k, np.float32)})
    assert table.n == 50
    assert table.capacity == 64
    assert (table.taste[:50, 0] == np.repeat(np.arange(5), 10)).all()
    assert not table.alive[:50].any()


def test_load_state_leaves_no_trace_of_what_was_there():
    table = ReaderTruth(16, {"taste": 3, "category_counts": 2})
    table.append(2, {})
    state = table.state_arrays()
    table.append(10, {"alive": np.ones(10, np.uint8)})
    table.load_state(state)
    table.append(10, {})
    assert table.n == 12
    assert not table.alive.any()


def test_titles_are_made_on_demand(world):
    titles = world.titles(slice(0, 5))
    assert len(titles) == 5
    assert all(title[0].isupper() or not title[0].isalpha() for title in titles)
    assert world.titles(np.array([4, 0], np.int32)) == [titles[4], titles[0]]


def test_oracle_knows_quality_and_taste(world):
    readers = np.zeros(world.notes.n, np.int32)
    notes = np.arange(world.notes.n, dtype=np.int32)
    p = world.oracle_click_probability(readers, notes)
    assert p.dtype == np.float64
    assert ((p > 0) & (p < 1)).all()
    logit = np.log(p / (1 - p))
    affinity = world.notes.appeal[notes].astype(float) @ world.readers.taste[0]
    quality = world.config.behavior.quality_coefficient * world.notes.quality[notes]
    rest = logit - affinity - quality
    assert np.ptp(rest) < 1e-4


def test_a_tiny_and_a_narrow_world_live():
    world = make_world(
        12,
        seed=1,
        notes={"n_categories": 2, "keywords_per_note": 2, "keywords_per_category": 4},
        creators={"monthly_share": 0.0},
    )
    assert world.notes.n == 0
    assert world.plan_publishes(0).n == 0
    assert world.end_of_day(0, day_end(0)).new_creators.n == 0


def test_config_offers_sizes_and_refuses_nonsense():
    config = WorldConfig(notes={"n_categories": 5, "keywords_per_category": 7})
    assert (config.n_categories, config.n_keywords, config.keywords_per_note) == (5, 35, 4)
    for block in (
        {"sessions": {"hourly_weights": [0.0] * 24}},
        {"sessions": {"hourly_weights": [1.0] * 23}},
        {"readers": {"n_favourites_weights": (0, 0, 0, 0)}},
        {"creators": {"n_topics_weights": (0, 0, 0)}},
        {"readers": {"n": 1}},
        {"behavior": {"click_base": float("nan")}},
        {"unknown": {}},
    ):
        with pytest.raises(ValidationError):
            WorldConfig(**block)


def test_every_knob_is_documented():
    def fields(model):
        for name, info in model.model_fields.items():
            inner = info.annotation
            if isinstance(inner, type) and hasattr(inner, "model_fields"):
                yield from fields(inner)
            else:
                yield name, info

    for name, info in fields(WorldConfig):
        assert info.description, name


def test_first_day_totals_count_impressions(lived):
    world, day = lived
    totals = first_day_totals(day, world.notes.n)
    assert totals[:, Kind.IMPRESSION].sum() == day.n_seen.sum()
