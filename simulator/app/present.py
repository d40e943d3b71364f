"""How numbers and metrics read to people: one place for the command line, reports and pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simulator.metrics.catalog import Metric

NOTHING: Final = "–"
"""Stands where a value is not defined."""

FAMILY_TITLES: Final = {
    "creator": "Creators: do people publish, and are they seen soon?",
    "guarantee": "Guarantees: does help arrive in time, and is it enough?",
    "reader": "Readers: how do new notes do in front of them?",
    "platform": "Platform: does the feed as a whole keep its readers?",
    "content": "Content: is good new content found?",
    "diversity": "Diversity: are slates varied, and do readers stay?",
    "recommender": "Recommender: is it right about clicks?",
}

PHRASES: Final = {
    "publish_penetration": "readers of a day who publish",
    "notes_per_dau": "notes published per reader of a day",
    "creator_retention_d7": "publishers who publish again within 7 days",
    "time_to_first_impression_min": "median wait until somebody sees a new note",
    "time_to_first_interaction_min": "median wait until somebody likes, saves, comments or shares",
    "quota_fulfilment": "new notes that reach the target impressions in time",
    "new_note_ctr": "clicks per impression of new notes",
    "new_note_ctr_low": "… while hardly anybody has seen them",
    "new_note_ctr_mid": "… while some have seen them",
    "new_note_ctr_high": "… once many have seen them",
    "new_note_interaction_rate": "likes, saves, comments and shares per click on new notes",
    "new_note_interaction_rate_low": "… while hardly anybody has seen them",
    "new_note_interaction_rate_mid": "… while some have seen them",
    "new_note_interaction_rate_high": "… once many have seen them",
    "quota_progress_quarter": "how much of the target notes have after a quarter of their time",
    "quota_progress_half": "… after half of it",
    "quota_under_delivery": "how much of the target notes lack at the end",
    "quota_over_delivery": "help that notes got after they had reached the target",
    "promise_fulfilment": "promises of policies that were kept",
    "supported_share": "impressions that a policy helped to",
    "hide_rate": "impressions that readers hide",
    "time_spent_min_per_dau": "time a reader spends on a day with a visit",
    "dau": "readers who come on a day",
    "mau": "readers who came in the last 30 days",
    "lt7": "days with a visit in the week from a visit on",
    "impressions_per_dau": "notes that a reader sees on a day with a visit",
    "ctr": "clicks per impression, all notes",
    "high_heat_share": "notes that become hot",
    "high_exposure_low_conversion_share": "much shown notes that few click",
    "impression_gini_new": "0: new notes share impressions evenly, 1: one takes all",
    "new_note_impression_share": "impressions that go to new notes",
    "discoverable_corpus": "notes that readers like after their first day",
    "intra_list_similarity": "how alike the notes of a slate are; 1 is all the same",
    "distinct_categories_per_slate": "categories among the notes seen of a slate",
    "requests_per_session": "slates that a reader asks for before leaving",
    "exploration_impression_share": "impressions in slots that explore interests",
    "auc": "chance that a click was predicted above a non-click; 0.5 is guessing",
    "auc_new": "… for new notes",
    "auc_old": "… for older notes",
    "gauc": "the same within one reader",
    "log_loss": "error of predicted clicks; 0 is perfect",
    "calibration": "predicted over observed clicks; 1 is right",
    "calibration_new": "… for new notes",
    "calibration_old": "… for older notes",
    "recall_at_50": "clicks among the first 50 of the cheap ranking",
    "coverage": "notes in distribution that anybody saw on a day",
    "novelty": "how far from the most popular the shown notes are",
}
"""What a metric tells, in a few words; its full definition is `notesim show RUN --define`."""

_PLAIN: Final = ("auc", "gauc", "calibration", "impression_gini", "intra_list_similarity")
_SPANS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def is_share(metric: Metric) -> bool:
    """Tell whether a metric reads best in percent."""
    return not metric.unit and not metric.name.startswith(_PLAIN)


def significant(value: float, digits: int = 3) -> str:
    """Write a number with `digits` significant digits, whole from there on, without exponent.

    Args:
        value: the number.
        digits: significant digits of a number that is not whole.

    Returns:
        For example `0.0421`, `12.3`, `3,412`; `NOTHING` for what is no finite number.
    """
    if not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) < 1e-6:
        return f"{value:.1e}"
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    places = digits - 1 - exponent
    return f"{value:,.{max(0, places)}f}"


def about(value: float) -> str:
    """Write an estimate with two significant digits: `2,100`, `1.2 million`."""
    if value < 1:
        return significant(value, 1)
    rounded = round(value, 1 - math.floor(math.log10(value)))
    if rounded < 1e6:
        return f"{rounded:,.0f}"
    unit, word = (1e9, "billion") if rounded >= 1e9 else (1e6, "million")
    return f"{significant(rounded / unit, 2)} {word}"


def metric_value(metric: Metric, value: float | None) -> str:
    """Write a metric's value with its unit.

    Args:
        metric: what it is a value of.
        value: the value; None or NaN when it is not defined.
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if is_share(metric):
        return f"{significant(100 * value)} %"
    text = significant(value)
    return f"{text} {metric.unit}" if metric.unit else text


def metric_difference(metric: Metric, difference: float | None) -> str:
    """Write a difference of two values, signed; of shares in percentage points."""
    if difference is None or not math.isfinite(difference):
        return NOTHING
    if is_share(metric):
        return f"{_signed(100 * difference)} pp"
    text = _signed(difference)
    return f"{text} {metric.unit}" if metric.unit else text


def relative(change: float | None) -> str:
    """Write a relative change, signed, in percent."""
    if change is None or not math.isfinite(change):
        return NOTHING
    return f"{_signed(100 * change)} %"


def phrase(metric: Metric) -> str:
    """Return what a metric tells, in a few words."""
    return PHRASES.get(metric.name, metric.description.partition(". ")[0])


def span(seconds: float) -> str:
    """Write a length of real time: `8 s`, `3.5 min`, `2.0 h`."""
    for unit_s, unit in _SPANS:
        if seconds >= unit_s:
            return f"{seconds / unit_s:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def size(n_bytes: float) -> str:
    """Write an amount of memory: `812 B`, `3.2 KB`, `140 MB` (powers of 1,024)."""
    for unit in ("B", "KB", "MB"):
        if abs(n_bytes) < 1_024:
            return f"{significant(n_bytes)} {unit}"
        n_bytes /= 1_024
    return f"{significant(n_bytes)} GB"


def _signed(value: float) -> str:
    text = significant(abs(value))
    if text == "0":
        return "0"
    return f"{'+' if value > 0 else '−'}{text}"
