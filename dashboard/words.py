"""What the pages say, in English and Chinese, from files of text."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st
from ruamel.yaml import YAML

LANGUAGES: Final = {"en": "English", "zh": "中文"}
"""Code of a language -> what its speakers call it."""

LANGUAGE: Final = "language"
"""Where the session keeps its language."""

_TEXT: Final = Path(__file__).resolve().parent / "text"


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> dict[str, str]:
    """Return every text of a language by key: file, dot, name in the file."""
    found: dict[str, str] = {}
    for path in sorted((_TEXT / language).glob("*.yaml")):
        texts = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        found |= {
            f"{path.stem}.{name}": " ".join(str(text).split()) for name, text in texts.items()
        }
    return found


def language() -> str:
    """Return the language of the session."""
    chosen = st.session_state.get(LANGUAGE, "en")
    return chosen if chosen in LANGUAGES else "en"


def t(key: str, /, **values: object) -> str:
    """Return a text in the language of the session.

    Args:
        key: file and name, such as `start.title`.
        values: what stands for the names in braces.

    Raises:
        KeyError: there is no such text.
    """
    text = words(language())[key]
    return text.format(**values) if values else text


def known(key: str, otherwise: str) -> str:
    """Return a text if there is one in the language of the session, else another."""
    return words(language()).get(key, otherwise)


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: what comes from files is not trusted."""
    return "".join(f"\\{sign}" if sign in _MARKS else sign for sign in text)


_MARKS: Final = frozenset(r"\`*_{}[]<>()#+-.!|~$:")
