"""Tokenizer of titles: known words whole, anything else by its longest known pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.content import titles
from simulator.content.vocabulary import category_name, category_words
from simulator.content.vocabulary_zh import category_name_zh, category_words_zh
from simulator.contracts.errors import PluginError

CONTEXT_LENGTH: Final = 20
VERSION: Final = 1
_SPECIAL: Final = ("<pad>", "<start>", "<unknown>")
_BUNDLED: Final = (20, 30)
_WORD: Final = re.compile(r"[a-z0-9]+|[^\sa-z0-9]+")


class Tokenizer:
    """Turns titles into token ids.

    Ids 0, 1, 2 are padding, start and unknown; the end has the highest id, because the text tower
    of CLIP reads its result at the highest id (Radford et al. 2021).

    Args:
        pieces: words and characters, lower case, without the special tokens.
        context_length: ids of each title, start and end included.
    """

    def __init__(self, pieces: Sequence[str], context_length: int = CONTEXT_LENGTH) -> None:
        self.pieces = tuple(pieces)
        self.context_length = context_length
        self._ids = {piece: i + len(_SPECIAL) for i, piece in enumerate(self.pieces)}
        self._longest = max((len(piece) for piece in self.pieces), default=1)

    @property
    def vocab_size(self) -> int:
        """Number of ids, special ones included."""
        return len(self.pieces) + len(_SPECIAL) + 1

    def __call__(self, texts: Iterable[str]) -> NDArray[np.int64]:
        """Return int64[n, context_length]; longer titles are cut, shorter ones padded."""
        rows = [self._encode(text) for text in texts]
        out = np.zeros((len(rows), self.context_length), np.int64)
        for row, ids in zip(out, rows, strict=True):
            row[: len(ids)] = ids
        return out

    def save(self, path: Path) -> None:
        """Write the tokenizer as JSON."""
        value = {"version": VERSION, "context_length": self.context_length, "pieces": self.pieces}
        path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read what `save` wrote.

        Raises:
            PluginError: the file is not a tokenizer of this version.
        """
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            if value["version"] != VERSION:
                raise PluginError(
                    f"{path}: tokenizer version {value['version']}, this software reads {VERSION}"
                )
            return cls([str(piece) for piece in value["pieces"]], int(value["context_length"]))
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise PluginError(f"{path} is not a tokenizer: {error}") from error

    def _encode(self, text: str) -> list[int]:
        ids = [1]
        for match in _WORD.finditer(text.lower()):
            ids.extend(self._split(match[0]))
        return [*ids[: self.context_length - 1], self.vocab_size - 1]

    def _split(self, word: str) -> list[int]:
        """Take the longest known piece from the front, again and again."""
        ids, start = [], 0
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                if (found := self._ids.get(word[start:end])) is not None:
                    ids.append(found)
                    start = end
                    break
            else:
                ids.append(2)
                start += 1
        return ids


def bundled_tokenizer() -> Tokenizer:
    """Return the tokenizer of the bundled vocabularies and title templates.

    Its pieces are English words, Chinese keywords and moods, every single character of both, and
    the syllables that names beyond the vocabularies are spelt in.
    """
    whole: dict[str, None] = dict.fromkeys((*titles.MOODS_EN, *titles.MOODS_ZH))
    characters: dict[str, None] = dict.fromkeys("abcdefghijklmnopqrstuvwxyz0123456789")
    for text in _texts():
        for match in _WORD.finditer(text.lower()):
            if match[0].isascii():
                whole.setdefault(match[0])
            characters.update(dict.fromkeys(match[0]))
    for category in range(_BUNDLED[0]):
        whole.update(dict.fromkeys(w.lower() for w in category_words_zh(category, _BUNDLED[1])))
    pieces = dict.fromkeys((*sorted(characters), *sorted(whole)))
    return Tokenizer(list(pieces))


def _texts() -> Iterable[str]:
    n_categories, n_words = _BUNDLED
    for category in range(n_categories):
        yield category_name(category)
        yield category_name_zh(category)
        yield from category_words(category, n_words)
        yield from category_words_zh(category, n_words)
    for templates in (*titles.TEMPLATES_EN, *titles.TEMPLATES_ZH):
        yield from (re.sub(r"{.}", " ", template) for template in templates)
    yield from (*titles.CARE_EN, *titles.CARE_ZH, *titles.MOODS_ZH)
    yield from (category_name_zh(beyond) for beyond in range(n_categories, n_categories + 12))
