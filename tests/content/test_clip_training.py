"""Training and judging the small model."""

import json
from itertools import combinations

import numpy as np
import pytest

from simulator.content import clip_files, clip_training
from simulator.content.attributes import KEYWORDS, draw_notes
from simulator.content.clip_model import load_model
from simulator.content.clip_training import Recipe, save_trained, train
from simulator.content.covers import styles
from simulator.content.retrieval import evaluate, recall_at_1
from simulator.contracts.errors import RunError


def pairs(notes, places):
    """Keyword pairs of notes, and their (category, style) pairs."""
    found = set()
    for row in notes.keywords[:, :places].tolist():
        found.update(frozenset(pair) for pair in combinations([k for k in row if k >= 0], 2))
    return found, set(zip(notes.category.tolist(), styles(notes.creator).tolist(), strict=True))


def test_held_out_combinations_are_never_trained_on():
    trained = draw_notes(20_000, 0, "train.0", held_out=False)
    judged = draw_notes(300, 0, "judge.en", held_out=True)
    seen_words, seen_styles = pairs(trained, 4)
    held_words, held_styles = pairs(judged, 2)
    assert not held_words & seen_words
    assert not held_styles & seen_styles
    assert set(judged.category.tolist()) == set(trained.category.tolist())


def test_every_keyword_and_style_is_trained_on_in_other_combinations():
    trained = draw_notes(20_000, 0, "train.0", held_out=False)
    assert set(trained.keywords.ravel().tolist()) == {-1, *range(20 * KEYWORDS)}
    assert len(set(styles(trained.creator).tolist())) == 48


def test_notes_depend_on_seed_and_purpose_only():
    first = draw_notes(10, 1, "a", held_out=False)
    assert (draw_notes(10, 1, "a", held_out=False).key == first.key).all()
    assert not (draw_notes(10, 1, "b", held_out=False).key == first.key).any()
    assert not (draw_notes(10, 2, "a", held_out=False).key == first.key).any()


def test_recall_of_a_perfect_and_of_a_random_order():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 64)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert recall_at_1(x, x) == 1.0
    assert recall_at_1(x, x[::-1].copy()) < 0.05


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_model_retrieves_combinations_it_never_saw(language):
    found = evaluate(load_model(), language, n=300, seed=11)
    assert found.image_to_text >= 0.8
    assert found.text_to_image >= 0.7
    assert found.shuffled < 0.04


def test_the_recipe_that_ships_says_what_was_measured():
    recipe = json.loads((clip_files.DATA / "small_clip.recipe.json").read_text())
    network = clip_files.build_network("small_clip", clip_files.read_config("small_clip"))
    assert recipe["parameters"] == sum(p.numel() for p in network.parameters())
    assert recipe["retrieval"]["en"]["image_to_text"] >= 0.8
    assert recipe["retrieval"]["zh"]["image_to_text"] >= 0.8
    assert (clip_files.DATA / "small_clip.safetensors").stat().st_size < 2_000_000


def test_two_trainings_of_one_seed_agree_bit_for_bit(tmp_path):
    recipe = Recipe(steps=2, batch=8)
    losses = [[], []]
    models = [train(recipe, lambda _, loss, to=to: to.append(loss)) for to in losses]
    assert losses[0] == losses[1]
    found = {"en": evaluate(models[0], "en", n=100)}
    config = save_trained(models[0], recipe, tmp_path / "model", 1.0, found)
    again = load_model(str(config))
    covers = np.zeros((2, 64, 64, 3), np.uint8)
    wanted = models[1].image_features(covers)
    np.testing.assert_allclose(again.image_features(covers), wanted, atol=2e-3)
    assert json.loads(clip_files.beside(config, clip_files.RECIPE).read_text())["recipe"] == {
        "model": "small_clip", "steps": 2, "batch": 8, "seed": 0, "learning_rate": 2e-3,
        "warm_up": 60, "weight_decay": 0.02, "language": "mixed",
    }  # fmt: skip


def test_training_stops_at_a_loss_that_is_no_number(monkeypatch):
    monkeypatch.setattr(clip_training, "_pace", lambda step, recipe: float("nan"))
    with pytest.raises(RunError, match="step 1"):
        train(Recipe(steps=3, batch=4))


@pytest.mark.slow
def test_training_improves_retrieval():
    losses = []
    model = train(Recipe(steps=200, batch=64, warm_up=30), lambda _, loss: losses.append(loss))
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])
    assert evaluate(model, "en", n=300).image_to_text > 0.05
