"""Merge of two changed versions of a text, line by line: only what truly changed is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

Lines = Sequence[str]
_Region = tuple[int, int, int, int]
"""Start in the base, in the source and in the result, and length, of lines that all three have."""


def merged_lines(base: Lines, source: Lines, after: Lines) -> list[str]:
    """Carry the changes from `base` to `after` over to `source`.

    Args:
        base: the source as another program writes it, without any change of meaning.
        source: the text as its author wrote it.
        after: the base with changes.

    Returns:
        The source with these changes; where the base differs from the source and is changed as
        well, the lines of `after`. Whole-line comments of the source always stay.
    """
    out: list[str] = []
    regions = [(0, 0, 0, 0), *_common(base, source, after)]
    regions.append((len(base), len(source), len(after), 0))
    for (b, s, a, n), (b2, s2, a2, _) in pairwise(regions):
        out += source[s : s + n]
        mine, other = source[s + n : s2], after[a + n : a2]
        out += mine if list(other) == list(base[b + n : b2]) else _with_comments(mine, other)
    return out


def _with_comments(source: Lines, after: Lines) -> list[str]:
    kept = {line.strip() for line in after}
    lost = [line for line in source if line.lstrip().startswith("#") and line.strip() not in kept]
    return [*after, *lost]


def _common(base: Lines, source: Lines, after: Lines) -> Iterator[_Region]:
    ours = _matches(base, source)
    theirs = _matches(base, after)
    i = j = 0
    while i < len(ours) and j < len(theirs):
        (b1, s, n1), (b2, a, n2) = ours[i], theirs[j]
        start, stop = max(b1, b2), min(b1 + n1, b2 + n2)
        if start < stop:
            yield start, s + start - b1, a + start - b2, stop - start
        i, j = (i + 1, j) if b1 + n1 < b2 + n2 else (i, j + 1)


def _matches(base: Lines, other: Lines) -> list[tuple[int, int, int]]:
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    return [(m.a, m.b, m.size) for m in matcher.get_matching_blocks() if m.size]
