"""The synthetic encoder: what embeddings and titles reveal."""

import numpy as np
import pytest

from simulator.content.synthetic import SyntheticConfig, SyntheticEncoder
from simulator.content.vocabulary import category_name, category_words
from simulator.contracts.content import NoteContent
from simulator.contracts.random import hashed
from simulator.contracts.spec import PlatformSpec

N_CATEGORIES, KEYWORDS = 22, 33


def make_encoder(seed=0, **knobs):
    encoder = SyntheticEncoder(SyntheticConfig(**knobs))
    encoder.setup(PlatformSpec(seed, N_CATEGORIES, N_CATEGORIES * KEYWORDS, 4, 32))
    return encoder


def make_content(n=400, seed=0, **changes):
    """Notes whose expression lies about a centre of their category."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, N_CATEGORIES, n).astype(np.int16)
    centers = rng.standard_normal((N_CATEGORIES, 16))
    keywords = np.full((n, 4), -1, np.int32)
    for column in range(3):
        keywords[:, column] = category * KEYWORDS + (rng.integers(0, 11, n) + 11 * column)
    keywords[::2, 2] = -1
    content = {
        "key": hashed(seed, "test", np.arange(n)),
        "creator": rng.integers(0, 200, n).astype(np.int32),
        "category": category,
        "keywords": keywords,
        "is_video": np.zeros(n, np.uint8),
        "expression": (centers[category] + 0.5 * rng.standard_normal((n, 16))).astype(np.float32),
        "quality": rng.standard_normal(n).astype(np.float32),
    }
    return NoteContent(**{**content, **changes})


def rows_of(content, rows):
    return NoteContent(*(getattr(content, name)[rows] for name in content.__dataclass_fields__))


def test_embeddings_have_unit_length():
    embedding = make_encoder().encode(make_content())
    assert embedding.shape == (400, 32)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("dim", [2, 100])
def test_any_width(dim):
    encoder = make_encoder(embedding_dim=dim)
    assert encoder.embedding_dim == dim
    assert encoder.encode(make_content(3)).shape == (3, dim)


def test_no_notes():
    encoder = make_encoder()
    none = rows_of(make_content(), slice(0, 0))
    assert encoder.encode(none).shape == (0, 32)
    assert encoder.titles(none) == []


def test_an_embedding_does_not_depend_on_the_batch():
    encoder, content = make_encoder(), make_content()
    whole = encoder.encode(content)
    for rows in ([5], [399, 0, 17], range(100, 109)):
        assert (encoder.encode(rows_of(content, list(rows))) == whole[list(rows)]).all()


def test_notes_of_a_category_lie_together():
    content = make_content()
    embedding = make_encoder().encode(content)
    similar = embedding @ embedding.T
    same = content.category[:, None] == content.category
    np.fill_diagonal(same, val=False)
    off = ~same & ~np.eye(400, dtype=bool)
    assert similar[same].mean() > similar[off].mean() + 0.4


def test_noise_hides_expression():
    content = make_content()

    def closeness(noise):
        quiet = make_encoder(noise=0.0, quality_signal=0.0).encode(content)
        return (quiet * make_encoder(noise=noise, quality_signal=0.0).encode(content)).sum(axis=1)

    np.testing.assert_allclose(closeness(0.0), 1, atol=1e-5)
    assert 0.5 < closeness(3.0).mean() < closeness(1.0).mean() < 0.999


def test_quality_shows_a_little():
    content = make_content()
    encoder = make_encoder()
    better = make_content(quality=content.quality + 1.0)
    moved = np.linalg.norm(encoder.encode(better) - encoder.encode(content), axis=1)
    assert 0.001 < moved.mean() < 0.1


def test_seeds_project_differently():
    content = make_content()
    one, two = make_encoder(0).encode(content), make_encoder(1).encode(content)
    assert abs((one * two).sum(axis=1).mean()) < 0.3


def test_titles_are_made_of_keywords():
    encoder, content = make_encoder(), make_content()
    titles = encoder.titles(content)
    assert titles == encoder.titles(content)
    for row, title in enumerate(titles):
        category = int(content.category[row])
        words = category_words(category, KEYWORDS)
        used = [words[k - category * KEYWORDS] for k in content.keywords[row] if k >= 0]
        assert any(word.lower() in title.lower() for word in used)
        assert title[0] == title[0].upper()
        assert "{" not in title
    assert len(set(titles)) > 300


@pytest.mark.parametrize("category", [0, 7, 19, 20, 40, 249])
def test_keywords_are_distinct_for_any_size(category):
    words = category_words(category, 200)
    assert len(set(words)) == 200
    assert words[:10] == category_words(category, 10)


def test_category_names_are_distinct():
    assert len({category_name(category) for category in range(250)}) == 250
    assert category_name(0) == "travel"


def test_bundled_categories_have_thirty_words_of_their_own():
    for category in range(20):
        words = category_words(category, 30)
        longer = category_words(category, 31)
        assert longer[:30] == words
        assert longer[30].endswith(f" {category_name(category)}")
