"""What a study of traces says: numbers as text, and the verdict in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.app.present import NOTHING, relative, significant
from simulator.contracts.events import HOUR_S

if TYPE_CHECKING:
    from simulator.app.traces import Study
    from simulator.app.traces_run import Found
    from simulator.experiments.traces.comparison import Effect
    from simulator.experiments.traces.outcomes import Kind


def level(kind: Kind, value: float) -> str:
    """Write a level: shares in percent."""
    if not math.isfinite(value):
        return NOTHING
    text = f"{significant(100 * value)} %" if kind == "share" else significant(value)
    return text.replace("-", "−")


def gap(kind: Kind, value: float) -> str:
    """Write a difference, signed: of shares in percentage points."""
    unit = " pp" if kind == "share" and math.isfinite(value) else ""
    return f"{_signed(kind, value)}{unit}"


def interval(kind: Kind, effect: Effect) -> str:
    """Write the interval of a difference, in the unit of the difference."""
    return f"{_signed(kind, effect.low)} to {_signed(kind, effect.high)}"


def is_clear(effect: Effect) -> bool:
    """Tell whether the interval of a difference leaves out 0."""
    return effect.low > 0 or effect.high < 0


def span_of(study: Study) -> str:
    """Write the time after support, for example `24 h to day 7`."""
    return f"{study.window_s / HOUR_S:g} h to day {study.days}"


def effect_of(effects: list[Effect], outcome: str, boost: float, against: float) -> Effect:
    """Return one comparison."""
    return next(e for e in effects if (e.outcome, e.boost, e.against) == (outcome, boost, against))


def verdict(found: Found) -> list[str]:
    """Return what was found, one sentence an item, in the order of the argument."""
    study = found.study
    control, strongest = study.boosts[0], study.boosts[-1]
    said = [_gained(found, strongest), _later(found, strongest, control), _fresh(found, strongest)]
    if len(study.boosts) > 2:
        said += [_later(found, strongest, study.boosts[1]), _per_gained(found)]
    return [*said, _belief(found, strongest)]


def _gained(found: Found, boost: float) -> str:
    effect = effect_of(found.effects, "window_impressions", boost, found.study.boosts[0])
    hours = f"{found.study.window_s / HOUR_S:g} h"
    return (
        f"In its first {hours} a note of the cohort was shown {level('count', effect.value)} times "
        f"at {boost:g}× and {level('count', effect.base)} times without support "
        f"({gap('count', effect.difference)}; 95 % interval {interval('count', effect)})."
    )


def _later(found: Found, boost: float, against: float) -> str:
    effect = effect_of(found.effects, "later_impressions", boost, against)
    words = "more" if effect.difference > 0 else "less"
    ends = f"95 % interval {interval('count', effect)}"
    time = span_of(found.study)
    if not is_clear(effect):
        return (
            f"From {time} its natural traffic at {boost:g}× cannot be told from that at "
            f"{against:g}× ({gap('count', effect.difference)} impressions; {ends})."
        )
    return (
        f"From {time} it got {words} natural traffic at {boost:g}× than at {against:g}×: "
        f"{gap('count', effect.difference)} impressions, {relative(effect.relative)} ({ends}); the "
        f"sign is positive in {effect.seeds_up} of {effect.seeds} seeds."
    )


def _fresh(found: Found, boost: float) -> str:
    effect = effect_of(found.effects, "later_fresh", boost, found.study.boosts[0])
    clear = "" if is_clear(effect) else ", which chance alone may give"
    return (
        "Some readers had then met the note already. Among those whom it met in neither window, "
        f"the difference is {gap('count', effect.difference)} impressions, "
        f"{relative(effect.relative)} (95 % interval {interval('count', effect)}){clear}."
    )


def _per_gained(found: Found) -> str:
    boosts = found.study.boosts
    parts = []
    for boost in boosts[1:]:
        effect = effect_of(found.effects, "later_per_gained", boost, boosts[0])
        parts.append(f"{level('value', effect.value)} at {boost:g}×")
    ends = effect_of(found.effects, "later_per_gained", boosts[-1], boosts[1])
    clear = "" if is_clear(ends) else "; the ends cannot be told apart"
    return (
        "One impression gained while support acted was followed by "
        f"{', '.join(parts)} natural impressions later (strongest less mildest: "
        f"{gap('value', ends.difference)}; {interval('value', ends)}{clear})."
    )


def _belief(found: Found, boost: float) -> str:
    control = found.study.boosts[0]
    rate = effect_of(found.effects, "smoothed_ctr", boost, control)
    pair = effect_of(found.effects, "same_pair_p_click", boost, control)
    return (
        f"When support ended, the note's smoothed click rate at {boost:g}× differed from the "
        f"control's by {gap('share', rate.difference)} ({interval('share', rate)}); later, for the "
        f"same readers, the predicted click probability by {gap('share', pair.difference)} "
        f"({interval('share', pair)})."
    )


def _signed(kind: Kind, value: float) -> str:
    if not math.isfinite(value):
        return NOTHING
    text = significant(abs(100 * value if kind == "share" else value))
    sign = "" if text == "0" else "+" if value > 0 else "−"
    return f"{sign}{text}"
