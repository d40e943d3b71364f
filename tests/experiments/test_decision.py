"""Power, decisions, segments and two-sided errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower

from simulator.experiments.analysis import (
    Guardrail,
    Plan,
    Resplit,
    analyze,
    decide,
    mde,
    power,
    required_units,
    resample_aa,
    segment_effects,
    two_sided,
    unit_deviation,
    unit_totals,
    units_to_detect,
)
from simulator.experiments.analysis.metrics import Mean
from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import cr_weights, tsrn, tsrn_weights
from tests.experiments.tables import readers

BASE = analyze(readers(), ["minutes", "clicks"], "reader", "arm")


def reading(minutes, clicks, se=0.01):
    """Return an analysis with given differences, control levels 1 and normal intervals."""
    rows = []
    for name, difference in (("minutes", minutes), ("clicks", clicks)):
        low, high = difference - 1.96 * se, difference + 1.96 * se
        p = 0.01 if low > 0 or high < 0 else 0.5
        rows.append(replace(
            BASE[name], control=1.0, treatment=1.0 + difference, difference=difference,
            difference_low=low, difference_high=high, relative=difference, relative_low=low,
            relative_high=high, se=se, p=p, p_adjusted=p,
        ))  # fmt: skip
    return replace(BASE, effects=tuple(rows))


PLAN = Plan("minutes", target=0.02, guardrails={"clicks": Guardrail(0.03)}, units_per_day=100)


@pytest.mark.parametrize(
    ("minutes", "clicks", "decision", "reason"),
    [
        (0.05, 0.0, "SHIP", "every guardrail holds"),
        (0.05, -0.02, "HOLD", "not yet shown to be within the margin: clicks"),
        (0.05, -0.08, "ROLL BACK", "clicks is significantly past its margin"),
        (-0.05, 0.0, "ROLL BACK", "minutes is significantly worse"),
        (0.0, 0.0, "HOLD", "no significant change of minutes"),
    ],
)
def test_the_rules_in_order(minutes, clicks, decision, reason):
    verdict = decide(reading(minutes, clicks), PLAN)
    assert verdict.decision == decision
    assert reason in verdict.reason


def test_a_mismatch_comes_before_everything():
    broken = replace(BASE.srm[0], flagged=True, p=1e-9)
    verdict = decide(replace(reading(0.05, 0.0), srm=(broken,)), PLAN)
    assert verdict.decision == "INVALID"
    assert "sample ratio mismatch on reader" in verdict.reason


def test_a_metric_that_should_fall():
    plan = Plan(
        "minutes", better="decrease", guardrails={"clicks": Guardrail(0.03, better="decrease")}
    )
    assert decide(reading(-0.05, 0.0), plan).decision == "SHIP"
    assert decide(reading(-0.05, 0.08), plan).decision == "ROLL BACK"


def test_hold_says_how_much_is_missing():
    verdict = decide(reading(0.0, 0.0), PLAN)
    effect = reading(0.0, 0.0)["minutes"]
    total = units_to_detect(effect, 0.02)
    more = total - effect.n_units_control - effect.n_units_treatment
    assert verdict.units_needed == max(more, 0)
    far = decide(reading(0.0, 0.0, se=0.05), PLAN)
    assert far.units_needed > 1_000
    assert far.days_needed == pytest.approx(far.units_needed / 100)


def test_power_agrees_with_statsmodels():
    n = required_units(2.0, 0.1)
    theirs = NormalIndPower().solve_power(effect_size=0.05, alpha=0.05, power=0.8)
    assert n == pytest.approx(2 * theirs, abs=2)
    se = 2.0 * np.sqrt(4 / n)
    assert power(0.1, se) == pytest.approx(0.8, abs=1e-3)
    assert mde(se) == pytest.approx(0.1, rel=1e-3)
    assert unit_deviation(BASE["minutes"]) == pytest.approx(readers().minutes.std(), rel=0.02)


@pytest.mark.statistical
def test_power_is_what_replicates_find():
    table, metrics = readers(2_000, seed=21), {"m": Mean("minutes", "minutes_before")}
    split = Resplit(1_500, seed=6, lift={"minutes": 0.03})
    found = resample_aa(unit_totals(table, metrics), metrics, split)["m"]
    assert found.rejection() == pytest.approx(power(found.truth, found.se.mean()), abs=0.04)


@pytest.mark.parametrize(
    "call",
    [
        lambda: power(0.1, 0.0),
        lambda: required_units(1.0, 0.0),
        lambda: mde(1.0, target=1.0),
        lambda: mde(1.0, alpha=0.0),
        lambda: Guardrail(-0.1),
        lambda: decide(BASE, Plan("dau")),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()


def with_segment(table, extra):
    segment = np.where(table.reader % 3 == 0, "new", "old")
    boost = extra * ((table["arm"] == "treatment") & (segment == "new"))
    return table.assign(segment=segment, minutes=table.minutes + boost)


def test_an_interaction_is_found_once():
    same = segment_effects(with_segment(readers(), 0), "minutes", "reader", "arm", "segment")
    differs = segment_effects(with_segment(readers(), 2), "minutes", "reader", "arm", "segment")
    assert same.interaction_p > 0.01
    assert differs.interaction_p < 1e-4
    assert [row.segment for row in differs.segments] == ["new", "old"]
    table = with_segment(readers(), 2)
    alone = analyze(table[table.segment == "new"], ["minutes"], "reader", "arm")["minutes"]
    assert differs.segments[0].difference == pytest.approx(alone.difference)
    assert differs.segments[0].se == pytest.approx(alone.se)


def test_a_segment_made_by_the_treatment_is_flagged():
    table = readers()
    moved = np.where((table["arm"] == "treatment") & (table.reader % 2 == 0), "high", "low")
    moved = np.where(table.reader % 5 == 0, "high", moved)
    found = segment_effects(table.assign(segment=moved), "minutes", "reader", "arm", "segment")
    assert found.mix_p < 1e-6
    assert found.warnings


def market_log(seed, n=40, effect=0.0):
    """Return a user-item log with user and item effects, both sides randomised."""
    rng = np.random.default_rng(seed)
    user_arm, item_arm = rng.permutation(n) % 2, rng.permutation(n) % 2
    user, item = (x.ravel() for x in np.indices((n, n)))
    y = 3 + rng.normal(0, 1, n)[user] + rng.normal(0, 1, n)[item] + rng.normal(0, 1, n * n)
    y += effect * user_arm[user] * item_arm[item]
    return pd.DataFrame({
        "user": user, "user_arm": user_arm[user], "item": item, "item_arm": item_arm[item], "y": y,
    })  # fmt: skip


@pytest.mark.statistical
@pytest.mark.parametrize("weights", [cr_weights(0.5), tsrn_weights(0.5, 0.5)])
def test_the_two_sided_error_is_the_spread(weights):
    logs = [
        two_sided(market_log(s), "y", ("user", "user_arm"), ("item", "item_arm"))
        for s in range(300)
    ]
    found = [log.estimate(weights) for log in logs]
    spread = np.std([estimate.value for estimate in found])
    assert np.mean([estimate.se for estimate in found]) == pytest.approx(spread, rel=0.2)
    covered = [abs(estimate.value) < 1.96 * estimate.se for estimate in found]
    assert np.mean(covered) > 0.88


def test_two_sided_totals_and_absent_units():
    table = market_log(1)
    log = two_sided(table, "y", ("user", "user_arm"), ("item", "item_arm"))
    direct = table.groupby(["user_arm", "item_arm"]).y.sum().to_numpy().reshape(2, 2)
    np.testing.assert_allclose(log.totals, direct)
    assert log.estimate(tsrn_weights(0.5, 0.5)).value == pytest.approx(tsrn(direct, 0.5, 0.5))
    everyone = table.groupby("user").user_arm.first()
    seen = table[table.user < 20]
    fewer = two_sided(seen, "y", ("user", "user_arm"), ("item", "item_arm"), everyone)
    assert fewer.users.shape == (40, 2)
    with pytest.raises(AnalysisError, match="both arms"):
        two_sided(
            table.assign(user_arm=table.index % 2), "y", ("user", "user_arm"), ("item", "item_arm")
        )
