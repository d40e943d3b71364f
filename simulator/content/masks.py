"""Masks that covers are put together from: scenes, stripes, elements, frames, specks.

Every mask is drawn once with Pillow and kept; a cover then costs a few pastes of flat colour.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.contracts.random import uniform

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE: Final = 64
"""Side of a cover, pixels."""

SHAPES: Final = 10
ANGLES: Final = 24
FREQUENCIES: Final = 12
HORIZONS: Final = 16
FRAMES: Final = 4
_SCALE: Final = 4


@cache
def scene(category: int, layer: int, horizon: int) -> Image:
    """Return one of two layers of a category's composition.

    Args:
        category: the category; any number.
        layer: 0 for the ground, 1 for what stands on it.
        horizon: step in [0, HORIZONS) that moves the composition up.
    """
    if layer == 0:
        return _ground(category, horizon)
    return _figure(category, horizon)


@cache
def stripes(angle: int, frequency: int) -> Image:
    """Return soft stripes: a step of half a turn over ANGLES, and one of 2 to 8 periods."""
    from PIL import Image

    turn = np.pi * angle / ANGLES
    periods = 2.0 + 6.0 * frequency / (FREQUENCIES - 1)
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    wave = np.sin(2 * np.pi * periods * (x * np.cos(turn) + y * np.sin(turn)))
    return Image.fromarray((70 * (wave > 0)).astype(np.uint8))


@cache
def element(shape: int, hollow: int, size: int) -> Image:
    """Return the outline of a keyword's element.

    Args:
        shape: 0 to SHAPES - 1.
        hollow: 0 filled, 1 with a hole, 2 with a bar through it.
        size: side, pixels.
    """
    from PIL import Image, ImageDraw

    side = size * _SCALE
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    for polygon in _polygons(shape):
        draw.polygon([(side * x, side * y) for x, y in polygon], fill=255)
    if shape in {0, 1}:
        low, high = (0.02 * side, 0.98 * side) if shape == 0 else (0.3 * side, 0.7 * side)
        draw.ellipse((0.02 * side, low, 0.98 * side, high), fill=255)
    if hollow == 1:
        draw.ellipse((0.38 * side, 0.38 * side, 0.62 * side, 0.62 * side), fill=0)
    elif hollow == 2:
        draw.rectangle((0, 0.45 * side, side, 0.57 * side), fill=0)
    return image.resize((size, size), Image.Resampling.BOX)


@cache
def frame(kind: int) -> Image:
    """Return a creator's frame: none, a border, bars above and below, or cut corners."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(image)
    if kind == 1:
        draw.rectangle((0, 0, SIZE - 1, SIZE - 1), outline=235, width=3)
    elif kind == 2:
        draw.rectangle((0, 0, SIZE, 4), fill=235)
        draw.rectangle((0, SIZE - 5, SIZE, SIZE), fill=235)
    elif kind == 3:
        for x, y in ((0, 0), (SIZE, 0), (0, SIZE), (SIZE, SIZE)):
            draw.ellipse((x - 9, y - 9, x + 9, y + 9), fill=235)
    return image


@cache
def play_mark() -> Image:
    """Return the mark that videos carry: a triangle in a ring."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (64, 64), 0)
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 2, 61, 61), outline=255, width=8)
    draw.polygon([(24, 18), (24, 46), (47, 32)], fill=255)
    return image.resize((14, 14), Image.Resampling.BOX)


def _polygons(shape: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    bar = ((0.0, 0.36), (1.0, 0.36), (1.0, 0.64), (0.0, 0.64))
    post = ((0.36, 0.0), (0.64, 0.0), (0.64, 1.0), (0.36, 1.0))
    up = ((0.5, 0.02), (0.98, 0.95), (0.02, 0.95))
    down = ((0.02, 0.05), (0.98, 0.05), (0.5, 0.98))
    table = {
        2: (((0.08, 0.08), (0.92, 0.08), (0.92, 0.92), (0.08, 0.92)),),
        3: (up,),
        4: (down,),
        5: (((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)),),
        6: (bar, post),
        7: (((0.3, 0.0), (0.7, 0.0), (0.7, 1.0), (0.3, 1.0)),),
        8: (((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)),),
        9: (((0.0, 0.0), (0.35, 0.0), (0.35, 0.65), (1.0, 0.65), (1.0, 1.0), (0.0, 1.0)),),
    }
    return table.get(shape, ())


def _draws(category: int, what: str, n: int) -> list[float]:
    return [float(u) for u in uniform(0, f"content.scene.{what}", category, np.arange(n))]


def _ground(category: int, horizon: int) -> Image:
    """Draw a slope, a hill, a wedge or a floor, whose line the horizon moves."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(image)
    line = SIZE * (0.72 - 0.3 * horizon / (HORIZONS - 1))
    tilt = (_draws(category, "ground", 1)[0] - 0.5) * 30
    kind = category % 4
    if kind == 0:
        draw.polygon([(0, line - tilt), (SIZE, line + tilt), (SIZE, SIZE), (0, SIZE)], fill=255)
    elif kind == 1:
        draw.ellipse((-20 + tilt, line - 8, SIZE + 20 + tilt, line + 90), fill=255)
    elif kind == 2:
        draw.polygon([(32 + tilt, line - 24), (SIZE + 10, SIZE), (-10, SIZE)], fill=255)
    else:
        draw.rectangle((0, 0, 16 + tilt / 3, SIZE), fill=255)
        draw.rectangle((0, line, SIZE, SIZE), fill=255)
    return image


def _figure(category: int, horizon: int) -> Image:
    """Draw a sun, columns, rings, dots or roofs, spread by the category."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(image)
    a, b, c = _draws(category, "figure", 3)
    top = 6 + a * 16 - horizon / 3
    kind = category // 4 % 5
    if kind == 0:
        x, r = 8 + 48 * b, 8 + 6 * c
        draw.ellipse((x - r, top - r + 8, x + r, top + r + 8), fill=220)
    elif kind == 1:
        for x in range(int(4 * b), SIZE, 12 + int(8 * c)):
            draw.rectangle((x, top, x + 4, SIZE), fill=150)
    elif kind == 2:
        for r in (34, 26, 18, 10):
            x, y = 20 + 24 * b, 20 + 24 * c
            draw.ellipse((x - r, y - r, x + r, y + r), outline=190, width=2)
    elif kind == 3:
        for i in range(16):
            x, y = 16 * (i % 4) + 6 + 4 * b, 16 * (i // 4) + top / 2
            draw.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill=210)
    else:
        for i in range(3):
            x = 22 * i + 8 * b
            draw.polygon([(x, top + 26), (x + 11, top + 6 * c), (x + 22, top + 26)], fill=200)
    return image
