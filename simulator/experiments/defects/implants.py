"""One defect each, implanted in a clean test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.contracts.random import generator
from simulator.experiments.analysis.analyze import Settings, analyze
from simulator.experiments.analysis.metrics import Mean, Metric
from simulator.experiments.defects.clean import (
    METRICS,
    PRIMARY,
    Shape,
    TestTables,
    clean_test,
    ledger_of,
)

_N_FISHED = 100


def clean(seed: int, shape: Shape) -> TestTables:
    """Return a test without defect."""
    return clean_test(seed, shape)


def sample_ratio(seed: int, shape: Shape) -> TestTables:
    """Lose two in five treated readers, those who read little most of all.

    As when a slow treatment loses the log lines of slow phones.
    """
    test = clean_test(seed, shape, "sample_ratio")
    rng = generator(seed, "defects.sample_ratio.lost")
    table = test.table
    read = table.groupby("reader")["impressions"].transform("sum").to_numpy(np.float64)
    place = pd.Series(read).rank(pct=True).to_numpy()
    luck = np.repeat(rng.random(shape.n_readers), shape.n_days)
    lost = (table["arm"].to_numpy() == 1) & (luck < 0.8 * (1.0 - place))
    return replace(test, table=table[~lost].reset_index(drop=True))


def contamination(seed: int, shape: Shape) -> TestTables:
    """Serve one reader in a hundred in the other arm for some days, as after a lost cookie."""
    test = clean_test(seed, shape, "contamination")
    rng = generator(seed, "defects.contamination.moved")
    table = test.table
    moved = np.repeat(rng.random(shape.n_readers) < 0.01, shape.n_days)
    moved &= table["day"].to_numpy() >= shape.n_days // 2
    table["arm"] = np.where(moved, 1 - table["arm"], table["arm"])
    return test


def whale(seed: int, shape: Shape) -> TestTables:
    """Let one treated account click like two hundred readers, as a script would."""
    test = clean_test(seed, shape, "whale")
    table = test.table
    one = int(table.loc[table["arm"] == 1, "reader"].iloc[0])
    rows = table["reader"] == one
    clicks = round(200 * shape.impressions_per_day * shape.ctr)
    table.loc[rows, "clicks"] = clicks
    table.loc[rows, "impressions"] = 2 * clicks
    return test


def peeking(seed: int, shape: Shape) -> TestTables:
    """Test nothing, look every day at the plain 5 % level, and stop at the first find."""
    test = clean_test(seed, replace(shape, lift=0.0), "peeking")
    looks = tuple((day + 1) / shape.n_days for day in range(shape.n_days))
    settings = Settings(control=0)
    stop = shape.n_days - 1
    for day in range(2, shape.n_days):
        so_far = test.table[test.table["day"] <= day]
        metric: dict[str, Metric] = {PRIMARY: METRICS[PRIMARY]}
        if analyze(so_far, metric, "reader", "arm", settings=settings).effects[0].p < 0.05:
            stop = day
            break
    table = test.table[test.table["day"] <= stop].reset_index(drop=True)
    return replace(test, table=table, record=replace(test.record, looks=looks))


def novelty(seed: int, shape: Shape) -> TestTables:
    """Let curiosity raise clicks by 60 % on the first day, and by half as much on each next one."""
    test = clean_test(seed, shape, "novelty")
    rng = generator(seed, "defects.novelty.clicks")
    table = test.table
    curious = 0.6 * 0.5 ** table["day"].to_numpy(np.float64) * (table["arm"].to_numpy() == 1)
    table["clicks"] = table["clicks"] + rng.binomial(table["impressions"], shape.ctr * curious)
    return test


def metric_fishing(seed: int, shape: Shape) -> TestTables:
    """Look at a hundred metrics that nothing happened to, and claim the one with the least p."""
    test = clean_test(seed, replace(shape, lift=0.0), "metric_fishing")
    rng = generator(seed, "defects.metric_fishing.values")
    table = test.table.groupby(["reader", "arm"], as_index=False)[["clicks"]].sum()
    names = [f"metric_{k:03d}" for k in range(_N_FISHED)]
    fished = pd.DataFrame(rng.standard_normal((len(table), _N_FISHED)), columns=names)
    table = pd.concat([table, fished], axis=1)
    metrics: dict[str, Metric] = {PRIMARY: Mean("clicks"), **{name: Mean(name) for name in names}}
    treated = table["arm"].to_numpy() == 1
    means = fished.to_numpy()[treated].mean(axis=0) - fished.to_numpy()[~treated].mean(axis=0)
    best = names[int(np.abs(means).argmax())]
    return TestTables(table, replace(test.record, claimed=best, day=None), metrics)


def thin_pool(seed: int, shape: Shape) -> TestTables:
    """Show readers of an arm new notes of its own authors alone, with all old notes."""
    test = clean_test(seed, shape, "thin_pool")
    rng = generator(seed, "defects.thin_pool.notes")
    treated = float((rng.random(shape.n_notes) < 0.5).mean())
    arms, new = ["control", "treatment"], [1.0 - treated, treated]
    pools = pd.DataFrame({"arm": arms, "new_share": new, "old_share": 1.0})
    return replace(test, record=replace(test.record, pools=pools))


def shared_quota(seed: int, shape: Shape) -> TestTables:
    """Let treated readers fill the whole of what is promised to each note."""
    test = clean_test(seed, shape, "shared_quota")
    rng = generator(seed, "defects.shared_quota.ledger")
    return replace(test, record=replace(test.record, ledger=ledger_of(rng, shape, 1.0)))
