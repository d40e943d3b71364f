"""Speed of the analysis, as a ratio to tea-tasting in the same run."""

from importlib.util import find_spec
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from simulator.experiments.analysis import (
    Mean,
    Ratio,
    Resplit,
    aggregate,
    analyze,
    resample_aa,
    unit_totals,
)

pytestmark = pytest.mark.benchmark
METRICS = {
    "orders": Mean("orders", "orders_before"),
    "minutes": Mean("minutes", "minutes_before"),
    "rate": Ratio("orders", "sessions", ("orders_before", "sessions_before")),
}


def table_of(n):
    """Return one row a reader with two means and one ratio, before and during."""
    rng = np.random.default_rng(0)
    heat = rng.normal(0, 1, n)
    columns = {"reader": np.arange(n), "variant": rng.integers(0, 2, n)}
    for when in ("", "_before"):
        columns["minutes" + when] = heat + rng.normal(5, 2, n)
        columns["sessions" + when] = rng.poisson(3, n) + 1.0
        columns["orders" + when] = rng.poisson(1, n) + 0.0
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def million():
    return table_of(1_000_000)


def median_s(call, n=7):
    """Return the median time of a warm call in seconds."""
    call()
    times = []
    for _ in range(n):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return float(np.median(times))


def test_aggregate_a_million_rows(benchmark, million):
    benchmark(aggregate, million, METRICS, "variant")


def test_analyze_a_million_rows_against_tea_tasting(benchmark, million):
    tt = pytest.importorskip("tea_tasting")
    experiment = tt.Experiment(
        orders=tt.Mean("orders", "orders_before"),
        minutes=tt.Mean("minutes", "minutes_before"),
        rate=tt.RatioOfMeans("orders", "sessions", "orders_before", "sessions_before"),
    )
    tables = {"pandas": million}
    if find_spec("polars"):
        import polars as pl

        tables["polars"] = pl.from_pandas(million)
    theirs = {name: median_s(lambda t=t: experiment.analyze(t)) for name, t in tables.items()}
    sums = median_s(lambda: aggregate(million, METRICS, "variant"))
    ours = median_s(lambda: analyze(million, METRICS, "reader", "variant"))
    benchmark.extra_info.update(theirs, aggregate=sums, analyze=ours)
    benchmark(analyze, million, METRICS, "reader", "variant")
    assert ours < min(theirs.values())


def test_a_thousand_replicates_against_one_analysis_each(benchmark):
    table = table_of(20_000)
    units = unit_totals(table, METRICS)
    benchmark.pedantic(
        resample_aa, args=(units, METRICS, Resplit(1_000)), rounds=3, warmup_rounds=1
    )
    one = median_s(lambda: analyze(table, METRICS, "reader", "variant"))
    thousand = median_s(lambda: resample_aa(units, METRICS, Resplit(1_000)), 3)
    benchmark.extra_info.update(replicates=thousand, one_analysis=one)
    assert thousand < 250 * one
