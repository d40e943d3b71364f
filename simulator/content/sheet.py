"""A sheet of covers, each with its title below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.content.masks import SIZE

if TYPE_CHECKING:
    from PIL.Image import Image

_ZOOM: Final = 3
_GAP: Final = 10
_TEXT: Final = 34
_LINE: Final = 32


def contact_sheet(covers: NDArray[np.uint8], titles: Sequence[str], columns: int) -> Image:
    """Return one picture of covers in rows, with titles where the built-in font can write them.

    Args:
        covers: uint8[n, SIZE, SIZE, 3].
        titles: n titles; characters beyond Latin are left to the caller to print.
        columns: covers in a row.
    """
    from PIL import Image, ImageDraw

    rows = -(-len(titles) // columns)
    width, height = SIZE * _ZOOM + _GAP, SIZE * _ZOOM + _GAP + _TEXT
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for i, title in enumerate(titles):
        x, y = _GAP + i % columns * width, _GAP + i // columns * height
        cover = Image.fromarray(covers[i]).resize((SIZE * _ZOOM,) * 2, Image.Resampling.NEAREST)
        sheet.paste(cover, (x, y))
        text = title if title.isascii() else f"{i // columns + 1}.{i % columns + 1} (see the list)"
        draw.multiline_text((x, y + SIZE * _ZOOM + 3), _wrapped(text), fill="black")
    return sheet


def _wrapped(text: str) -> str:
    """Break a title into lines that fit below a cover."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines[:2])
