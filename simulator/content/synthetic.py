"""Content encoder that needs no pictures: a noisy projection of what a note expresses."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.content.vocabulary import category_words
from simulator.contracts.config import knob
from simulator.contracts.content import NoteContent
from simulator.contracts.plugins import ContentEncoder, PluginConfig
from simulator.contracts.random import generator, hashed, normal
from simulator.contracts.spec import PlatformSpec

_ONE_WORD: Final = (
    "Everything I know about {a}",
    "A week of {a}",
    "My honest take on {a}",
    "{a}: worth it?",
    "Start here with {a}",
    "One thing nobody says about {a}",
    "Ten small lessons from {a}",
    "Why I went back to {a}",
)
_TWO_WORDS: Final = (
    "{a} and {b}, my way",
    "From {a} to {b} in a weekend",
    "{a} on a budget, with {b}",
    "How {b} changed my {a}",
    "{a}, {b} and a bit of luck",
    "What I wish I knew about {a} and {b}",
    "{a} or {b}? I tried both",
    "A slow day of {a} and {b}",
    "Saving this for later: {a}, {b}",
    "{a} for beginners, plus {b}",
    "My favourite {a} with {b}",
    "Five minutes on {a} and {b}",
)
_THREE_WORDS: Final = (
    "{a}, {b}, {c}: the full list",
    "{a} meets {b} and {c}",
    "My month in {a}, {b} and {c}",
    "{c} after {a}? Yes, and {b} too",
    "Notes on {a}, {b} and {c}",
    "All about {a} with {b} and {c}",
)
_TEMPLATES: Final = {1: _ONE_WORD, 2: _TWO_WORDS, 3: _THREE_WORDS}


class SyntheticConfig(PluginConfig):
    """Knobs of the synthetic encoder."""

    type: Literal["synthetic"] = "synthetic"
    embedding_dim: int = knob(32, "width of embeddings", ge=2, le=1_024)
    noise: float = knob(
        0.35, "length of noise relative to the mean expression of a note", ge=0, le=10
    )
    quality_signal: float = knob(
        0.1, "length of what one standard deviation of quality adds", ge=0, le=5
    )


class SyntheticEncoder(ContentEncoder[SyntheticConfig]):
    """Projects the expression of notes at random, adds noise keyed by the note, normalises.

    A random projection keeps angles about as they are (Johnson, Lindenstrauss 1984), so notes of
    one category and keyword lie together. One more direction shows a little of the quality.
    """

    Config = SyntheticConfig

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings."""
        return self.config.embedding_dim

    def setup(self, spec: PlatformSpec) -> None:
        """Take the seed and the number of keywords of each category."""
        super().setup(spec)
        self._keywords_per_category = spec.n_keywords // spec.n_categories

    def encode(self, content: NoteContent) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length embeddings; a note's does not depend on the batch."""
        width = content.expression.shape[1]
        dim = self.config.embedding_dim
        rng = generator(self.spec.seed, "content.projection")
        projection = rng.standard_normal((width + 1, dim)) / np.sqrt(dim)
        raw = normal(self.spec.seed, "content.noise", content.key[:, None], np.arange(dim)[None])
        raw *= self.config.noise / np.sqrt(dim)
        for axis in range(width):
            raw += content.expression[:, axis, None] * projection[axis]
        quality = self.config.quality_signal * content.quality.astype(np.float64)
        raw += quality[:, None] * projection[width]
        length = np.sqrt((raw * raw).sum(axis=1, keepdims=True))
        return np.asarray(raw / np.maximum(length, 1e-12), np.float32)

    def titles(self, content: NoteContent) -> list[str]:
        """Return n titles made of the notes' first keywords."""
        style = hashed(self.spec.seed, "content.title", content.key)
        per_category = self._keywords_per_category
        titles = []
        for row, category in enumerate(content.category.tolist()):
            words = category_words(category, per_category)
            ids = [k - category * per_category for k in content.keywords[row].tolist() if k >= 0]
            titles.append(_title([words[k] for k in ids], int(style[row])))
        return titles


def _title(words: list[str], style: int) -> str:
    used = words[: 1 + style % min(len(words), 3)]
    templates = _TEMPLATES[len(used)]
    text = templates[style // 3 % len(templates)].format(**dict(zip("abc", used, strict=False)))
    return text[0].upper() + text[1:]
