"""Five rules that fuse predictions, against their formulas written plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import N_HEADS, Head
from simulator.ranking.fusion import ExponentsConfig, Fusion, FusionConfig

RULES = ("click_times_sum", "weighted_sum", "power_product", "rank_sum", "product")
WEIGHTS = {"click": 11.0, "like": 2.0, "collect": 3.0, "comment": 5.0, "share": 7.0, "dwell": 0.5}
EXPONENTS = {"click": 1.5, "like": 1.0, "collect": 0.5, "comment": 0.0, "share": 2.0, "dwell": 0.7}


def scene(seed=0, n_requests=5, k=20):
    """Predictions, log(1 + seconds) and counts of a batch, padded with zeros."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, k + 1, n_requests).astype(np.int32)
    log_dwell = rng.uniform(0, 8, (n_requests, k)).astype(np.float32)
    p = rng.beta(1, 9, (n_requests, k, N_HEADS)).astype(np.float32)
    p[..., Head.DWELL] = np.expm1(log_dwell)
    padded = np.arange(k) >= n[:, None]
    p[padded], log_dwell[padded] = 0, 0
    return p, log_dwell, n


def expected(rule, signals, offset):
    """The value of the candidates of one request, float64[k]; `signals` is [k, 6]."""
    w, a = np.array(list(WEIGHTS.values())), np.array(list(EXPONENTS.values()))
    extra = signals[:, 1:] @ w[1:]
    place = 1 + (signals[None] > signals[:, None]).sum(axis=1)
    return {
        "click_times_sum": signals[:, 0] * (1 + extra),
        "weighted_sum": signals[:, 0] + extra,
        "power_product": ((1 + w * signals) ** a).prod(axis=1),
        "rank_sum": (w / (place**a + offset)).sum(axis=1),
        "product": (np.maximum(signals, 1e-9) ** a).prod(axis=1),
    }[rule]


@pytest.mark.parametrize("rule", RULES)
def test_values_follow_the_formula(rule):
    p, log_dwell, n = scene()
    config = FusionConfig(rule=rule, exponents=EXPONENTS, offset=4.0, **WEIGHTS)
    value = Fusion(config)(p, log_dwell, n)
    signals = p.astype(float)
    signals[..., Head.DWELL] = log_dwell
    for b in range(n.size):
        wanted = expected(rule, signals[b, : n[b]], 4.0)
        np.testing.assert_allclose(value[b, : n[b]], wanted, rtol=1e-4)
        assert not value[b, n[b] :].any()


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    weight=st.sampled_from([0.0, 1.0, 1_000.0]),
    exponent=st.sampled_from([0.0, 0.3, 10.0]),
    p=st.sampled_from([0.0, 2e-9, 0.5, 1.0]),
    seconds=st.sampled_from([0.0, 1.0, 4e8]),
)
def test_values_are_positive_and_finite_at_every_extreme(rule, weight, exponent, p, seconds):
    weights = dict.fromkeys(WEIGHTS, weight)
    exponents = dict.fromkeys(EXPONENTS, exponent)
    fusion = Fusion(FusionConfig(rule=rule, exponents=exponents, offset=0.0, **weights))
    predicted = np.full((1, 2, N_HEADS), p, np.float32)
    predicted[..., Head.DWELL] = seconds
    log_dwell = np.log1p(predicted[..., Head.DWELL])
    value = fusion(predicted, log_dwell, np.array([1], np.int32))
    assert value[0, 0] > 0
    assert np.isfinite(value).all()
    assert value[0, 1] == 0


@pytest.mark.parametrize("rule", RULES)
def test_more_of_every_signal_never_lowers_the_value(rule):
    p, log_dwell, n = scene(3, n_requests=1, k=12)
    n[:] = 12
    fusion = Fusion(FusionConfig(rule=rule))
    raised = np.sort(p[0], axis=0)[None]
    value = fusion(raised, np.sort(log_dwell[0])[None], n)[0]
    assert (np.diff(value) >= 0).all()


def test_rank_sum_reads_places_alone():
    p, log_dwell, n = scene(5)
    fusion = Fusion(FusionConfig(rule="rank_sum"))
    np.testing.assert_array_equal(fusion(p, log_dwell, n), fusion(p**0.5, np.log1p(log_dwell), n))


def test_equal_signals_share_the_better_place():
    p = np.full((1, 3, N_HEADS), 0.25, np.float32)
    p[0, 2] = 0.5
    log_dwell = p[..., Head.DWELL].copy()
    weights = {"click": 6.0, **dict.fromkeys(list(WEIGHTS)[1:], 0.0)}
    fusion = Fusion(FusionConfig(rule="rank_sum", offset=0.0, **weights))
    value = fusion(p, log_dwell, np.array([3], np.int32))
    np.testing.assert_allclose(value[0], [3, 3, 6])


def test_a_request_is_fused_the_same_alone():
    p, log_dwell, n = scene(7)
    for rule in RULES:
        fusion = Fusion(FusionConfig(rule=rule))
        whole = fusion(p, log_dwell, n)
        for b in range(n.size):
            row = slice(b, b + 1)
            assert fusion(p[row], log_dwell[row], n[row]).tobytes() == whole[row].tobytes()


def test_unknown_rules_and_knobs_are_refused():
    with pytest.raises(ValueError, match="rule"):
        FusionConfig(rule="average")
    with pytest.raises(ValueError, match="exponents"):
        FusionConfig(exponents=ExponentsConfig().model_dump() | {"follow": 1.0})
