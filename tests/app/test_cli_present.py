"""Numbers read as they should, and every metric has a few words for newcomers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.app import present
from simulator.metrics.families import metrics

METRICS = {metric.name: metric for metric in metrics()}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.04214, "0.0421"),
        (-12.345, "-12.3"),
        (3412.4, "3,412"),
        (999.96, "1,000"),
        (9.99999, "10.0"),
        (0.000004, "0.00000400"),
        (3e-8, "3.0e-08"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_significant_digits(value, text):
    assert present.significant(value) == text


@given(st.floats(1e-5, 1e12) | st.floats(-1e12, -1e-5))
def test_significant_digits_lose_at_most_half_a_percent(value):
    assert float(present.significant(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ctr", 0.03421, "3.42 %"),
        ("time_to_first_impression_min", 18.87, "18.9 min"),
        ("dau", 3412.0, "3,412 readers"),
        ("auc", 0.6051, "0.605"),
        ("auc_new", 0.5, "0.500"),
        ("impression_gini_new", 0.91, "0.910"),
        ("calibration_old", 1.0, "1.00"),
        ("lt7", None, "–"),
        ("lt7", math.nan, "–"),
    ],
)
def test_metric_values_carry_their_unit(name, value, text):
    assert present.metric_value(METRICS[name], value) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ctr", 0.0158, "+1.58 pp"),
        ("ctr", -0.0158, "−1.58 pp"),
        ("dau", -2.5, "−2.50 readers"),
        ("auc", 0.0, "0"),
        ("auc", None, "–"),
    ],
)
def test_differences_are_signed(name, value, text):
    assert present.metric_difference(METRICS[name], value) == text


def test_relative_changes_are_percent():
    assert present.relative(0.347) == "+34.7 %"
    assert present.relative(-0.05) == "−5.00 %"
    assert present.relative(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.2 s"), (12.3, "12 s"), (75, "1.2 min"), (7200, "2.0 h"), (86400 * 3, "3.0 d")],
)
def test_spans_of_time(seconds, text):
    assert present.span(seconds) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(812, "812 B"), (2048, "2.00 KB"), (3.5 * 2**20, "3.50 MB"), (5 * 2**30, "5.00 GB")],
)
def test_sizes_of_memory(n_bytes, text):
    assert present.size(n_bytes) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.21, "0.2"), (2068, "2,100"), (96, "96"), (999_999, "1.0 million"),
     (1_234_567, "1.2 million"), (3.1e9, "3.1 billion")],
)  # fmt: skip
def test_estimates_are_round(value, text):
    assert present.about(value) == text


def test_every_metric_has_a_short_phrase_and_no_phrase_is_left_over():
    assert set(present.PHRASES) == set(METRICS)
    assert all(len(present.phrase(metric)) <= 72 for metric in METRICS.values())


def test_every_family_has_a_title():
    from simulator.metrics.families import FAMILIES

    assert set(present.FAMILY_TITLES) == {family.name for family in FAMILIES}
