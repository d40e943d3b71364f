"""The share market: exposure in proportion to weights, in closed form under every plan.

A reader's impressions go to the notes the reader can see, each in proportion to its weight: old
notes weigh `old_weight`, new notes weigh `boost0` in control and `boost1` in treatment. Nothing
learns and nothing is random, so the global effect and the reading of every plan are formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.experiments.errors import AnalysisError, check_share

Plan = Literal[
    "user_side",
    "plan1",
    "plan2",
    "plan2_thick",
    "plan3",
    "plan4",
    "user_side_quota",
    "quota_split",
]
PLANS: tuple[Plan, ...] = (
    "user_side",
    "plan1",
    "plan2",
    "plan2_thick",
    "plan3",
    "plan4",
    "user_side_quota",
    "quota_split",
)


@dataclass(frozen=True, slots=True)
class ShareMarket:
    """Parameters of the share market.

    Attributes:
        n_new: new notes.
        n_old: old notes.
        old_weight: weight of an old note; a new note without boost weighs 1.
        boost0: weight of a new note in control.
        boost1: weight of a new note in treatment.
        impressions: impressions that all readers make together.
        user_share: fraction of readers in treatment, in (0, 1).
        note_share: fraction of new notes (and, in plan 3, of old notes) in treatment, in (0, 1).
        both_share: plan 4 only, fraction of new notes that both arms of readers see; the rest is
            split in two equal buckets.
        quota0: impressions that control guarantees to every new note, on top of the natural ones,
            in the two quota plans.
        quota1: the same in treatment.
    """

    n_new: float = 100.0
    n_old: float = 1_000.0
    old_weight: float = 1.0
    boost0: float = 1.0
    boost1: float = 2.0
    impressions: float = 100_000.0
    user_share: float = 0.5
    note_share: float = 0.5
    both_share: float = 0.5
    quota0: float = 0.0
    quota1: float = 50.0

    def __post_init__(self) -> None:
        for name in ("n_new", "n_old", "old_weight", "boost0", "boost1", "impressions"):
            if not getattr(self, name) > 0.0:
                raise AnalysisError(f"{name} must be positive (got {getattr(self, name)})")
        for name in ("user_share", "note_share", "both_share"):
            check_share(getattr(self, name), name)

    def new_share(self, boost: float, seen: float = 1.0) -> float:
        """Return the new notes' share of impressions when a fraction `seen` of them is visible."""
        mass = self.n_new * seen * boost
        return mass / (mass + self.n_old * self.old_weight)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a plan reads on one metric, beside the truth.

    Attributes:
        control: level in the control arm.
        treatment: level in the treatment arm.
        truth_control: level if nobody is treated.
        truth_treatment: level if everybody is treated.
    """

    control: float
    treatment: float
    truth_control: float
    truth_treatment: float

    @property
    def absolute(self) -> float:
        """Treatment minus control."""
        return self.treatment - self.control

    @property
    def relative(self) -> float:
        """Treatment over control, minus 1."""
        return self.treatment / self.control - 1.0

    @property
    def truth_absolute(self) -> float:
        """Global effect, absolute."""
        return self.truth_treatment - self.truth_control

    @property
    def truth_relative(self) -> float:
        """Global effect, relative."""
        return self.truth_treatment / self.truth_control - 1.0


@dataclass(frozen=True, slots=True)
class ShareReadings:
    """The readings of one plan.

    Attributes:
        new_share: share of a reader's impressions that fall on new notes, by arm of the reader.
        per_note: impressions of a new note from the readers of its own arm, by arm of the note, as
            counted (all readers in `plan1`, all notes in the user-side plans). The scale of the
            truth when notes are split like readers: `plan2_thick`, `plan3`.
        per_note_scaled: the same divided by the share of readers that counted: what the note would
            get from a full audience. The scale of the truth when a note meets nearly the whole
            pool: the user-side plans, `plan4`, and `plan2` where new notes are few.
    """

    new_share: Reading
    per_note: Reading
    per_note_scaled: Reading


def share_market(plan: Plan, market: ShareMarket) -> ShareReadings:
    """Return what a plan reads in the share market, and the truth.

    With S(b, f) = share of new notes at boost b when a fraction f of them is visible, I
    impressions, K new notes, u the fraction of readers and p of new notes in treatment:

    - `user_side`: readers of arm i see all notes at boost b_i; new-note share S(b_i, 1).
    - `plan1`: all readers see treated notes at b1 and control notes at b0; a note of arm j gets
      I b_j / (K (p b1 + (1 - p) b0) + old mass).
    - `plan2`: readers of arm i see the new notes of arm i only, and every old note: S(b_i, p_i).
    - `plan2_thick`: the same with new notes weighted by 1/p_i, so that the pool stays as thick as
    in
      the full market: S(b_i, 1).
    - `plan3`: two worlds, old notes split like the new ones (reader and note shares may differ).
    - `plan4`: readers of arm i see their own bucket and the shared bucket of new notes; only the
    two
      own buckets are compared.
    - `user_side_quota`: every new note is guaranteed `quota1` more impressions in total, and all of
      them come from treated readers, so that their share is inflated by 1/u; `quota0` likewise by
      control readers. Boosts are not used.
    - `quota_split`: the guarantee is divided between arms in proportion to readers.

    Args:
        plan: name of the plan, one of `PLANS`.
        market: parameters.

    Raises:
        AnalysisError: unknown plan.
    """
    if plan in ("user_side_quota", "quota_split"):
        return _quota(market, split=plan == "quota_split")
    if plan not in PLANS:
        raise AnalysisError(f"unknown plan {plan!r}; allowed: {', '.join(PLANS)}")
    if plan == "plan1":
        return _plan1(market)
    audience = (1.0 - market.user_share, market.user_share)
    own = (1.0 - market.note_share, market.note_share)
    boosts = (market.boost0, market.boost1)
    holds = own
    if plan == "plan4":
        own = ((1.0 - market.both_share) / 2.0,) * 2
        seen = holds = (own[0] + market.both_share,) * 2
    elif plan == "plan2":
        seen = own
    else:
        seen = (1.0, 1.0)
    if plan == "user_side":
        holds = (1.0, 1.0)
    share = [market.new_share(b, f) for b, f in zip(boosts, seen, strict=True)]
    scaled = [
        market.impressions * s / (market.n_new * h) for s, h in zip(share, holds, strict=True)
    ]
    counted = [x * u for x, u in zip(scaled, audience, strict=True)]
    return _readings(market, share, counted, scaled)


def _truth(market: ShareMarket) -> tuple[float, float]:
    return market.new_share(market.boost0), market.new_share(market.boost1)


def _readings(
    market: ShareMarket, share: list[float], counted: list[float], scaled: list[float]
) -> ShareReadings:
    truth0, truth1 = _truth(market)
    each = market.impressions / market.n_new
    return ShareReadings(
        Reading(share[0], share[1], truth0, truth1),
        Reading(counted[0], counted[1], each * truth0, each * truth1),
        Reading(scaled[0], scaled[1], each * truth0, each * truth1),
    )


def _plan1(market: ShareMarket) -> ShareReadings:
    mixed = market.note_share * market.boost1 + (1.0 - market.note_share) * market.boost0
    share = market.new_share(mixed)
    each = market.impressions * share / market.n_new / mixed
    counted = [each * market.boost0, each * market.boost1]
    return _readings(market, [share, share], counted, counted)


def _quota(market: ShareMarket, *, split: bool) -> ShareReadings:
    natural = market.n_new / (market.n_new + market.n_old * market.old_weight)
    readers = (1.0 - market.user_share, market.user_share)
    quotas = (market.quota0, market.quota1)
    fewest = 1.0 if split else min(readers)
    if max(quotas) * market.n_new > fewest * market.impressions * (1.0 - natural):
        raise AnalysisError("the quotas ask for more impressions than the readers have")
    truth = [natural + q * market.n_new / market.impressions for q in quotas]
    share = truth
    if not split:
        extra = [q * market.n_new / market.impressions for q in quotas]
        share = [natural + e / u for e, u in zip(extra, readers, strict=True)]
    each = market.impressions / market.n_new
    scaled = [each * s for s in share]
    counted = [s * u for s, u in zip(scaled, readers, strict=True)]
    return ShareReadings(
        Reading(share[0], share[1], truth[0], truth[1]),
        Reading(counted[0], counted[1], each * truth[0], each * truth[1]),
        Reading(scaled[0], scaled[1], each * truth[0], each * truth[1]),
    )
