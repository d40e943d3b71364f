"""What the numbers of an experiment say, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simulator.app import present
from simulator.experiments.analysis import Analysis, Guardrail, Plan, Verdict, decide

if TYPE_CHECKING:
    from simulator.experiments.analysis import Effect
    from simulator.experiments.reading import Read
    from simulator.experiments.scorecard import Score

_MANY: Final = 10
"""Times of the truth beyond which a ratio to it says nothing more."""

PREFERRED: Final = ("fulfilled", "ctr")
"""Primary metric where none is named: the first that the design reads."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed before the test.

    Attributes:
        primary: metric that must get better; the first preferred one that a design reads, if None.
        guardrails: metric -> tolerated harm, relative to control; only where a design reads it.
        target: difference worth detecting, in the unit of the primary metric.
    """

    primary: str | None = None
    guardrails: Mapping[str, float] = field(default_factory=dict)
    target: float | None = None


def primary_of(read: Read, named: str | None) -> str:
    """Return the primary metric: the named one, or the first preferred that was read."""
    chosen = [named] if named else [*PREFERRED, *read.effects]
    return next((name for name in chosen if name in read.effects), chosen[0])


def verdict_of(read: Read, agreed: Agreed, n_leaks: int = 0, alpha: float = 0.05) -> Verdict:
    """Return the decision of a test.

    Args:
        read: what the test says.
        agreed: what must get better, and what must not get worse.
        n_leaks: impressions that the design forbids; any make a test invalid.
        alpha: level.
    """
    if n_leaks:
        return Verdict("INVALID", f"{n_leaks:,} impressions that the design forbids were served")
    analysis = Analysis(
        tuple(read.effects.values()), read.srm, alpha, read.n_contaminated, 0, read.remarks
    )
    margins = {
        name: Guardrail(margin)
        for name, margin in agreed.guardrails.items()
        if name in read.effects
    }
    primary = primary_of(read, agreed.primary)
    return decide(analysis, Plan(primary, target=agreed.target, guardrails=margins, alpha=alpha))


def decision(verdict: Verdict) -> str:
    """Write a decision with its reason, and what would settle it."""
    text = f"{verdict.decision}, {verdict.reason}"
    if verdict.units_needed:
        text += f"; {verdict.units_needed:,} more units would settle it"
    return text


def sentence(remark: str) -> str:
    """Write a remark as a sentence; names of metrics keep their small letters."""
    first = remark.partition(" ")[0]
    return f"{remark if '_' in first else remark[:1].upper() + remark[1:]}."


def number(value: float) -> str:
    """Write a level or a standard error; a dash when it is unknown."""
    return present.significant(value) if math.isfinite(value) else present.NOTHING


def signed(value: float) -> str:
    """Write a difference with its sign."""
    if not math.isfinite(value):
        return present.NOTHING
    text = present.significant(abs(value))
    return text if text == "0" else f"{'+' if value > 0 else '−'}{text}"


def interval(effect: Effect) -> str:
    """Write the interval of a difference."""
    return f"{signed(effect.difference_low)}\u00a0…\u00a0{signed(effect.difference_high)}"


def p_value(p: float) -> str:
    """Write a p-value."""
    if not math.isfinite(p):
        return present.NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def bias_of(score: Score) -> str:
    """Say how wrong a design is on a metric, with the Monte-Carlo error where there is one."""
    text = f"{signed(score.bias)}"
    if math.isfinite(score.bias_se):
        text += f" ± {number(score.bias_se)}"
    if not score.truth:
        return text
    ratio = score.bias / abs(score.truth)
    if abs(ratio) > _MANY:
        return f"{text} (over {_MANY} times the truth)"
    return f"{text} ({ratio:+.0%} of the truth)".replace("-", "−")
