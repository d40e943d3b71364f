"""Where cold notes are placed: borrowed ID vectors against the shared default and random ones.

Shadow pools search and show nothing, so the clicks that they are judged by were brought by the
other channels, the same for all. A pool's recall is the share of clicks on notes with little
exposure that had been among its 50 nearest notes to the reader.
"""

import functools

import numpy as np
import pytest

import simulator
from simulator.app.loading import load_scenario

SEEDS = range(1, 6)
COLD, K = 100, 50


def pool(**knobs):
    return {"type": "vector_pool", "shadow": True, "k": K, **knobs}


@functools.cache
def clicks(seed, folder):
    """Run one world; return its later clicks and the names of channels by bit."""
    base = load_scenario("quickstart").to_mapping()
    shadows = [
        *(pool(source="two_tower", cold=cold, max_impressions=COLD)
          for cold in ("borrowed", "default", "random")),
        pool(source="two_tower", min_age="24h"),
        pool(min_age="24h"),
    ]  # fmt: skip
    changes = {
        "seed": seed,
        "policies": [],
        "models": [{"type": "two_tower", "incremental_every": "2h"}],
        "recall": [*base["recall"], *({**shadow, "k": K + 1} if "source" not in shadow else shadow
                                      for shadow in shadows)],
    }  # fmt: skip
    result = simulator.run("quickstart", changes, out=folder)
    columns = ["reader_id", "channels", "note_impressions", "note_age_s"]
    return result.events(columns, where="click = 1 AND day >= 1"), result.manifest.channels


def recall(name, folder, wanted):
    """Return recall by seed for the clicks that a condition chooses."""
    found = []
    for seed in SEEDS:
        events, channels = clicks(seed, folder)
        rows = events[wanted(events)]
        bit = channels.index(name)
        found.append(((rows["channels"].to_numpy() >> bit) & 1).mean())
    return np.array(found)


def interval(difference):
    """Mean and 95 % t interval over seeds."""
    from scipy import stats

    mean, error = difference.mean(), difference.std(ddof=1) / np.sqrt(difference.size)
    half = stats.t.ppf(0.975, difference.size - 1) * error
    return mean, mean - half, mean + half


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cold")


@pytest.mark.slow
@pytest.mark.statistical
def test_borrowed_beats_default_beats_random_for_cold_notes(folder):
    cold = {
        name: recall(f"shadow.two_tower_cold100{suffix}", folder,
                     lambda events: events["note_impressions"] < COLD / 10)
        for name, suffix in (("borrowed", "_borrowed"), ("default", ""), ("random", "_random"))
    }  # fmt: skip
    for name, values in cold.items():
        print(f"{name:9} recall@50 {values.mean():.3f}: {np.round(values, 3)}")  # noqa: T201
    for better, worse in (("borrowed", "default"), ("default", "random")):
        mean, low, high = interval(cold[better] - cold[worse])
        print(f"{better} - {worse}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")  # noqa: T201
    assert interval(cold["borrowed"] - cold["random"])[1] > 0
    assert (cold["borrowed"] - cold["default"]).mean() > 0
    assert (cold["default"] - cold["random"]).mean() > 0


@pytest.mark.slow
@pytest.mark.statistical
def test_learned_vectors_find_more_old_notes_than_content(folder):
    def old(events):
        return events["note_age_s"] >= 86_400

    learned = recall("shadow.two_tower_30d", folder, old)
    content = recall("shadow.vector_pool_30d", folder, old)
    _, low, high = interval(learned - content)
    means = f"learned {learned.mean():.3f}, content {content.mean():.3f}"
    print(f"{means}, difference {low:+.3f} to {high:+.3f}")  # noqa: T201
    assert low > 0
