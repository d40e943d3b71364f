"""Stylised facts of feeds of user-generated notes: what is measured, and in which band it lies.

Bands are priors of this project, set around what the sources say; `strength` says how good the
source is. Names of values are those of the queries in `measures.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Strength = Literal["good", "medium", "weak", "illustrative"]
When = Literal["always", "without_support", "with_quota"]


@dataclass(frozen=True, slots=True)
class Band:
    """Range in which a value should lie.

    Attributes:
        value: name of the measured value.
        low, high: ends of the range.
        unit: `share` for values shown in per cent, else the unit.
    """

    value: str
    low: float
    high: float
    unit: str = ""

    def holds(self, x: float) -> bool | None:
        """Return whether a value lies in the band; None when it is not defined."""
        return None if math.isnan(x) else self.low <= x <= self.high


@dataclass(frozen=True, slots=True)
class Fact:
    """One stylised fact.

    Attributes:
        name: short name.
        text: what should be so.
        source: where it comes from, and what it says there.
        strength: how good the source is.
        bands: the fact holds when every band does.
        when: `always`, or only for runs without support, or with a policy of guarantees.
        needs_days: measured days below which the fact cannot be judged.
        known_cause: what is known about why simulated worlds miss it, "" for nothing.
    """

    name: str
    text: str
    source: str
    strength: Strength
    bands: tuple[Band, ...]
    when: When = "always"
    needs_days: int = 1
    known_cause: str = ""


_COURSE: Final = "course slides on cold start"
_INF: Final = math.inf

FACTS: Final = (
    Fact(
        "publish_penetration",
        "Few readers of a day publish.",
        f"{_COURSE}: 5 %, or 2 %",
        "illustrative",
        (Band("publish_penetration", 0.02, 0.06, "share"),),
    ),
    Fact(
        "notes_per_dau",
        "Notes a reader of the day.",
        f"{_COURSE}: 0.10, or 0.04; trade press: 3 M notes at 100 M readers",
        "medium",
        (Band("notes_per_dau", 0.03, 0.12),),
    ),
    Fact(
        "notes_per_publisher",
        "Who publishes often publishes more than one note that day.",
        f"{_COURSE}: 2.0",
        "illustrative",
        (Band("notes_per_publisher", 1.1, 2.2),),
    ),
    Fact(
        "creators_among_readers",
        "About a fifth of a month's readers create.",
        "marketing site of one platform, 2022: 43 M of over 200 M",
        "weak",
        (Band("creators_among_readers", 0.15, 0.30, "share"),),
        needs_days=14,
    ),
    Fact(
        "new_note_gini",
        "Impressions of notes of the last day are very uneven.",
        f"{_COURSE}: Gini often over 0.9",
        "good",
        (Band("new_note_gini", 0.85, 0.97),),
        known_cause="By default the main channels hold notes of a day and more, and short channels "
        "spread the newer ones. Open to notes of an hour (quickstart, one seed) the Gini rises "
        "from 0.69 to 0.78, but new notes then get 18 % of impressions, above their band.",
    ),
    Fact(
        "lifetime_concentration",
        "A few notes hold most of all impressions.",
        "samples of TikTok (Gini 0.93, 2020) and YouTube (McGrady et al. 2023)",
        "good",
        (Band("lifetime_gini", 0.88, 0.97), Band("lifetime_top_percent", 0.40, 1.0, "share")),
        needs_days=7,
        known_cause="Not known. It is neither the age at which notes enter the main channels nor "
        "the diversity of slates: without either the values hardly move (quickstart, one seed).",
    ),
    Fact(
        "reach_without_quota",
        "Without guarantees about half of the notes reach the target in a day.",
        f"{_COURSE}: 50 %",
        "illustrative",
        (Band("quota_fulfilment", 0.30, 0.65, "share"),),
        when="without_support",
        needs_days=2,
    ),
    Fact(
        "reach_with_quota",
        "With guarantees most do, never all.",
        f"{_COURSE}: 80 %",
        "illustrative",
        (Band("quota_fulfilment", 0.70, 0.95, "share"),),
        when="with_quota",
        needs_days=2,
    ),
    Fact(
        "hot_notes",
        "Few notes become hot.",
        f"{_COURSE}: 10 % pass 1,000 clicks in 30 days",
        "illustrative",
        (Band("high_heat_share", 0.02, 0.12, "share"),),
        needs_days=10,
    ),
    Fact(
        "click_rate",
        "About one impression in ten is clicked, more where notes have proven themselves.",
        f"{_COURSE}: 10 %; two sponsored notes: 16 and 17 %",
        "medium",
        (Band("ctr", 0.08, 0.16, "share"), Band("ctr_mid_to_high", 1.0, _INF)),
    ),
    Fact(
        "actions_a_click",
        "Likes, collects, comments and shares for each click.",
        f"{_COURSE}: 10 % collects; a weak note: 2.5 % in all",
        "medium",
        (
            Band("likes_a_click", 0.04, 0.12, "share"),
            Band("collects_a_click", 0.03, 0.10, "share"),
            Band("comments_a_click", 0.003, 0.02, "share"),
            Band("shares_a_click", 0.005, 0.02, "share"),
        ),
    ),
    Fact(
        "rare_actions",
        "Follows and comments are rare for each impression.",
        "KuaiRand (Gao et al. 2022): below 2 %",
        "good",
        (
            Band("follows_an_impression", 0.0, 0.02, "share"),
            Band("comments_an_impression", 0.0, 0.02, "share"),
        ),
    ),
    Fact(
        "natural_share",
        "Notes of the last of thirty days get about a thirtieth of impressions.",
        f"{_COURSE}: 1/30 under free competition",
        "illustrative",
        (Band("new_note_share", 0.01, 0.05, "share"),),
        when="without_support",
        needs_days=2,
    ),
    Fact(
        "diurnal_curve",
        "Quiet nights, busy evenings.",
        f"{_COURSE}: 9 % of impressions in 00-06 h, 32 % in 20:00-03:20",
        "good",
        (
            Band("night_share", 0.06, 0.12, "share"),
            Band("evening_share", 0.29, 0.35, "share"),
            Band("peak_hour", 20, 23, "h"),
        ),
    ),
    Fact(
        "usage",
        "Minutes and visits of a reader's day.",
        "trade press: 50-60 min, 3-4 visits",
        "weak",
        (Band("minutes_a_day", 30, 80, "min"), Band("sessions_a_day", 3, 5)),
    ),
    Fact(
        "impressions_a_day",
        "Impressions of a reader's day: many for some.",
        "KuaiRand-27K (Gao et al. 2022): 381 for active readers of short video",
        "medium",
        (Band("impressions_a_day", 60, 200), Band("impressions_tail", 3.0, _INF)),
    ),
    Fact(
        "session_length",
        "Session lengths have a long tail.",
        "Kooti et al., WWW 2017",
        "medium",
        (Band("session_cv", 1.0, _INF),),
    ),
    Fact(
        "position",
        "Lower slots are seen less; once seen, the first screen is clicked alike.",
        "Craswell et al., WSDM 2008",
        "good",
        (Band("seen_last_to_first", 0.0, 1.0, "share"), Band("first_screen_ctr_spread", 1.0, 1.3)),
        known_cause="The ranker puts first what it thinks best, so the first slots hold better "
        "notes. Over the predicted click rate the first screen is flat: see the chart of slots.",
    ),
    Fact(
        "ageing",
        "Notes peak within a week and fade in days.",
        "life-cycle study on KuaiRec and KuaiRand: over 90 % peak within 7 days",
        "medium",
        (Band("peak_within_week", 0.85, 1.0, "share"), Band("half_life_days", 1.0, 4.0, "d")),
        needs_days=10,
    ),
    Fact(
        "retrieval_chain",
        "Content channels find a note first, look-alike next, behaviour last.",
        f"{_COURSE}: category and cluster, then look-alike, then collaborative",
        "good",
        (Band("chain_order", 1.0, 1.0),),
        needs_days=3,
    ),
    Fact(
        "creators_and_hits",
        "What an author's notes did before says something, not all, about the next.",
        "248 M Kuaishou videos (2024)",
        "medium",
        (Band("author_rank_correlation", 0.2, 0.5),),
        needs_days=7,
    ),
)
"""Facts that one run can be held against."""
