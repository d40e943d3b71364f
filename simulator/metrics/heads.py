"""How right each prediction of the ranker was, by the age of the note.

What is judged was logged when the note was shown, by a model that had learned from what was served
before: evaluation on later data, of what was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.metrics.auc import GroupedAuc, auc_by_group
from simulator.metrics.bands import MATURITIES, band_sql, labels
from simulator.metrics.prepare import clipped_sql, level_sql, readers_sql
from simulator.results.folder import RunFolder
from simulator.results.params import MetricParams
from simulator.results.query import Query

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, NDArray[np.generic]]

HEADS: Final[Mapping[str, str]] = {
    "click": "true",
    "like": "click = 1",
    "collect": "click = 1",
    "comment": "click = 1",
    "share": "click = 1",
}
"""Heads that predict a probability, with the impressions on which they are judged."""

_DWELL: Final = "click = 1"
_ACTION_COLUMNS: Final = [
    "head", "age", "n", "positives", "rate", "auc", "auc_error", "gauc", "gauc_n",
    "log_loss", "log_loss_rate", "calibration",
]  # fmt: skip
_DWELL_COLUMNS: Final = [
    "age", "n", "mean_s", "predicted_s", "calibration", "correlation", "mean_absolute_error_s",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeadTables:
    """Quality of predictions on the measured impressions.

    Attributes:
        impressions: how many impressions the tables rest on.
        actions: one row a head of `HEADS` and age band, with `all` last: `n` impressions, of them
            `positives`, their share `rate`; `auc` with its standard error `auc_error`; `gauc`,
            the AUC within readers of a fixed sample, weighted with the `gauc_n` impressions of
            readers who have both outcomes; `log_loss`, and `log_loss_rate` of always predicting
            the rate, nats; `calibration`, predicted over observed, 1 is right.
        dwell: one row an age band: `n` clicked impressions, `mean_s` and `predicted_s`, mean
            seconds observed and predicted; `calibration`, their ratio; `correlation` (Pearson);
            `mean_absolute_error_s`.
    """

    impressions: int
    actions: pd.DataFrame
    dwell: pd.DataFrame

    def long(self) -> pd.DataFrame:
        """Return both tables as one, in which dwell is a head."""
        import pandas as pd

        dwell = self.dwell.assign(head="dwell")
        columns = dict.fromkeys([*self.actions.columns, *self.dwell.columns])
        return pd.concat([self.actions, dwell], ignore_index=True)[list(columns)]


def head_tables(folder: RunFolder) -> HeadTables:
    """Compute the tables from the event log of a finished run.

    Args:
        folder: the run; without an event log every table is empty.

    Raises:
        RunError: a table is missing or damaged.
    """
    import pandas as pd

    params = folder.manifest.params
    with Query(folder.path, ["events", "reader_days"], scratch=folder.scratch) as query:
        _prepare(query, params)
        actions = [row for head in HEADS for row in _action_rows(query, head)]
        dwell = list(_dwell_rows(query))
        n = int(query.columns("SELECT count(*) AS n FROM banded")["n"][0])
    return HeadTables(
        n,
        pd.DataFrame(actions, columns=_ACTION_COLUMNS),
        pd.DataFrame(dwell, columns=_DWELL_COLUMNS),
    )


def auc_error(auc: float, positives: float, negatives: float) -> float:
    """Return the standard error of an AUC (Hanley and McNeil, Radiology 1982), NaN without pairs.

    It takes impressions as independent; those of one reader or note are not, so it is a bound
    from below.
    """
    if not positives or not negatives or np.isnan(auc):
        return float("nan")
    both_above, both_below = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (
        auc * (1 - auc)
        + (positives - 1) * (both_above - auc**2)
        + (negatives - 1) * (both_below - auc**2)
    )
    return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))


def _prepare(query: Query, params: MetricParams) -> None:
    measured = f"day >= 0 AND day < {params.measured_days}"
    query.execute(f"CREATE TEMP VIEW visits AS SELECT * FROM reader_days WHERE {measured}")
    query.execute(f"CREATE TEMP TABLE sample AS {readers_sql(params)}")
    query.execute(f"""
        CREATE TEMP VIEW banded AS
        SELECT *, {band_sql("note_age_s", MATURITIES)} AS age FROM events WHERE {measured}""")


def _ages(age: NDArray[np.generic]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each age band that has rows, then all together, with its rows."""
    for place, label in enumerate(labels(MATURITIES)):
        rows = age == place if place < len(MATURITIES) else np.ones(age.size, np.bool_)
        if rows.any():
            yield label, rows


def _action_rows(query: Query, head: str) -> Iterator[dict[str, object]]:
    p = clipped_sql(f"p_{head}")
    where = f"WHERE {HEADS[head]} AND isfinite(p_{head})"
    levels = query.columns(f"""
        SELECT age, {level_sql(f"p_{head}")} AS level, count(*) AS n, sum("{head}") AS y,
            sum(CAST(round(p_{head}::DOUBLE * 1e9) AS BIGINT)) AS expected,
            sum(CAST(round(-1e9 * ln(CASE WHEN "{head}" = 1 THEN {p} ELSE 1 - {p} END)) AS BIGINT))
                AS loss
        FROM banded {where} GROUP BY age, level""")
    sampled = query.columns(f"""
        SELECT age, reader_id, {level_sql(f"p_{head}")} AS level, count(*) AS n,
            sum("{head}") AS y
        FROM banded SEMI JOIN sample USING (reader_id) {where} GROUP BY age, reader_id, level""")
    within = {label: _within(sampled, rows) for label, rows in _ages(sampled["age"])}
    for label, rows in _ages(levels["age"]):
        quality = _quality(levels, rows)
        gauc, gauc_n = within.get(label, (float("nan"), 0))
        yield {"head": head, "age": label, **quality, "gauc": gauc, "gauc_n": gauc_n}


def _quality(levels: Columns, rows: NDArray[np.bool_]) -> dict[str, object]:
    level, n, y = (levels[name][rows].astype(np.int64) for name in ("level", "n", "y"))
    total, positives = int(n.sum()), int(y.sum())
    auc = float(auc_by_group(np.zeros_like(level), level, n, y).auc[0])
    expected, loss = (
        1e-9 * float(levels[name][rows].astype(np.int64).sum()) for name in ("expected", "loss")
    )
    return {
        "n": total,
        "positives": positives,
        "rate": positives / total,
        "auc": auc,
        "auc_error": auc_error(auc, positives, total - positives),
        "log_loss": loss / total,
        "log_loss_rate": _entropy(positives / total),
        "calibration": expected / positives if positives else float("nan"),
    }


def _entropy(rate: float) -> float:
    terms = [p * np.log(p) for p in (rate, 1 - rate) if p > 0]
    return float(0.0 - sum(terms))


def _within(sampled: Columns, rows: NDArray[np.bool_]) -> tuple[float, int]:
    """Return AUC within readers, weighted with their impressions, and the sum of the weights."""
    by_reader: GroupedAuc = auc_by_group(
        *(sampled[name][rows].astype(np.int64) for name in ("reader_id", "level", "n", "y"))
    )
    defined = ~np.isnan(by_reader.auc)
    weight = by_reader.n[defined]
    total = int(weight.sum())
    return float((by_reader.auc[defined] * weight).sum() / total) if total else float("nan"), total


def _dwell_rows(query: Query) -> Iterator[dict[str, object]]:
    """Yield dwell by age; sums are of whole hundredths of seconds, exact in any order."""
    sums = query.columns(f"""
        WITH cs AS (
            SELECT age, CAST(round(100 * p_dwell_s::DOUBLE) AS BIGINT) AS p,
                CAST(round(100 * dwell_s::DOUBLE) AS BIGINT) AS y
            FROM banded WHERE {_DWELL} AND isfinite(p_dwell_s)
        )
        SELECT age, count(*) AS n, sum(p) AS p, sum(y) AS y, sum(p * p) AS pp, sum(y * y) AS yy,
            sum(p * y) AS py, sum(abs(p - y)) AS error
        FROM cs GROUP BY age ORDER BY age""")
    for label, rows in _ages(sums["age"]):
        n, p, y, pp, yy, py, error = (
            float(sums[name][rows].astype(np.float64).sum())
            for name in ("n", "p", "y", "pp", "yy", "py", "error")
        )
        spread = (pp - p * p / n) * (yy - y * y / n)
        yield {
            "age": label,
            "n": int(n),
            "mean_s": y / n / 100,
            "predicted_s": p / n / 100,
            "calibration": p / y if y else float("nan"),
            "correlation": (py - p * y / n) / spread**0.5 if spread > 0 else float("nan"),
            "mean_absolute_error_s": error / n / 100,
        }
