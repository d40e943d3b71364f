import numpy as np
import pandas as pd
import pytest

from simulator.metrics.bands import AGES, MATURITIES, band_sql, exposures, labels
from simulator.metrics.intervals import ClusterSums, clustered, wilson
from simulator.results import MetricParams


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (1.0, ["0-9", "10-99", "100-999", "1000+", "all"]),
        (0.3, ["0-2", "3-29", "30-299", "300+", "all"]),
        (0.1, ["0", "1-9", "10-99", "100+", "all"]),
        (0.01, ["0", "1-9", "10+", "all"]),
    ],
)
def test_exposure_bands_scale_with_the_world(scale, expected):
    assert labels(exposures(MetricParams(threshold_scale=scale))) == expected


@pytest.mark.parametrize("bands", [AGES, MATURITIES, exposures(MetricParams())])
def test_a_band_holds_from_its_start_to_the_next(bands):
    import duckdb

    starts = [band.start for band in bands]
    frame = pd.DataFrame({"x": [*starts, *(start - 0.5 for start in starts[1:]), 1e9]})
    sql = f"SELECT x, {band_sql('x', bands)} AS place FROM frame"
    found = duckdb.query_df(frame, "frame", sql).df()
    expected = np.searchsorted(starts, found["x"], side="right") - 1
    assert found["place"].tolist() == expected.tolist()


def test_wilson_interval_of_known_cases():
    low, high = wilson(np.array([0.0, 0.1, 1.0]), np.array([10.0, 100.0, 10.0]))
    np.testing.assert_allclose(low, [0, 0.05523, 0.72247], atol=1e-5)
    np.testing.assert_allclose(high, [0.27753, 0.17437, 1], atol=1e-5)


def sums_of(n, y):
    """Return the sums over clusters (last axis)."""
    n, y = np.asarray(n, float), np.asarray(y, float)
    count = np.full(n.shape[:-1], float(n.shape[-1]))
    parts = (n, y, n * n, n * y, y * y)
    return ClusterSums(count, *(part.sum(axis=-1) for part in (*parts, y > 0, y < n)))


def test_clusters_of_one_give_wilsons_interval():
    y = np.repeat([1, 0], [1_300, 18_700])
    low, high = clustered(sums_of(np.ones(20_000), y))
    plain_low, plain_high = wilson(np.array(0.065), np.array(20_000.0))
    np.testing.assert_allclose([low, high], [plain_low, plain_high], rtol=1e-3)


def test_hits_that_come_together_count_as_few():
    y = np.repeat([10, 0], [2, 18])
    low, high = clustered(sums_of(np.full(20, 10), y))
    assert high - low > 2.5 * np.subtract(*wilson(np.array(0.1), np.array(200.0))[::-1])


def test_no_hits_in_few_clusters_prove_little():
    _, high = clustered(sums_of(np.full(5, 1_000), np.zeros(5)))
    assert high == pytest.approx(wilson(np.array(0.0), np.array(5.0))[1])


@pytest.mark.statistical
@pytest.mark.parametrize(("share", "n_clusters"), [(0.005, 600), (0.02, 60), (0.1, 60), (0.3, 60)])
def test_intervals_cover_about_as_often_as_they_say(share, n_clusters):
    rng = np.random.default_rng(3)
    n = rng.geometric(0.1, (2_000, n_clusters))
    y = rng.binomial(n, rng.beta(share * 4, (1 - share) * 4, n.shape))
    low, high = clustered(sums_of(n, y))
    assert 0.92 <= ((low <= share) & (share <= high)).mean() <= 0.99
    low, high = wilson(y.sum(axis=1) / n.sum(axis=1), n.sum(axis=1).astype(float))
    assert ((low <= share) & (share <= high)).mean() < 0.85
