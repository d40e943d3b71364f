"""Differentiated quotas: by content, by creator, in tiers, and later by what was earned."""

import dataclasses

import numpy as np
import pytest

from policies.creator_history import CreatorHistory, CreatorHistoryConfig
from policies.differentiated_quota import DifferentiatedQuota, DifferentiatedQuotaConfig
from policies.places import Places
from simulator.contracts.errors import PluginError
from simulator.contracts.events import DAY_S, HOUR_S, Kind
from tests.support.platform import freeze, make_view

VIEW = make_view(4_000, 400, seed=6)
YOUNG = np.flatnonzero(VIEW.notes.published_t > VIEW.now - DAY_S)


class Scorer:
    """Scores a note by its row: the later, the better."""

    def note_scores(self, view, rows):
        return (rows / 10_000).astype(np.float32)


class NoScorer:
    config = None


def build(view=VIEW, scorer=None, **knobs):
    name = None if scorer is None else "judge"
    config = DifferentiatedQuotaConfig(quality_model=name, **knobs)
    policy = DifferentiatedQuota(config)
    policy.setup(view.spec)
    policy.bind({} if scorer is None else {"judge": scorer})
    policy.on_tick(view)
    return policy


def targets(policy):
    return policy.promises["target"][policy.promises.rows]


def test_targets_run_from_100_to_500():
    found = targets(build(scorer=Scorer()))
    assert found.size == YOUNG.size
    assert ((found >= 100) & (found <= 500)).all()
    assert len(np.unique(found)) > 20


def test_without_a_model_content_adds_half_of_its_most():
    found = targets(build(creator_max=0))
    assert set(found) == {200}


def test_places_keep_the_mean_target_whatever_the_scores_are():
    class Timid(Scorer):
        def note_scores(self, view, rows):
            return super().note_scores(view, rows) / 1_000

    means = [targets(build(scorer=s(), creator_max=0)).mean() for s in (Scorer, Timid)]
    assert means[0] == means[1]
    bold = targets(build(scorer=Scorer(), creator_max=0))
    assert (np.diff(bold) >= 0).all()
    assert bold.max() == 300


def test_equal_scores_share_the_middle():
    places = Places()
    assert places.of(np.array([3.0])).tolist() == [0.5]
    places.refresh(np.array([1.0, 1.0, 2.0, 3.0]))
    assert places.of(np.array([0.0, 1.0, 2.0, 9.0])).tolist() == [0, 0.25, 0.625, 1]


def counted(hits_of, n_notes=6, n_creators=4):
    """Creators with `n_notes` well-shown notes each, of which some have a high click rate."""
    view = make_view(n_notes * n_creators, 40, seed=1)
    creator = np.repeat(np.arange(n_creators), n_notes).astype(np.int32)
    nth = np.tile(np.arange(n_notes), n_creators)
    totals = np.zeros_like(view.notes.totals)
    totals[:, Kind.IMPRESSION] = 1_000
    totals[:, Kind.CLICK] = np.where(nth < np.array(hits_of)[creator], 300, 100)
    notes = freeze(dataclasses.replace(view.notes, totals=totals, creator_idx=creator))
    creators = freeze(
        dataclasses.replace(
            view.creators,
            reader_idx=np.arange(n_creators, dtype=np.int32),
            joined_t=np.zeros(n_creators),
            n_notes=np.full(n_creators, n_notes, np.int32),
            totals=np.zeros((n_creators, totals.shape[1]), np.float32),
        )
    )
    return dataclasses.replace(view, notes=notes, creators=creators)


def test_a_creator_is_worth_the_share_of_hits_shrunk_to_the_average():
    config = CreatorHistoryConfig(hot_share=0.25, newcomer_notes=4)
    view = counted([6, 0, 0, 0])
    history = CreatorHistory(config, view.spec)
    history.refresh(view)
    newcomer = history.of(np.array([99], np.int32))
    assert newcomer.tolist() == [0.25]
    values = history.of(np.arange(4, dtype=np.int32))
    assert values[0] == pytest.approx((6 + 1) / (6 + 4))
    assert values[1:] == pytest.approx(np.full(3, 1 / 10))


def test_few_notes_move_a_creator_little():
    config = CreatorHistoryConfig(hot_share=0.25, newcomer_notes=4)
    view = counted([6, 0, 0, 0])
    few = counted([1, 0, 0, 0], n_notes=1)
    for each, low, high in ((view, 0.6, 0.8), (few, 0.26, 0.45)):
        history = CreatorHistory(config, each.spec)
        history.refresh(each)
        assert low < history.of(np.array([0], np.int32))[0] < high


def test_notes_that_were_hardly_shown_say_nothing():
    view = counted([6, 0, 0, 0])
    history = CreatorHistory(CreatorHistoryConfig(min_impressions=5_000), view.spec)
    history.refresh(view)
    assert set(history.of(np.arange(4, dtype=np.int32))) == {0.1}


def test_good_creators_are_promised_more():
    view = counted([6, 3, 0, 0])
    published = np.linspace(view.now - 2 * HOUR_S, view.now - HOUR_S, view.notes.n)
    notes = freeze(dataclasses.replace(view.notes, published_t=published))
    fresh = dataclasses.replace(view, notes=notes, live_start=0, new_start=0)
    policy = DifferentiatedQuota(DifferentiatedQuotaConfig(content_max=0, target=5_000))
    policy.setup(fresh.spec)
    policy.on_tick(fresh)
    by_creator = targets(policy).reshape(4, 6)
    assert (by_creator == by_creator[:, :1]).all()
    assert by_creator[0, 0] > by_creator[1, 0] > by_creator[2, 0] == by_creator[3, 0]


def test_tiers_hold_forty_forty_and_twenty_percent():
    found = targets(build(scorer=Scorer(), split="tiers"))
    assert set(found) <= {100, 300, 500}
    reference = build(scorer=Scorer(), split="tiers").quality
    rows = np.arange(max(VIEW.notes.n - 2_000, VIEW.live_start), VIEW.notes.n, dtype=np.int32)
    tier = np.digitize(reference.both(VIEW, rows), [0.4, 0.8])
    np.testing.assert_allclose(np.bincount(tier) / rows.size, [0.4, 0.4, 0.2], atol=0.01)


def test_a_later_stage_goes_by_what_was_earned():
    policy = build(later_max=100, trusted=50, content_max=0, creator_max=0)
    rows = policy.promises.rows
    totals = VIEW.notes.totals.copy()
    totals[rows] = 0
    totals[rows, Kind.IMPRESSION] = 100
    totals[rows, Kind.CLICK] = np.linspace(0, 60, rows.size).astype(int)
    notes = freeze(dataclasses.replace(VIEW.notes, totals=totals))
    later = dataclasses.replace(VIEW, now=VIEW.now + HOUR_S, notes=notes)
    policy.quota_changes()
    policy.on_tick(later)
    changes = policy.quota_changes()
    begun = (changes.event == 0) & (changes.stage == 1)
    assert 0 < begun.sum() < rows.size
    assert set(changes.note_idx[begun]) <= set(rows.tolist())
    promised = changes.target[begun]
    assert (np.diff(promised) >= 0).all()
    assert (promised > 130).all()
    assert promised.max() <= 200


def test_a_model_that_scores_no_notes_is_refused():
    with pytest.raises(PluginError, match="'judge' does not score notes"):
        build(scorer=NoScorer())


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"tier_targets": (300, 100, 500)}, "must ascend"),
        ({"later_stages": [{"target": 200, "window": "72h"}]}, "use later_max and later_window"),
        ({"later_max": 10, "later_window": "24h"}, "later_window must be longer"),
    ],
)
def test_knobs_that_contradict_each_other_are_refused(knobs, words):
    with pytest.raises(ValueError, match=words):
        DifferentiatedQuotaConfig(**knobs)


def test_the_model_is_asked_for_by_name():
    assert DifferentiatedQuotaConfig().model_names() == {}
    config = DifferentiatedQuotaConfig(quality_model="content_quality")
    assert config.model_names() == {"quality_model": "content_quality"}
