"""Titles in English and Chinese: keywords, a mood that the expression sets, a trace of care."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.content.expression import moods, traces
from simulator.content.vocabulary import category_words
from simulator.content.vocabulary_zh import category_words_zh
from simulator.contracts.content import NoteContent
from simulator.contracts.random import hashed, normal

Language = Literal["en", "zh", "mixed"]

MOODS_EN: Final = (
    "sunny", "quiet", "vivid", "soft", "bright", "moody",
    "playful", "classic", "bold", "gentle", "busy", "simple",
)  # fmt: skip
MOODS_ZH: Final = (
    "阳光", "安静", "鲜艳", "柔和", "明亮", "沉稳",
    "俏皮", "经典", "大胆", "温柔", "热闹", "简单",
)  # fmt: skip
TEMPLATES_EN: Final = (
    ("A {m} week of {a}", "My {m} take on {a}", "{m} {a}: worth it?", "Start here: {m} {a}"),
    ("{m} {a} and {b}", "From {a} to {b}, {m}", "{a} or {b}? A {m} test", "{m}: {a} with {b}"),
    ("{m} notes: {a}, {b}, {c}", "{a}, {b} and {c}, all {m}", "A {m} list: {a}, {b}, {c}"),
)  # fmt: skip
TEMPLATES_ZH: Final = (
    ("{m}的{a}一周", "我的{m}{a}心得", "{m}{a}值得吗？", "从{m}的{a}开始"),
    ("{m}的{a}和{b}", "从{a}到{b}，{m}一点", "{a}还是{b}？{m}测评", "{a}配{b}，很{m}"),
    ("{m}笔记：{a}、{b}、{c}", "{a}、{b}加{c}，都很{m}", "{m}清单：{a}、{b}、{c}"),
)
CARE_EN: Final = ("!!!", "", ", step by step")
CARE_ZH: Final = ("！！！", "", "，附步骤")


def write_titles(content: NoteContent, keywords_per_category: int, language: Language) -> list[str]:
    """Return n titles of the notes' first one to three keywords.

    The strongest leading trace of the expression names the mood. Care shows at the end: notes of
    low quality shout, good ones promise steps; one standard deviation of noise blurs that.

    Args:
        content: n notes.
        keywords_per_category: keywords of each category in this world.
        language: of all titles, or "mixed" for a choice keyed by the note.
    """
    pick = hashed(0, "content.words", content.key)
    mood = moods(traces(content.expression))
    care = _care(content)
    chinese = _is_chinese(content.key, language)
    titles = []
    for row, category in enumerate(content.category.tolist()):
        vocabulary = category_words_zh if chinese[row] else category_words
        words = vocabulary(category, keywords_per_category)
        first = category * keywords_per_category
        used = [words[k - first] for k in content.keywords[row].tolist() if k >= 0]
        titles.append(
            _title(used, int(pick[row]), int(mood[row]), int(care[row]), chinese=bool(chinese[row]))
        )
    return titles


def _title(words: list[str], pick: int, mood: int, care: int, *, chinese: bool) -> str:
    n = 1 + pick % min(len(words), 3) if words else 0
    names, templates, ends = (
        (MOODS_ZH, TEMPLATES_ZH, CARE_ZH) if chinese else (MOODS_EN, TEMPLATES_EN, CARE_EN)
    )
    if n == 0:
        return names[mood]
    options = templates[n - 1]
    parts = dict(zip("abc", words[:n], strict=False))
    text = options[pick // 3 % len(options)].format(m=names[mood], **parts)
    return text[0].upper() + text[1:] + ends[care]


def _care(content: NoteContent) -> NDArray[np.int64]:
    """Return int64[n]: 0 below, 1 about, 2 above the middle of quality, blurred by noise."""
    seen = content.quality + normal(0, "content.care", content.key)
    return np.asarray((seen > -0.9).astype(np.int64) + (seen > 0.9))


def _is_chinese(key: NDArray[np.uint64], language: Language) -> NDArray[np.bool_]:
    if language == "mixed":
        return np.asarray(hashed(0, "content.language", key) % 2 == 1)
    return np.full(key.shape[0], language == "zh")
