"""Both languages say the same things."""

from __future__ import annotations

import re
import string

from dashboard.words import LANGUAGES, escaped, words
from simulator.app.files import bundled_scenarios


def test_languages_have_the_same_texts_with_the_same_gaps() -> None:
    english, *others = (words(code) for code in LANGUAGES)
    for other in others:
        same = {key for key in english if not key.startswith("scenarios.")}
        assert same == {key for key in other if not key.startswith("scenarios.")}
        for key in same:
            assert _gaps(english[key]) == _gaps(other[key]), key


def test_chinese_is_chinese() -> None:
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in words("zh").values())


def test_markup_is_shown_as_it_is() -> None:
    assert escaped("<b>$x$ [y](z)") == r"\<b\>\$x\$ \[y\]\(z\)"


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_scenario_that_can_be_started_has_a_question_in_chinese() -> None:
    told = {key.partition(".")[2] for key in words("zh") if key.startswith("scenarios.")}
    assert set(bundled_scenarios()) == told
