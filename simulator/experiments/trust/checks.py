"""One public function over every check that comes before the numbers of a test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from simulator.experiments.analysis.analyze import Settings, analyze
from simulator.experiments.analysis.correction import adjust
from simulator.experiments.analysis.encode import arms_of, column_of
from simulator.experiments.analysis.metrics import Metric, declare
from simulator.experiments.analysis.results import Analysis
from simulator.experiments.analysis.sequential import peeking_rate
from simulator.experiments.errors import AnalysisError
from simulator.experiments.trust.records import LIMITS, CheckName, Limits, Record, TrustCheck
from simulator.experiments.trust.units import Rows, drift, leverage, rows_of

_Z99 = 2.5758


@dataclass(frozen=True, slots=True)
class _Test:
    """A test with what all checks share."""

    analysis: Analysis
    rows: Rows
    record: Record
    limits: Limits


def trust_checks(
    table: pd.DataFrame,
    metrics: Mapping[str, Metric | str] | Sequence[str],
    unit: str,
    arm: str,
    record: Record,
    limits: Limits = LIMITS,
) -> list[TrustCheck]:
    """Check a test of two arms before anybody reads its effects.

    Sizes of arms, units in both arms, single units that carry the result, looks without
    correction, effects that change with the days, results picked from many metrics, pools of notes
    that are not those of a launch, and promises that treated readers fill for everybody.

    Args:
        table: one row a unit, or one a unit and day.
        metrics: every metric that was looked at, as for `analyze`.
        unit: column of the randomised unit.
        arm: column of the arm.
        record: what is known of the test besides.
        limits: where flags are raised.

    Returns:
        One answer a check, in a fixed order.

    Raises:
        AnalysisError: the table cannot be analysed, the primary or the claimed metric is not among
            the metrics, or there are not two arms.
    """
    declared = declare(metrics, None)
    for name in (record.primary, record.claimed or record.primary):
        if name not in declared:
            raise AnalysisError(f"no metric {name!r} was given; there are {', '.join(declared)}")
    shares = record.shares(arms_of(table, arm, record.control)[1])
    settings = Settings(
        control=next(iter(shares)), alpha=record.alpha, correction="none", shares=shares,
        srm_alpha=limits.sample_ratio, on_contamination="drop",
    )  # fmt: skip
    test = _Test(
        analyze(table, declared, unit, arm, settings=settings),
        rows_of(table, declared[record.primary], unit, arm, record.control, record.day),
        record,
        limits,
    )
    return [check(test) for check in _CHECKS]


def _sample_ratio(test: _Test) -> TrustCheck:
    found = test.analysis.srm[0]
    sizes = " and ".join(f"{n:,}" for n in found.counts)
    text = f"{sizes} units in the arms, {found.expected[1]:,.0f} treated ones expected"
    return _answer("sample_ratio", found.flagged, found.p, test.limits.sample_ratio, text)


def _contamination(test: _Test) -> TrustCheck:
    n = test.analysis.n_contaminated
    return _answer("contamination", n > 0, n, 0.0, f"{n:,} units were in both arms")


def _outliers(test: _Test) -> TrustCheck:
    share, worst = leverage(test.rows)
    totals = test.rows.totals()
    text = f"one unit, with {totals[worst]:,.4g} of {totals.sum():,.4g}, holds {share:.1%} of the "
    text += f"variance of the difference on {test.record.primary}"
    limit = test.limits.leverage
    return _answer("outliers", share > limit, share, limit, text)


def _peeking(test: _Test) -> TrustCheck:
    looks, alpha, limit = test.record.looks, test.record.alpha, test.limits.false_positives
    if test.record.sequential:
        text = f"{len(looks)} looks under a rule that allows for them"
        return _answer("peeking", False, alpha, limit, text)
    rate = _rate(tuple(looks), alpha)
    one = "one look" if len(looks) == 1 else f"{len(looks)} looks"
    text = f"{one} at the level {alpha:g}: a change of nothing is called a find in {rate:.1%}"
    return _answer("peeking", rate > limit, rate, limit, text)


@lru_cache(maxsize=64)
def _rate(looks: tuple[float, ...], alpha: float) -> float:
    return peeking_rate(looks, alpha)


def _novelty(test: _Test) -> TrustCheck:
    limit = test.limits.drift
    if test.rows.day is None or np.unique(test.rows.day).size < 3:
        return _unmade("novelty", limit, "needs three days or more")
    slope, effect, p = drift(test.rows)
    course = "fades" if slope * effect < 0.0 else "grows"
    flagged = bool(p < limit)
    text = f"the effect on {test.record.primary} {course} by {abs(slope):.3g} a day"
    text += f", from {effect:+.3g} a unit and day on average (p = {p:.2g})"
    steady = f"no trend in the effect on {test.record.primary} over days (p = {p:.2g})"
    return _answer("novelty", flagged, p, limit, text if flagged else steady)


def _metric_fishing(test: _Test) -> TrustCheck:
    record, effects = test.record, test.analysis.effects
    claimed = record.claimed or record.primary
    if claimed == record.primary:
        text = f"{claimed} was agreed on before the test"
        return _answer("metric_fishing", flagged=False, value=math.nan, limit=test.limits.unplanned,
                       finding=text)  # fmt: skip
    p = [effect.p for effect in effects]
    at = [effect.metric for effect in effects].index(claimed)
    adjusted, limit = float(adjust(p)[at]), test.limits.unplanned
    text = f"{claimed} was not the primary metric: p = {p[at]:.2g}, and {adjusted:.2g} "
    text += f"when adjusted for the {len(p)} metrics that were looked at (Holm)"
    return _answer("metric_fishing", p[at] < record.alpha and adjusted > limit, adjusted, limit,
                   text)  # fmt: skip


def _thin_pool(test: _Test) -> TrustCheck:
    pools, limit = test.record.pools, test.limits.pool
    if pools is None:
        return _unmade("thin_pool", limit, "needs the pools of the arms")
    new, old = (float(column_of(pools, name).min()) for name in ("new_share", "old_share"))
    least = float(np.nanmin([new, old]))
    text = f"readers may be shown {new:.0%} of the new and {old:.0%} of the old notes"
    return _answer("thin_pool", least < limit, least, limit, text)


def _shared_quota(test: _Test) -> TrustCheck:
    ledger, limit = test.record.ledger, test.limits.load
    if ledger is None or len(ledger) < 2:
        return _unmade("shared_quota", limit, "needs a ledger of promises")
    promised = column_of(ledger, "promised").to_numpy(np.float64)
    given = column_of(ledger, "treatment").to_numpy(np.float64)
    if not promised.sum() > 0.0:
        return _unmade("shared_quota", limit, "nothing was promised")
    fair = promised * test.record.share
    load = float(given.sum() / fair.sum())
    gap = given - load * fair
    se = float(np.sqrt((gap**2).sum() * gap.size / (gap.size - 1)) / fair.sum())
    text = f"treated readers gave {load:.2f} times their part of what was promised to notes"
    return _answer("shared_quota", load - _Z99 * se > limit, load, limit, text)


def _answer(
    name: CheckName, flagged: object, value: float, limit: float, finding: str
) -> TrustCheck:
    return TrustCheck(name, bool(flagged), float(value), limit, finding)


def _unmade(name: CheckName, limit: float, needs: str) -> TrustCheck:
    return TrustCheck(name, False, math.nan, limit, f"not checked: {needs}")


_CHECKS = (
    _sample_ratio,
    _contamination,
    _outliers,
    _peeking,
    _novelty,
    _metric_fishing,
    _thin_pool,
    _shared_quota,
)
