"""Titles and their tokens, in two languages."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.content.attributes import KEYWORDS, draw_notes, take
from simulator.content.clip_files import DATA
from simulator.content.expression import moods, traces
from simulator.content.titles import MOODS_EN, MOODS_ZH, write_titles
from simulator.content.tokenizer import Tokenizer, bundled_tokenizer
from simulator.content.vocabulary import category_words
from simulator.content.vocabulary_zh import category_words_zh
from simulator.contracts.errors import PluginError


@pytest.fixture(scope="module")
def notes():
    return draw_notes(300, 1, "titles", held_out=False)


@pytest.fixture(scope="module")
def tokenizer():
    return bundled_tokenizer()


@pytest.mark.parametrize(
    ("language", "vocabulary", "names"),
    [("en", category_words, MOODS_EN), ("zh", category_words_zh, MOODS_ZH)],
)
def test_titles_name_the_first_keyword_and_the_mood(notes, language, vocabulary, names):
    mood = moods(traces(notes.expression))
    for row, title in enumerate(write_titles(notes, KEYWORDS, language)):
        category = int(notes.category[row])
        word = vocabulary(category, KEYWORDS)[int(notes.keywords[row, 0]) - category * KEYWORDS]
        assert word.lower() in title.lower()
        assert names[mood[row]] in title.lower()
        assert title.isascii() == (language == "en")


def test_mixed_titles_are_about_half_and_half(notes):
    english = [title.isascii() for title in write_titles(notes, KEYWORDS, "mixed")]
    assert 0.4 < np.mean(english) < 0.6


def test_a_title_does_not_depend_on_the_batch(notes):
    whole = write_titles(notes, KEYWORDS, "mixed")
    rows = np.array([299, 4, 17])
    assert write_titles(take(notes, rows), KEYWORDS, "mixed") == [whole[row] for row in rows]


def test_better_notes_shout_less(notes):
    def shouts(quality):
        same = dataclasses.replace(notes, quality=np.full(300, quality, np.float32))
        return sum(title.endswith("!!!") for title in write_titles(same, KEYWORDS, "en"))

    assert shouts(-2.0) > 2 * shouts(0.0) > 4 * shouts(2.0)


def test_vocabularies_are_parallel():
    for category in range(22):
        words = category_words_zh(category, 33)
        assert len(set(words)) == 33 == len(category_words(category, 33))


def test_bundled_titles_have_no_unknown_token_and_fit(notes, tokenizer):
    for language in ("en", "zh"):
        tokens = tokenizer(write_titles(notes, KEYWORDS, language))
        assert not (tokens == 2).any()
        assert (tokens[:, 0] == 1).all()
        assert ((tokens == tokenizer.vocab_size - 1).sum(axis=1) == 1).all()


def test_words_beyond_the_vocabulary_have_tokens_too(tokenizer):
    beyond = [*category_words(40, 40), *category_words_zh(40, 40)]
    assert not (tokenizer(beyond) == 2).any()


@given(st.text(max_size=80))
def test_any_text_becomes_tokens(text):
    tokenizer = bundled_tokenizer_once()
    row = tokenizer([text])[0]
    assert row.shape == (tokenizer.context_length,)
    assert (row == tokenizer.vocab_size - 1).sum() == 1
    assert row.max() == tokenizer.vocab_size - 1


def test_the_shipped_tokenizer_is_the_bundled_one(tokenizer):
    shipped = Tokenizer.load(DATA / "small_clip.tokenizer.json")
    assert shipped.pieces == tokenizer.pieces
    config = json.loads((DATA / "small_clip.json").read_text())
    assert config["text_cfg"]["vocab_size"] == tokenizer.vocab_size
    assert config["text_cfg"]["context_length"] == tokenizer.context_length


def test_a_tokenizer_survives_its_file(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "t.json")
    again = Tokenizer.load(tmp_path / "t.json")
    texts = ["Sunny noodles!!!", "柔和的拉面"]
    assert (again(texts) == tokenizer(texts)).all()


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"version": 9}'])
def test_other_files_are_no_tokenizers(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(PluginError, match=r"t\.json"):
        Tokenizer.load(tmp_path / "t.json")


_ONCE = []


def bundled_tokenizer_once():
    if not _ONCE:
        _ONCE.append(bundled_tokenizer())
    return _ONCE[0]
