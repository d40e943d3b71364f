"""What `notesim content` prints and writes."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from simulator.app.cli.application import app


def call(*arguments, code=0):
    result = CliRunner().invoke(app, ["content", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def test_show_writes_a_picture_and_lists_titles(tmp_path):
    out = tmp_path / "covers.png"
    lines = call("show", "--out", out, "--notes", 7, "--language", "en").stdout.splitlines()
    assert len(lines) == 7
    assert lines[6].split()[0] == "2.1"
    pixels = np.asarray(Image.open(out))
    assert pixels.ndim == 3
    assert pixels.std() > 20


def test_show_is_the_same_for_the_same_seed(tmp_path):
    texts = {call("show", "--out", tmp_path / f"{i}.png", "--notes", 3).stdout for i in range(2)}
    assert len(texts) == 1
    other = call("show", "--out", tmp_path / "s.png", "--notes", 3, "--seed", 9).stdout
    assert other not in texts


@pytest.mark.parametrize(
    ("out", "words"), [("none/covers.png", "does not exist"), ("covers.jpg", ".png file")]
)
def test_show_refuses_a_place_that_cannot_be(tmp_path, out, words):
    assert words in call("show", "--out", tmp_path / out, code=2).stderr


def test_eval_prints_both_languages_and_the_control():
    value = json.loads(call("eval", "--notes", 200, "--json").stdout)
    assert set(value) == {"en", "zh"}
    for found in value.values():
        assert found["notes"] == 200
        assert found["image_to_text"] >= 0.8
        assert found["shuffled"] < 0.05
    assert "shuffled" in call("eval", "--notes", 100).stdout


def test_eval_refuses_what_is_no_model(tmp_path):
    missing = call("eval", "--checkpoint", tmp_path / "no.safetensors", code=2)
    assert "no.safetensors does not exist" in missing.stderr
    assert "there is no open_clip model" in call("eval", "--model", "ViT-Z", code=2).stderr


def test_train_writes_a_model_that_eval_takes(tmp_path):
    out = tmp_path / "model"
    arguments = ("--steps", 2, "--batch", 4, "--notes", 100)
    assert "small_clip.json" in call("train", "--out", out, *arguments).stdout
    names = {path.name for path in out.iterdir()}
    assert names == {
        f"small_clip.{ending}"
        for ending in ("json", "tokenizer.json", "safetensors", "recipe.json")
    }
    recipe = json.loads((out / "small_clip.recipe.json").read_text())
    assert recipe["recipe"]["steps"] == 2
    found = json.loads(
        call("eval", "--model", out / "small_clip.json", "--notes", 100, "--json").stdout
    )
    assert found["en"]["image_to_text"] < 0.2, "two steps teach nothing"
