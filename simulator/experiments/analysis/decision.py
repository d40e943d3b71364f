"""From effects to a decision: SHIP, HOLD, ROLL BACK or INVALID, and the one reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.experiments.analysis.power import units_to_detect
from simulator.experiments.analysis.results import Analysis, Effect
from simulator.experiments.errors import AnalysisError

Decision = Literal["SHIP", "HOLD", "ROLL BACK", "INVALID"]
Direction = Literal["increase", "decrease"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that must not get worse by more than a margin.

    Attributes:
        margin: largest tolerated harm, positive; a share of the control level, or in the metric's
            unit when `absolute`.
        absolute: whether the margin is in the metric's unit.
        better: direction in which the metric is better.
    """

    margin: float
    absolute: bool = False
    better: Direction = "increase"

    def __post_init__(self) -> None:
        if not self.margin >= 0.0:
            raise AnalysisError(f"a margin must not be negative (got {self.margin})")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed before the experiment.

    Attributes:
        primary: metric that must get better.
        better: direction in which it is better.
        target: difference worth detecting, in the unit of the primary metric, or None.
        guardrails: metric -> guardrail.
        alpha: two-sided level of the decision on adjusted p-values of the primary metric.
        target_power: power at the target.
        units_per_day: units that join a day, to turn missing units into days; 0 when unknown.
    """

    primary: str
    better: Direction = "increase"
    target: float | None = None
    guardrails: Mapping[str, Guardrail] = field(default_factory=dict)
    alpha: float = 0.05
    target_power: float = 0.8
    units_per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """Reading of one guardrail, in harm: positive is worse, in units of the margin's scale.

    Attributes:
        metric: name.
        margin: tolerated harm.
        harm_low: lower end of the interval of the harm.
        harm_high: upper end.
        non_inferior: whether the whole interval is below the margin.
        violated: whether the whole interval is above the margin, and the harm is not zero.
    """

    metric: str
    margin: float
    harm_low: float
    harm_high: float
    non_inferior: bool
    violated: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and why.

    Attributes:
        decision: SHIP, HOLD, ROLL BACK or INVALID.
        reason: one sentence.
        guardrails: readings, in the order of the plan.
        units_needed: further units that would settle a HOLD, or None when unknown or not needed.
        days_needed: the same in days.
    """

    decision: Decision
    reason: str
    guardrails: tuple[GuardrailResult, ...] = ()
    units_needed: int | None = None
    days_needed: float | None = None


def decide(analysis: Analysis, plan: Plan, arm: str | None = None) -> Verdict:
    """Apply the rules in their order.

    1. A sample ratio mismatch or units in several arms: INVALID.
    2. The primary metric significantly worse, or a guardrail significantly past its margin: ROLL
    BACK. 3. The primary metric significantly better and every guardrail non-inferior: SHIP.
    4. Otherwise HOLD, with the units (days) still needed where the plan names a target.

    Args:
        analysis: result of `analyze`.
        plan: what was agreed.
        arm: treatment arm; the only one by default.

    Raises:
        AnalysisError: a metric of the plan was not analysed.
    """
    flagged = [check for check in analysis.srm if check.flagged]
    if flagged:
        check = flagged[0]
        return Verdict("INVALID", f"sample ratio mismatch on {check.side} (p = {check.p:.2g})")
    if analysis.n_contaminated:
        return Verdict("INVALID", f"{analysis.n_contaminated} units were in several arms")
    primary = analysis.effect(plan.primary, arm)
    results = tuple(
        _guardrail(name, analysis.effect(name, arm), guardrail)
        for name, guardrail in plan.guardrails.items()
    )
    significant = primary.p_adjusted < plan.alpha
    gain = primary.difference if plan.better == "increase" else -primary.difference
    if significant and gain < 0.0:
        return Verdict("ROLL BACK", f"{plan.primary} is significantly worse", results)
    violated = [r for r in results if r.violated]
    if violated:
        reason = f"{violated[0].metric} is significantly past its margin"
        return Verdict("ROLL BACK", reason, results)
    open_ones = [r.metric for r in results if not r.non_inferior]
    if significant and gain > 0.0 and not open_ones:
        reason = f"{plan.primary} is significantly better and every guardrail holds"
        return Verdict("SHIP", reason, results)
    return _hold(analysis, plan, primary, results, open_ones, arm)


def _guardrail(name: str, effect: Effect, guardrail: Guardrail) -> GuardrailResult:
    low, high = effect.relative_low, effect.relative_high
    if guardrail.absolute:
        low, high = effect.difference_low, effect.difference_high
    elif effect.control < 0.0:
        low, high = -high, -low
    if guardrail.better == "increase":
        low, high = -high, -low
    return GuardrailResult(
        name, guardrail.margin, low, high, high < guardrail.margin, low > guardrail.margin
    )


def _hold(
    analysis: Analysis,
    plan: Plan,
    primary: Effect,
    results: tuple[GuardrailResult, ...],
    open_ones: list[str],
    arm: str | None,
) -> Verdict:
    needed = []
    settled = primary.p_adjusted < plan.alpha
    if not settled and plan.target is not None and primary.se > 0.0:
        needed.append(units_to_detect(primary, plan.target, plan.alpha, plan.target_power))
    for name in open_ones:
        effect, guardrail = analysis.effect(name, arm), plan.guardrails[name]
        margin = guardrail.margin * (1.0 if guardrail.absolute else abs(effect.control))
        if margin > 0.0 and effect.se > 0.0:
            needed.append(units_to_detect(effect, margin, plan.alpha, plan.target_power))
    reason = (
        f"not yet shown to be within the margin: {', '.join(open_ones)}"
        if settled
        else f"no significant change of {plan.primary}"
    )
    if not needed:
        return Verdict("HOLD", reason, results)
    more = max(max(needed) - primary.n_units_control - primary.n_units_treatment, 0)
    days = more / plan.units_per_day if plan.units_per_day > 0.0 else None
    return Verdict("HOLD", reason, results, more, days)
