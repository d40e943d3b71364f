"""The tables of a sweep: the same bytes for any number of workers, and for any order of runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.results.atomic import atomic_write
from simulator.sweeps.execute import Outcome
from simulator.sweeps.paired import PairedDifference, paired_difference
from simulator.sweeps.plan import Cell

if TYPE_CHECKING:
    import pandas as pd

CELLS: Final = "cells.parquet"
METRICS: Final = "metrics.parquet"


def collect(folder: Path, cells: Sequence[Cell], outcomes: Sequence[Outcome]) -> None:
    """Write the tables of cells and of metrics beside the runs.

    Args:
        folder: the sweep's folder; runs lie below it.
        cells: the sweep.
        outcomes: one for each cell, in the same order.
    """
    import pandas as pd

    _write(folder / CELLS, pd.DataFrame(_cell_rows(cells, outcomes)))
    parts = []
    for cell, outcome in zip(cells, outcomes, strict=True):
        if outcome.status == "done":
            part = pd.read_parquet(folder / outcome.run / "metrics.parquet")
            part.insert(0, "seed", np.int64(cell.seed))
            part.insert(0, "variant", cell.variant.label)
            parts.append(part)
    empty = pd.DataFrame({"variant": [], "seed": [], "metric": [], "day": [], "value": []})
    _write(folder / METRICS, pd.concat(parts, ignore_index=True) if parts else empty)


def load_metrics(folder: Path) -> pd.DataFrame:
    """Return the long table of metrics: variant, seed, metric, day (null: total), value."""
    import pandas as pd

    return pd.read_parquet(folder / METRICS)


def totals(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the values over all measured days: one row a variant and seed, one column a metric."""
    rows = metrics[metrics["day"].isna()]
    return rows.pivot_table(
        index=["variant", "seed"], columns="metric", values="value", dropna=False, sort=False
    )


def differences(
    metrics: pd.DataFrame, baseline: str, level: float = 0.95
) -> dict[str, dict[str, PairedDifference]]:
    """Return paired differences to the baseline: variant -> metric -> difference.

    Args:
        metrics: what `load_metrics` returns.
        baseline: label of the variant to compare with.
        level: confidence level.
    """
    table = totals(metrics)
    if baseline not in table.index.get_level_values("variant"):
        return {}
    base = table.loc[baseline]
    found = {}
    for variant in dict.fromkeys(table.index.get_level_values("variant")):
        if variant == baseline:
            continue
        pair = base.add_suffix("|a").join(table.loc[variant].add_suffix("|b"), how="inner")
        found[str(variant)] = {
            str(metric): paired_difference(
                pair[f"{metric}|a"].to_numpy(float), pair[f"{metric}|b"].to_numpy(float), level
            )
            for metric in table.columns
        }
    return found


def _cell_rows(cells: Sequence[Cell], outcomes: Sequence[Outcome]) -> list[Mapping[str, Any]]:
    import json

    return [
        {
            "cell": cell.index,
            "variant": cell.variant.label,
            "case": cell.variant.case,
            "seed": cell.seed,
            "settings": json.dumps(cell.variant.settings, sort_keys=True),
            "status": outcome.status,
            "run": outcome.run,
            "digest": outcome.digest,
            "stage": outcome.stage,
            "message": outcome.message,
        }
        for cell, outcome in zip(cells, outcomes, strict=True)
    ]


def as_number(value: float) -> float | None:
    """Return a number that JSON can hold: None for NaN and infinity."""
    return value if math.isfinite(value) else None


def _write(path: Path, frame: pd.DataFrame) -> None:
    atomic_write(path, lambda temporary: frame.to_parquet(temporary, index=False))
