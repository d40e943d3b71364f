"""Covers of notes, really drawn: scene, style, elements, sharpness and clutter."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.content import masks
from simulator.content.expression import traces
from simulator.content.masks import SIZE
from simulator.contracts.content import NoteContent
from simulator.contracts.random import hashed

if TYPE_CHECKING:
    from PIL.Image import Image

STYLES: Final = 48
"""Visual styles that creators have: a frame and its colour."""

_GOLDEN: Final = 0.618034
_SIZES: Final = (28, 20, 15, 12)
_PLACES: Final = ((4, 18), (37, 35), (39, 12), (8, 48))
_MOST_SPECKS: Final = 12


def styles(creator: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return int64[n] in [0, STYLES): the style of each creator, the same in every world."""
    return np.asarray(hashed(0, "content.style", creator) % STYLES, np.int64)


def render(content: NoteContent, keywords_per_category: int) -> NDArray[np.uint8]:
    """Draw covers.

    The category decides scene and palette, the creator's style frame and tint, each keyword one
    element; low quality blurs and clutters; videos carry a play mark; the trace of expression
    moves hues, stripes and places. A cover depends on its note alone.

    Args:
        content: n notes.
        keywords_per_category: keywords of each category in this world.

    Returns:
        uint8[n, SIZE, SIZE, 3].
    """
    out = np.empty((content.key.shape[0], SIZE, SIZE, 3), np.uint8)
    trace = traces(content.expression)
    style = styles(content.creator)
    noise = hashed(0, "content.cover", content.key)
    within = content.keywords - content.category[:, None].astype(np.int32) * keywords_per_category
    for row in range(out.shape[0]):
        words = [
            int(word)
            for word, used in zip(within[row], content.keywords[row] >= 0, strict=True)
            if used
        ]
        image = _scene(int(content.category[row]), trace[row].tolist())
        _put_elements(image, words, trace[row].tolist())
        image = _finish(image, float(content.quality[row]), int(noise[row]))
        _put_style(image, int(style[row]), is_video=bool(content.is_video[row]))
        out[row] = np.frombuffer(image.tobytes(), np.uint8).reshape(SIZE, SIZE, 3)
    return out


def _scene(category: int, t: list[float]) -> Image:
    """Draw the background: hue, saturation and brightness carry the first traces."""
    from PIL import Image

    hue = category * _GOLDEN + 0.07 * t[0]
    value = 0.74 + 0.18 * t[2]
    image = Image.new("RGB", (SIZE, SIZE), _rgb(hue, 0.45 + 0.3 * t[1], value))
    horizon = _step(t[7], masks.HORIZONS)
    second = hue + 0.13 + 0.2 * (category % 3) + 0.1 * t[3]
    image.paste(_rgb(second, 0.55, 0.62 + 0.2 * t[8]), None, masks.scene(category, 0, horizon))
    third = _rgb(second + 0.3, 0.4, 0.9)
    image.paste(third, None, masks.scene(category, 1, horizon))
    stripes = masks.stripes(_step(t[4], masks.ANGLES), _step(t[5], masks.FREQUENCIES))
    image.paste(_rgb(hue + 0.5, 0.3, 0.25), None, stripes)
    return image


def _put_elements(image: Image, words: list[int], t: list[float]) -> None:
    """Put one element for each keyword, the first largest."""
    dx, dy, grow = round(3 * t[9]), round(3 * t[10]), round(2 * t[11])
    for place, word in enumerate(words[: len(_SIZES)]):
        size = _SIZES[place] + grow
        variant = word // masks.SHAPES
        mask = masks.element(word % masks.SHAPES, variant // 3 % 3, size)
        x, y = _PLACES[place]
        image.paste((20, 20, 24), (x + dx + 1, y + dy + 1), mask)
        image.paste(_ELEMENT_COLOURS[variant % 3], (x + dx, y + dy), mask)


def _finish(image: Image, quality: float, noise: int) -> Image:
    """Clutter and blur what was made without care."""
    from PIL import ImageFilter

    care = 1.0 / (1.0 + np.exp(-1.2 * quality))
    for speck in range(round((1.0 - care) * _MOST_SPECKS)):
        bits = noise >> (5 * speck)
        x, y = (bits * 7919 + speck * 37) % 61, (bits * 104729 + speck * 53) % 61
        image.paste(_SPECKS[speck % 3], (x, y, x + 3, y + 3))
    return image.filter(ImageFilter.BoxBlur(float(1.6 * (1.0 - care) ** 2)))


def _put_style(image: Image, style: int, *, is_video: bool) -> None:
    """Put the creator's frame over everything, and the mark of a video."""
    kind, tint = style % masks.FRAMES, style // masks.FRAMES
    colour = _rgb(tint / 12, 0.6, 0.95)
    image.paste(colour, None, masks.frame(kind))
    image.paste(colour, (54, 4, 60, 10))
    if is_video:
        image.paste((255, 255, 255), (47, 47), masks.play_mark())


def _step(trace: float, n: int) -> int:
    """Return a trace in (-1, 1) as a step in [0, n)."""
    return min(int((trace + 1) / 2 * n), n - 1)


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, saturation, min(value, 1.0))
    return round(255 * r), round(255 * g), round(255 * b)


_ELEMENT_COLOURS: Final = ((250, 250, 245), (245, 200, 40), (225, 50, 60))
_SPECKS: Final = ((90, 90, 90), (200, 200, 200), (140, 110, 80))
