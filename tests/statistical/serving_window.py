"""Does the length of the serving window change what a scenario finds? Paired over seeds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy import stats

import simulator
from simulator.experiments.analysis.correction import adjust

LEAST_PAIRS = 5
"""Metrics that are defined in fewer pairs of runs are left out."""


def compare_windows(
    scenario: str | Path,
    windows: tuple[int, int],
    seeds: Sequence[int],
    out: Path,
    changes: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Run a scenario with two serving windows and test every metric for a difference.

    The two runs of a seed share world and luck, so each metric has one difference a seed; the
    test is the paired t-test, with Holm's correction over the metrics.

    Args:
        scenario: scenario file.
        windows: lengths of the two serving windows, seconds.
        seeds: seeds, one pair of runs each.
        out: folder for run folders.
        changes: further changes of the scenario by dotted path.

    Returns:
        One row a metric: mean with each window, mean difference, its standard error, the
        standard deviation over seeds, t, p, and p after correction.
    """
    tables = []
    for window in windows:
        found = {}
        for seed in seeds:
            overrides = {**(changes or {}), "seed": seed, "serving_window_s": window}
            found[seed] = simulator.run(scenario, overrides, out=out).metrics
        tables.append(pd.DataFrame(found))
    return paired_tests(*tables)


def paired_tests(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Test b - a for a difference from 0, row by row; columns are pairs.

    Args:
        a, b: one row a metric, one column a seed; NaN where not defined.

    Returns:
        See `compare_windows`.
    """
    difference = (b - a).dropna(thresh=LEAST_PAIRS)
    a = a.loc[difference.index].where(difference.notna())
    b = b.loc[difference.index].where(difference.notna())
    n = difference.count(axis=1)
    error = difference.std(axis=1) / n**0.5
    t = (difference.mean(axis=1) / error).where(error > 0, 0.0)
    p = 2 * stats.t.sf(t.abs(), n - 1)
    return pd.DataFrame(
        {
            "a": a.mean(axis=1),
            "b": b.mean(axis=1),
            "difference": difference.mean(axis=1),
            "error": error,
            "sd": a.std(axis=1),
            "t": t,
            "p": p,
            "p_holm": adjust(p),
        }
    )
