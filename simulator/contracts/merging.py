"""How a test merges what two lists of policies would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MergeRule = Literal["consistent", "equal"]
"""Who goes first in a slot that an item of each arm claims."""


@dataclass(frozen=True, slots=True)
class Merging:
    """Every note stands where it would stand were its arm's policies those of all notes.

    Attributes:
        p_control: probability with which a note is ranked by control's policies.
        rule: who goes first where two notes claim one slot.
    """

    p_control: float
    rule: MergeRule
