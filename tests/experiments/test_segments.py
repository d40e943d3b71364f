"""Effects by segment of few units: warnings with names, never a warning of arithmetic."""

import warnings

import numpy as np
import pandas as pd
import pytest

from simulator.experiments.analysis import Mean, Ratio, analyze, segment_effects

PAST = Ratio("c", "x", ("pre_c", "pre_x"))


def table_of(n_small, **zero):
    """Return 400 units and a segment of few; columns of the few are zero where asked."""
    rng = np.random.default_rng(0)
    n = 400 + n_small
    shown, before = rng.poisson(20, n), rng.poisson(20, n)
    table = pd.DataFrame(
        {
            "unit": np.arange(n), "arm": np.arange(n) % 2,
            "segment": ["many"] * 400 + ["few"] * n_small, "x": shown,
            "c": rng.binomial(shown, 0.2), "pre_x": before, "pre_c": rng.binomial(before, 0.2),
        }
    )  # fmt: skip
    for column in zero:
        table.loc[400:, column] = 0
    return table


@pytest.mark.parametrize("metric", [PAST, Ratio("c", "x"), Mean("c", "pre_c"), Mean("c")])
@pytest.mark.parametrize("zero", [(), ("pre_x", "pre_c"), ("x", "c"), ("x", "c", "pre_x", "pre_c")])
@pytest.mark.parametrize("n_small", [4, 5, 12])
def test_few_units_warn_by_name_only(metric, zero, n_small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = table_of(n_small, **dict.fromkeys(zero))
        found = segment_effects(table, metric, "unit", "arm", "segment")
    assert any("'few' has" in text and "not to be trusted" in text for text in found.warnings)
    many = next(e for e in found.segments if e.segment == "many")
    assert np.isfinite([many.difference, many.se, many.p]).all()


def test_a_segment_without_a_past_is_read_without_it():
    table = table_of(60, pre_x=0, pre_c=0)
    found = segment_effects(table, PAST, "unit", "arm", "segment")
    plain = segment_effects(table, Ratio("c", "x"), "unit", "arm", "segment")
    assert found.segments[0].segment == "few"
    assert found.segments[0].se == pytest.approx(plain.segments[0].se)
    assert found.warnings == (
        "segment 'few' has no past to adjust by: its plain difference is given",
    )


def test_a_segment_that_saw_nothing_has_no_effect():
    table = table_of(60, x=0, c=0)
    found = segment_effects(table, Ratio("c", "x"), "unit", "arm", "segment")
    assert np.isnan(found.segments[0].difference)
    assert any("without any of the metric" in text for text in found.warnings)


def test_a_whole_analysis_without_a_past_is_plain_too():
    table = table_of(60)
    table[["pre_x", "pre_c"]] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (effect,) = analyze(table, {"rate": PAST}, "unit", "arm").effects
    (plain,) = analyze(table, {"rate": Ratio("c", "x")}, "unit", "arm").effects
    assert effect.se == pytest.approx(plain.se)
    assert any("left out" in text for text in effect.warnings)
