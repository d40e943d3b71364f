"""Covers: what decides which part of the picture."""

import dataclasses

import numpy as np
import pytest

from simulator.content import masks
from simulator.content.attributes import KEYWORDS, draw_notes, take
from simulator.content.covers import STYLES, render, styles
from simulator.content.sheet import contact_sheet


@pytest.fixture(scope="module")
def notes():
    return draw_notes(60, 3, "covers", held_out=False)


def changed(notes, **columns):
    return dataclasses.replace(notes, **columns)


def difference(a, b):
    """Mean absolute difference of each pair of covers."""
    return np.abs(a.astype(int) - b.astype(int)).mean(axis=(1, 2, 3))


def test_a_cover_depends_on_its_note_alone(notes):
    whole = render(notes, KEYWORDS)
    assert whole.shape == (60, 64, 64, 3)
    assert whole.dtype == np.uint8
    for rows in ([7], [59, 0, 31]):
        assert (render(take(notes, np.array(rows)), KEYWORDS) == whole[rows]).all()
    assert render(take(notes, np.arange(0)), KEYWORDS).shape == (0, 64, 64, 3)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("category", lambda n: (n.category + 1) % 20),
        ("creator", lambda n: n.creator + 1),
        ("is_video", lambda n: 1 - n.is_video),
        ("expression", lambda n: -n.expression),
        ("quality", lambda n: np.where(n.quality > 0, n.quality - 3, n.quality + 3)),
    ],
)
def test_every_attribute_shows(notes, column, value):
    new = value(notes).astype(getattr(notes, column).dtype)
    columns = {column: new}
    if column == "category":
        shift = (new.astype(int) - notes.category)[:, None] * KEYWORDS
        columns["keywords"] = np.where(notes.keywords >= 0, notes.keywords + shift, -1)
    moved = difference(render(notes, KEYWORDS), render(changed(notes, **columns), KEYWORDS))
    same = styles(notes.creator) == styles(notes.creator + 1) if column == "creator" else False
    assert (moved[~np.broadcast_to(same, 60)] > 0.1).all()


def test_every_keyword_of_a_category_has_its_own_element():
    one = take(draw_notes(1, 0, "one", held_out=False), np.zeros(KEYWORDS, int))
    first = int(one.category[0]) * KEYWORDS
    keywords = np.full((KEYWORDS, 4), -1, np.int32)
    keywords[:, 0] = first + np.arange(KEYWORDS)
    flat = render(changed(one, keywords=keywords), KEYWORDS).reshape(KEYWORDS, -1).astype(int)
    apart = np.abs(flat[:, None] - flat[None]).mean(axis=2)
    assert apart[~np.eye(KEYWORDS, dtype=bool)].min() > 0.5


def test_expression_moves_pictures_the_more_the_larger_the_change(notes):
    still = render(changed(notes, quality=np.full(60, 6, np.float32)), KEYWORDS)
    sizes = []
    for share in (0.9, 0.5, 0.0):
        other = changed(
            notes, quality=np.full(60, 6, np.float32), expression=notes.expression * share
        )
        sizes.append(difference(still, render(other, KEYWORDS)).mean())
    assert sizes == sorted(sizes)
    assert sizes[0] > 0.5


def test_low_quality_is_less_sharp(notes):
    def sharpness(quality):
        covers = render(changed(notes, quality=np.full(60, quality, np.float32)), KEYWORDS)
        return np.abs(np.diff(covers[:, 14:46, 6:30].astype(int), axis=2)).max(axis=2).mean()

    assert sharpness(3.0) > sharpness(-3.0) + 5


def test_any_number_of_categories_and_keywords():
    notes = draw_notes(4, 0, "many", held_out=False)
    category = np.array([19, 20, 111, 249], np.int16)
    keywords = (category.astype(np.int32) * 500)[:, None] + np.array([[0, 31, 499, 100]], np.int32)
    covers = render(changed(notes, category=category, keywords=keywords), 500)
    assert len({cover.tobytes() for cover in covers}) == 4


def test_styles_are_spread_over_creators():
    counts = np.bincount(styles(np.arange(9_600, dtype=np.int32)), minlength=STYLES)
    assert counts.shape == (STYLES,)
    assert counts.min() > 120


def test_a_sheet_holds_every_cover(notes):
    covers = render(notes, KEYWORDS)[:5]
    sheet = contact_sheet(covers, ["A title"] * 5, columns=3)
    pixels = np.asarray(sheet)
    middle = masks.SIZE * 3 // 2
    assert (pixels[10 + middle, 10 + middle] == covers[0, 32, 32]).all()
    assert sheet.height > sheet.width * 0.6
