"""The open_clip encoder: what it gives, and what it refuses."""

import json

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file

from simulator.app import api, build
from simulator.content import clip_files
from simulator.content.attributes import KEYWORDS, draw_notes, take
from simulator.content.open_clip_encoder import OpenClipConfig, OpenClipEncoder
from simulator.contracts.errors import PluginError, ScenarioError
from simulator.contracts.spec import PlatformSpec
from tests.support.small_runs import TINY

SPEC = PlatformSpec(0, 20, 20 * KEYWORDS, 4, 64)


def make_encoder(**knobs):
    encoder = OpenClipEncoder(OpenClipConfig(**knobs))
    encoder.setup(SPEC)
    return encoder


@pytest.fixture(scope="module")
def notes():
    return draw_notes(150, 5, "encoder", held_out=False)


@pytest.fixture(scope="module")
def embedding(notes):
    return make_encoder().encode(notes)


def test_embeddings_have_unit_length_and_the_width_of_the_model(embedding):
    encoder = OpenClipEncoder(OpenClipConfig())
    assert encoder.embedding_dim == 64, "known before setup"
    assert embedding.shape == (150, 64)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("rows", [[7], [149, 0, 70], list(range(149, 60, -1))])
def test_an_embedding_does_not_depend_on_the_batch(notes, embedding, rows):
    assert (make_encoder().encode(take(notes, np.array(rows))) == embedding[rows]).all()


def test_no_notes(notes):
    none = take(notes, np.arange(0))
    assert make_encoder().encode(none).shape == (0, 64)
    assert make_encoder().titles(none) == []


def test_notes_of_a_category_lie_together(notes, embedding):
    similar = embedding @ embedding.T
    same = notes.category[:, None] == notes.category
    off = ~np.eye(150, dtype=bool)
    assert similar[same & off].mean() > similar[~same].mean() + 0.2


def test_the_image_weight_mixes_cover_and_title(notes):
    cover, title = (make_encoder(image_weight=w).encode(notes) for w in (1.0, 0.0))
    mixed = make_encoder(image_weight=0.5).encode(notes)
    wanted = cover + title
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(mixed, wanted, atol=1e-5)


def test_the_language_changes_titles_and_embeddings(notes):
    english, chinese = make_encoder(language="en"), make_encoder(language="zh")
    assert english.titles(notes) != chinese.titles(notes)
    near = (english.encode(notes) * chinese.encode(notes)).sum(axis=1)
    assert 0.6 < near.mean() < 1.0


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"checkpoint": "nowhere.pt"}, r"nowhere\.pt does not exist"),
        ({"model": "nowhere.json"}, r"nowhere\.json does not exist"),
        ({"checkpoint": __file__, "pretrained": "laion2b_s34b_b79k"}, "not both"),
        ({"language": "fr"}, "'en', 'zh' or 'mixed'"),
        ({"image_weight": 1.5}, "less than or equal to 1"),
    ],
)
def test_knobs_that_cannot_be(knobs, words):
    with pytest.raises(ValidationError, match=words):
        OpenClipConfig(**knobs)


def written(folder, name, change):
    """A checkpoint made from the shipped one."""
    state = dict(load_file(clip_files.DATA / "small_clip.safetensors"))
    change(state)
    save_file(state, folder / name)
    return str(folder / name)


def test_weights_of_another_shape_are_refused(tmp_path):
    def narrow(state):
        state["visual.proj"] = state["visual.proj"][:, :32].copy()

    path = written(tmp_path, "narrow.safetensors", narrow)
    with pytest.raises(PluginError, match=r"visual\.proj is 64×32, the model needs 64×64"):
        make_encoder(checkpoint=path)


def test_weights_with_a_part_missing_are_refused(tmp_path):
    path = written(tmp_path, "part.safetensors", lambda state: state.pop("ln_final.bias"))
    with pytest.raises(PluginError, match=r"another architecture: it has no ln_final\.bias"):
        make_encoder(checkpoint=path)


@pytest.mark.parametrize("name", ["text.safetensors", "text.pt"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, name):
    (tmp_path / name).write_text("not weights")
    with pytest.raises(PluginError, match="is not a checkpoint"):
        make_encoder(checkpoint=str(tmp_path / name))


def test_a_configuration_of_another_width_does_not_take_the_weights(tmp_path):
    config = json.loads((clip_files.DATA / "small_clip.json").read_text()) | {"embed_dim": 48}
    (tmp_path / "wide.json").write_text(json.dumps(config))
    weights = str(clip_files.DATA / "small_clip.safetensors")
    with pytest.raises(PluginError, match="another architecture"):
        make_encoder(model=str(tmp_path / "wide.json"), checkpoint=weights)


@pytest.mark.parametrize("text", ["[", "{}", '{"embed_dim": 8, "vision_cfg": {}}'])
def test_other_json_is_no_configuration(tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(PluginError, match=r"other\.json"):
        make_encoder(model=str(tmp_path / "other.json"))


def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(PluginError, match=r"no open_clip model 'ViT-B-31'.*ViT-B-32"):
        make_encoder(model="ViT-B-31")


def test_a_model_of_open_clip_asks_for_weights():
    with pytest.raises(PluginError, match=r"ViT-B-32 needs a checkpoint.*laion"):
        make_encoder(model="ViT-B-32")
    with pytest.raises(PluginError, match=r"no weights 'laion2b_s34b_b79' for ViT-B-32.*laion"):
        make_encoder(model="ViT-B-32", pretrained="laion2b_s34b_b79")
    with pytest.raises(PluginError, match="no published weights"):
        make_encoder(pretrained="laion2b_s34b_b79k")


def test_a_run_with_covers_from_start_to_finish(tmp_path):
    result = api.run(TINY | {"content": {"type": "open_clip"}}, out=tmp_path)
    assert result.manifest.status == "done"
    assert result.manifest.impressions > 200


def test_a_run_whose_weights_do_not_fit_leaves_nothing_behind(tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_text("not weights")
    scenario = TINY | {"content": {"type": "open_clip", "checkpoint": str(bad)}}
    with pytest.raises(PluginError, match="is not a checkpoint"):
        api.run(scenario, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    scenario["content"]["checkpoint"] = "nowhere.safetensors"
    with pytest.raises(ScenarioError, match="does not exist"):
        api.run(scenario, out=tmp_path / "runs")


def test_the_width_of_embeddings_reaches_the_plug_ins():
    scenario = api.resolve(TINY | {"content": {"type": "open_clip"}})
    encoder = build.plugin("content", scenario.content)
    assert build.platform_spec(scenario, encoder.embedding_dim).embedding_dim == 64
