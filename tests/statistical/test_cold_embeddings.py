"""Where cold notes are placed: borrowed ID vectors against the shared default and random ones.

Shadow pools search and show nothing, so the clicks that they are judged by were brought by the
other channels, the same for all. A pool's recall is the share of clicks on notes with little
exposure that had been among its 50 nearest notes to the reader.

Two models learn side by side: one whose note tower reads the content embedding, and a `blind` one
whose notes of a category differ by their ID vectors alone. What a neighbour by content can lend is
what content says of a note. The blind model has nothing else to know a cold note by; the other
knows it already, and what is left in a lender's ID vector is its own.
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
        *(pool(source=source, cold=cold, max_impressions=COLD)
          for source in ("two_tower", "blind") for cold in ("borrowed", "default", "random")),
        pool(source="two_tower", min_age="24h"),
        pool(min_age="24h"),
    ]  # fmt: skip
    changes = {
        "seed": seed,
        "policies": [],
        "models": [
            {"type": "two_tower", "incremental_every": "2h"},
            {"type": "two_tower", "name": "blind", "note_content": False,
             "incremental_every": "2h"},
        ],
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


def cold_recalls(source, folder):
    """Return kind of cold ID vector -> recall by seed, and print them."""
    found = {
        name: recall(f"shadow.{source}_cold100{suffix}", folder,
                     lambda events: events["note_impressions"] < COLD / 10)
        for name, suffix in (("borrowed", "_borrowed"), ("default", ""), ("random", "_random"))
    }  # fmt: skip
    for name, values in found.items():
        print(f"{source} {name:9} recall@50 {values.mean():.3f}: {np.round(values, 3)}")  # noqa: T201
    for better, worse in (("borrowed", "default"), ("default", "random"), ("borrowed", "random")):
        mean, low, high = interval(found[better] - found[worse])
        print(f"{source} {better} - {worse}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")  # noqa: T201
    return found


@pytest.mark.slow
@pytest.mark.statistical
def test_without_content_in_the_tower_borrowed_vectors_find_more_cold_notes(folder):
    cold = cold_recalls("blind", folder)
    assert interval(cold["borrowed"] - cold["default"])[1] > 0


@pytest.mark.slow
@pytest.mark.statistical
def test_with_content_in_the_tower_neighbours_have_nothing_to_lend(folder):
    cold = cold_recalls("two_tower", folder)
    assert (cold["default"] - cold["random"]).mean() > 0
    assert interval(cold["borrowed"] - cold["default"])[1] < 0.02


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
