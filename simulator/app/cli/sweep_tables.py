"""Tables of a finished sweep."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.text import Text

from simulator.app.cli.console import plain_table, say, stdout

if TYPE_CHECKING:
    import pandas as pd

    from simulator.app.sweeping import Sweep
    from simulator.metrics.catalog import Metric
    from simulator.sweeps.paired import PairedDifference

FIRST: Final = (
    "new_note_impression_share",
    "new_note_ctr",
    "quota_fulfilment",
    "notes_per_dau",
    "ctr",
    "time_spent_min_per_dau",
    "dau",
)
"""Metrics shown when a sweep names none."""


def print_sweep(sweep: Sweep, folder: Path) -> None:
    """Print means by variant, and paired differences to the baseline with intervals."""
    from simulator.metrics.families import metrics
    from simulator.sweeps.collect import differences, load_metrics, totals

    table = load_metrics(folder)
    if not len(table):
        say("no run finished")
        return
    by_name = {metric.name: metric for metric in metrics()}
    wanted = [by_name[name] for name in sweep.config.metrics or FIRST if name in by_name]
    means = totals(table).groupby(level="variant", sort=False).mean()
    found = differences(table, sweep.baseline)
    for metric in wanted:
        _print_metric(metric, sweep.baseline, _by_variant(means, metric), found)


def _by_variant(means: pd.DataFrame, metric: Metric) -> dict[str, float]:
    return {str(variant): float(x) for variant, x in means[metric.name].items()}


def _print_metric(
    metric: Metric,
    baseline: str,
    means: dict[str, float],
    found: dict[str, dict[str, PairedDifference]],
) -> None:
    from simulator.app import present

    say()
    table = plain_table(
        metric.name, "mean", "difference", "95 % interval", "relative", "p", "seeds",
        "noise removed", right=range(1, 8),
    )  # fmt: skip
    for variant, mean in means.items():
        row: list[str | Text] = [str(variant), present.metric_value(metric, mean)]
        if variant == baseline:
            row.append(Text("baseline", style="dim"))
        elif variant in found:
            row += _cells(metric, found[variant][metric.name])
        table.add_row(*row)
    stdout().print(table)


def _cells(metric: Metric, pair: PairedDifference) -> list[str]:
    from simulator.app import present

    def shown(x: float) -> str:
        return "" if math.isnan(x) else present.metric_value(metric, x)

    interval = "" if math.isnan(pair.low) else f"[{shown(pair.low)}, {shown(pair.high)}]"
    return [
        shown(pair.difference),
        interval,
        "" if math.isnan(pair.relative) else f"{pair.relative:+.1%}",
        "" if math.isnan(pair.p_value) else f"{pair.p_value:.2g}",
        str(pair.n),
        "" if math.isnan(pair.noise_removed) else f"{pair.noise_removed:.0%}",
    ]
