"""Guarantees: does help arrive in time, is it enough, is it more than was promised?"""

from __future__ import annotations

from typing import Final

from simulator.contracts.quotas import QuotaEvent
from simulator.metrics.catalog import Family, Metric, no_others
from simulator.results.params import MetricParams

_MILLIONTHS: Final = 1e-6
_NO_WINDOW: Final = "null: no note has its whole window inside the run"
_WHOLE: Final = "Notes with the whole quota window inside the run."

METRICS: Final = (
    *(
        Metric(
            f"quota_progress_{name}",
            "",
            "up",
            f"Mean share of the target impressions that new notes have after {text} of the quota "
            f"window, a note at most 1. {_WHOLE}",
            f"progress_{name}",
            "notes_watched",
            factor=_MILLIONTHS,
            needs_days=2,
            if_shorter=_NO_WINDOW,
        )
        for name, text in (("quarter", "a quarter"), ("half", "half"))
    ),
    Metric(
        "quota_under_delivery",
        "",
        "down",
        f"Mean share of the target that new notes lack at the end of the quota window. {_WHOLE}",
        "lacking",
        "notes_watched",
        factor=_MILLIONTHS,
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "quota_over_delivery",
        "",
        "down",
        "Supported impressions of new notes after they had reached the target, for each "
        f"impression of the target. {_WHOLE}",
        "too_late",
        "notes_watched",
        factor=_MILLIONTHS,
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "promise_fulfilment",
        "",
        "up",
        "Share of the promises of policies to notes that ended by being met: not by their deadline "
        "or by being given up.",
        "promises_met",
        "promises_ended",
    ),
    Metric(
        "supported_share",
        "",
        "none",
        "Share of impressions on which the support of some policy acted.",
        "supported_impressions",
        "all_impressions",
    ),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    window = params.quota_window_s
    due_before = params.end_t - window
    target = float(params.scaled(params.quota_impressions))
    met, start = int(QuotaEvent.MET), int(QuotaEvent.START)
    return (
        f"""WITH early AS (
            SELECT note_id, count(*) AS n,
                count(*) FILTER (note_age_s < {window / 4}) AS n_quarter,
                count(*) FILTER (note_age_s < {window / 2}) AS n_half,
                count(*) FILTER (granted_by <> 0 AND t > reached_target_t) AS n_late
            FROM events JOIN new_notes USING (note_id)
            WHERE note_age_s < {window} GROUP BY note_id
        )
        SELECT published_day AS day, count(*) AS notes_watched,
            sum({_part("n_quarter", target)}) AS progress_quarter,
            sum({_part("n_half", target)}) AS progress_half,
            sum(1000000 - {_part("n", target)}) AS lacking,
            sum(CAST(round(1e6 * coalesce(n_late, 0) / {target}) AS BIGINT)) AS too_late
        FROM new_notes LEFT JOIN early USING (note_id)
        WHERE published_t <= {due_before} GROUP BY day""",
        f"""SELECT day, count(*) AS promises_ended,
            count(*) FILTER (event = {met}) AS promises_met
        FROM quotas WHERE day >= 0 AND day < {params.measured_days} AND event <> {start}
        GROUP BY day""",
        """SELECT day, count(*) AS all_impressions,
            count(*) FILTER (granted_by <> 0) AS supported_impressions
        FROM impressions GROUP BY day""",
    )


def _part(count: str, target: float) -> str:
    return f"CAST(round(1e6 * least(1.0, coalesce({count}, 0) / {target})) AS BIGINT)"


FAMILY: Final = Family("guarantee", METRICS, _sums, no_others)
