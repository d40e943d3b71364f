"""Diversity: how alike the notes of a slate are, and how long sessions last."""

from __future__ import annotations

from typing import Final

from simulator.contracts.events import SlotKind
from simulator.metrics.catalog import Family, Metric, no_others
from simulator.results.params import MetricParams

METRICS: Final = (
    Metric(
        "intra_list_similarity",
        "",
        "down",
        "Mean cosine of the content embeddings over all pairs of notes seen in one slate.",
        "pair_similarity",
        "slate_pairs",
        factor=1e-9,
    ),
    Metric(
        "distinct_categories_per_slate",
        "categories",
        "up",
        "Categories among the notes of a slate that were seen.",
        "first_of_category",
        "seen_slates",
    ),
    Metric(
        "requests_per_session",
        "requests",
        "up",
        "Slates that readers ask for in a session: its length.",
        "sent_requests",
        "started_sessions",
    ),
    Metric(
        "exploration_impression_share",
        "",
        "none",
        "Share of impressions in slots that explore, which skip ranking.",
        "explored_impressions",
        "impressions",
    ),
)


def _sums(params: MetricParams) -> tuple[str, ...]:  # noqa: ARG001
    """Return the sums; the pairs of a note are those with the notes above it."""
    return (
        f"""SELECT day, sum(position) AS slate_pairs, count(*) FILTER (position = 0) AS seen_slates,
            sum(CAST(round(1e9 * slate_similarity::DOUBLE * position) AS BIGINT))
                AS pair_similarity,
            count(*) FILTER (category_repeats = 0) AS first_of_category,
            count(*) FILTER (slot_kind = {int(SlotKind.EXPLORE)}) AS explored_impressions
        FROM impressions GROUP BY day""",
        """SELECT day, sum(requests) AS sent_requests, sum(sessions) AS started_sessions
        FROM visits GROUP BY day""",
    )


FAMILY: Final = Family("diversity", METRICS, _sums, no_others)
