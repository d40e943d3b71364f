"""Pools of a model: names, an index only once it is trained, refresh when it is published."""

import numpy as np
import pytest

from recall.vector_pool import VectorPool, VectorPoolConfig
from simulator.app.loading import validate
from simulator.engine.replication import Hooks
from tests.recall.test_two_tower import fed, learn, make
from tests.support.platform import make_requests, make_view
from tests.support.small_runs import TINY, logged, simulate

VIEW = make_view(800, 120, seed=4, unknown_share=0.0)


def pool(model, **knobs):
    channel = VectorPool(VectorPoolConfig(source="two_tower", k=20, **knobs))
    channel.setup(VIEW.spec)
    channel.bind({"two_tower": model})
    return channel


def test_names_say_whose_vectors_and_where_cold_notes_are():
    names = [
        pool(make(VIEW), **knobs).name
        for knobs in ({}, {"max_age": "24h"}, {"cold": "borrowed", "max_age": "24h"})
    ]
    assert names == ["two_tower_30d", "two_tower_24h", "two_tower_24h_borrowed"]
    assert pool(make(VIEW)).follows == ("two_tower",)


def test_a_pool_without_a_trained_model_finds_nothing():
    channel = pool(make(VIEW))
    channel.refresh(VIEW)
    assert (channel.recall(make_requests(VIEW, 5), VIEW) == -1).all()


def test_the_nearest_notes_are_found():
    model = fed(VIEW)
    learn(model, VIEW)
    channel = pool(model, cold="borrowed")
    channel.refresh(VIEW)
    requests = make_requests(VIEW, 5)
    found = channel.recall(requests, VIEW)
    rows = np.arange(VIEW.live_start, VIEW.notes.n, dtype=np.int32)
    readers = model.reader_vectors(VIEW, requests.reader_idx)
    scores = readers @ model.note_vectors(VIEW, rows, "borrowed").T
    best = np.sort(-np.partition(-scores, 19, axis=1)[:, :20], axis=1)
    got = np.sort(np.take_along_axis(scores, found - rows[0], axis=1), axis=1)
    np.testing.assert_allclose(got, best, atol=1e-5)


LEARNED = {
    "models": [
        {"type": "two_tower", "full_every": "6h", "full_at": "1h", "full_delay": "1h",
         "min_clicks": 10, "hidden": 8, "dim": 8, "id_dim": 4},
    ],
    "recall": [
        {"type": "popular", "k": 60},
        {"type": "vector_pool", "source": "two_tower", "max_age": "30d", "k": 20},
        {"type": "vector_pool", "source": "two_tower", "max_age": "24h", "cold": "borrowed"},
    ],
    "horizon": "1d",
}  # fmt: skip


def test_a_run_learns_serves_and_continues(tmp_path):
    whole = simulate(tmp_path / "whole", LEARNED)
    trainings = logged(tmp_path / "whole", "trainings")
    own = trainings[trainings["learner"] == "models.two_tower"]
    assert (own.query("job == 'full'")["status"] == "ok").any()
    assert (own.query("job == 'incremental'")["status"] == "ok").any()
    events = logged(tmp_path / "whole", "events")
    found = (events["channels"].to_numpy() & 2) != 0
    served = own.query("job == 'full' and status == 'ok'")["serves_t"].min()
    assert not found[(events["t"] < served).to_numpy()].any()
    assert found[(events["t"] > served + 60).to_numpy()].any()
    clock = [0.0]
    hooks = Hooks(
        progress=lambda t, _: clock.append(t), should_stop=lambda: clock[-1] > served + 3_600
    )
    with pytest.raises(Exception, match="stopped"):
        simulate(tmp_path / "part", LEARNED, hooks=hooks)
    assert simulate(tmp_path / "part", LEARNED, resume=True) == whole


def test_the_chunk_never_changes_a_learned_run(tmp_path):
    digests = {simulate(tmp_path / str(n), LEARNED, chunk=n) for n in (1, 7, 64)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("models", "source", "words"),
    [
        ([{"type": "two_tower"}], "two_towr", "did you mean 'two_tower'"),
        ([], "two_tower", "there are: none"),
        ([{"type": "two_tower", "name": "main"}], "two_tower", "there are: main"),
    ],
)
def test_a_pool_of_a_model_that_is_not_there_is_refused(models, source, words):
    recall = [{"type": "vector_pool", "source": source}]
    findings = validate({**TINY, "models": models, "recall": recall})
    assert len(findings) == 1
    assert findings[0].path == "recall[0].source"
    assert words in str(findings[0])
