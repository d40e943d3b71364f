"""The values that stylised facts are about, from the tables of one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

Values = dict[str, float]
_NAN: Final = float("nan")
_OBSERVED_D: Final = 10
_HABIT: Final = ("category", "keyword", "cluster")
_BEHAVIOUR: Final = ("item_cf", "user_cf", "swing")


def measure_all(query: Query, params: MetricParams, channels: Sequence[str]) -> Values:
    """Return every value by name, NaN where the run does not define it.

    Args:
        query: the run's tables `impressions` (measured events), `visits`, `new_notes`,
            `note_outcomes`, `events`, `activity` and `metric_totals`.
        params: windows and thresholds.
        channels: names of the recall channels, by bit.
    """
    found: Values = {}
    for measure in _MEASURES:
        found |= measure(query, params)
    found |= _chain(query, channels)
    return found


def _one(query: Query, sql: str) -> Values:
    """Return the first row of a query by column."""
    row = query.columns(sql)
    return {name: float(values[0]) if values.size else _NAN for name, values in row.items()}


def _totals(query: Query, _params: MetricParams) -> Values:
    found = query.columns("SELECT metric, value FROM metrics WHERE day IS NULL")
    by_name = dict(zip(found["metric"].tolist(), found["value"].tolist(), strict=True))
    names = {
        "publish_penetration": "publish_penetration",
        "notes_per_dau": "notes_per_dau",
        "new_note_gini": "impression_gini_new",
        "quota_fulfilment": "quota_fulfilment",
        "high_heat_share": "high_heat_share",
        "ctr": "ctr",
        "new_note_share": "new_note_impression_share",
        "minutes_a_day": "time_spent_min_per_dau",
    }
    return {name: float(by_name.get(metric, _NAN)) for name, metric in names.items()}


def _actions(query: Query, params: MetricParams) -> Values:
    found = _one(
        query,
        """SELECT sum("like") / sum(click) AS likes_a_click,
            sum("collect") / sum(click) AS collects_a_click,
            sum("comment") / sum(click) AS comments_a_click,
            sum("share") / sum(click) AS shares_a_click,
            sum("follow") / count(*) AS follows_an_impression,
            sum("comment") / count(*) AS comments_an_impression
        FROM impressions""",
    )
    low, high = params.scaled(params.mid_impressions), params.scaled(params.high_impressions)
    band = f"note_impressions >= {low} AND note_impressions < {high}"
    ratio = _one(
        query,
        f"""SELECT (avg(click) FILTER (note_impressions >= {high}))
            / (avg(click) FILTER ({band})) AS ctr_mid_to_high FROM impressions""",
    )
    return found | ratio


def _creators(query: Query, params: MetricParams) -> Values:
    publishing = "published_day >= 0 AND published_t >= 0"
    per_day = _one(
        query,
        f"""SELECT avg(n) AS notes_per_publisher FROM (SELECT count(*) AS n FROM new_notes
            WHERE {publishing} GROUP BY published_day, creator_id)""",
    )
    share = _one(
        query,
        """SELECT (SELECT count(DISTINCT creator_id) FROM note_outcomes)
            / (SELECT count(DISTINCT reader_id) FROM visits) AS creators_among_readers""",
    )
    return per_day | share | {"author_rank_correlation": _author_correlation(query, params)}


def _author_correlation(query: Query, params: MetricParams) -> float:
    """Return Spearman's correlation of a note's first-day clicks with its author's mean before."""
    from scipy.stats import spearmanr

    last = (params.warm_up_days + params.measured_days - 1) * DAY_S
    found = query.columns(f"""
        SELECT past, clicks_24h FROM (
            SELECT clicks_24h, published_t,
                avg(clicks_24h) OVER author AS past, count(*) OVER author AS n
            FROM note_outcomes WHERE published_t >= 0 AND published_t < {last}
            WINDOW author AS (PARTITION BY creator_id ORDER BY published_t
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        WHERE n >= 3 ORDER BY published_t""")
    past, now = found["past"].astype(np.float64), found["clicks_24h"].astype(np.float64)
    if past.size < 30 or np.ptp(past) == 0 or np.ptp(now) == 0:
        return _NAN
    return float(spearmanr(past, now).statistic)


def _concentration(query: Query, params: MetricParams) -> Values:
    """Return inequality of impressions among notes that were distributed for a week or more."""
    end = params.end_t - 7 * DAY_S
    found = query.columns(
        f"""SELECT impressions FROM note_outcomes
        WHERE published_t >= 0 AND published_t < {end} ORDER BY impressions"""
    )
    x = found["impressions"].astype(np.float64)
    if x.size < 30 or x.sum() == 0:
        return {"lifetime_gini": _NAN, "lifetime_top_percent": _NAN}
    ranks = np.arange(1, x.size + 1)
    gini = 2 * float((ranks * x).sum()) / (x.size * float(x.sum())) - (x.size + 1) / x.size
    top = float(x[-max(1, x.size // 100) :].sum() / x.sum())
    return {"lifetime_gini": gini, "lifetime_top_percent": top}


def _hours(query: Query, _params: MetricParams) -> Values:
    found = query.columns(f"""
        SELECT CAST(floor((t % {DAY_S}) / {HOUR_S // 3}) AS INTEGER) AS third, count(*) AS n
        FROM impressions GROUP BY third""")
    n = np.zeros(72)
    n[found["third"].astype(np.int64)] = found["n"].astype(np.float64)
    if n.sum() == 0:
        return dict.fromkeys(("night_share", "evening_share", "peak_hour"), _NAN)
    n /= n.sum()
    return {
        "night_share": float(n[:18].sum()),
        "evening_share": float(n[60:].sum() + n[:10].sum()),
        "peak_hour": float(n.reshape(24, 3).sum(axis=1).argmax()),
    }


def _visits(query: Query, _params: MetricParams) -> Values:
    days = _one(
        query,
        """SELECT avg(sessions) AS sessions_a_day, avg(impressions) AS impressions_a_day,
            quantile_cont(impressions, 0.99) / avg(impressions) AS impressions_tail FROM visits""",
    )
    sessions = _one(
        query,
        """SELECT stddev_pop(n) / avg(n) AS session_cv FROM (SELECT count(*) AS n
            FROM impressions GROUP BY day, reader_id, session_no)""",
    )
    return days | sessions


def _positions(query: Query, _params: MetricParams) -> Values:
    found = query.columns("""
        SELECT position, count(*) AS n, avg(click) AS ctr FROM impressions
        GROUP BY position ORDER BY position""")
    n, ctr = found["n"].astype(np.float64), found["ctr"].astype(np.float64)
    if n.size < 5:
        return {"seen_last_to_first": _NAN, "first_screen_ctr_spread": _NAN}
    first = ctr[:4]
    spread = float(first.max() / first.min()) if first.min() > 0 else _NAN
    return {"seen_last_to_first": float(n[-1] / n[0]), "first_screen_ctr_spread": spread}


def _ageing(query: Query, params: MetricParams) -> Values:
    """Follow notes of the run that can be observed for ten days, and were seen at all often."""
    last = params.end_t - _OBSERVED_D * DAY_S
    enough = params.scaled(params.mid_impressions)
    found = query.columns(f"""
        WITH daily AS (
            SELECT note_id, CAST(floor(note_age_s / {DAY_S}) AS INTEGER) AS age, count(*) AS n
            FROM events JOIN note_outcomes USING (note_id)
            WHERE published_t >= 0 AND published_t < {last}
                AND note_age_s < {_OBSERVED_D * DAY_S} GROUP BY note_id, age
        ), grown AS (
            SELECT *, sum(n) OVER (PARTITION BY note_id) AS total,
                sum(n) OVER (PARTITION BY note_id ORDER BY age) AS until FROM daily
        )
        SELECT arg_max(age, (n, -age)) AS peak,
            arg_min(age + 1 - (until - total / 2) / n, age)
                FILTER (until >= total / 2) AS half
        FROM grown WHERE total >= {enough} GROUP BY note_id""")
    peak, half = found["peak"].astype(np.float64), found["half"].astype(np.float64)
    if peak.size < 30:
        return {"peak_within_week": _NAN, "half_life_days": _NAN}
    return {"peak_within_week": float((peak < 7).mean()), "half_life_days": float(np.median(half))}


def _chain(query: Query, channels: Sequence[str]) -> Values:
    """Return 1 when channels find notes in the order of the chain, 0 when not.

    Compared are the mean exposures, on a logarithmic scale, of new notes at the impressions that
    content lists, look-alike and collaborative channels had found.
    """
    found = query.columns("""
        SELECT channels, avg(ln(1 + note_impressions)) AS exposure, count(*) AS n
        FROM impressions WHERE note_age_s < 7 * 86400 GROUP BY channels""")
    bits, n = found["channels"].astype(np.int64), found["n"].astype(np.float64)
    means = [
        _mean_of(bits, n, found["exposure"].astype(np.float64), channels, names)
        for names in (_HABIT, ("lookalike",), _BEHAVIOUR)
    ]
    if any(np.isnan(means)):
        return {"chain_order": _NAN}
    return {"chain_order": float(means[0] < means[1] < means[2])}


def _mean_of(
    bits: NDArray[np.int64],
    n: NDArray[np.float64],
    exposure: NDArray[np.float64],
    channels: Sequence[str],
    names: Sequence[str],
) -> float:
    mask = sum(1 << i for i, name in enumerate(channels) if name.startswith(tuple(names)))
    rows = (bits & mask) != 0
    return float((exposure[rows] * n[rows]).sum() / n[rows].sum()) if n[rows].sum() else _NAN


_MEASURES: Final[tuple[Callable[[Query, MetricParams], Values], ...]] = (
    _totals,
    _actions,
    _creators,
    _concentration,
    _hours,
    _visits,
    _positions,
    _ageing,
)
