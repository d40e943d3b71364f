"""Tables of metrics, as commands print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.app import present
from simulator.app.cli.console import plain_table
from simulator.metrics.families import FAMILIES, metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.app.compare import Comparison, Difference
    from simulator.metrics.catalog import Metric
    from simulator.results.manifest import Manifest

_COLOURS = {"better": "green", "worse": "red"}
FIRST = "What the scenario asks about"


def print_metrics(
    console: Console,
    values: Mapping[str, float | None],
    manifest: Manifest,
    *,
    first: Sequence[str] = (),
    define: bool = False,
) -> None:
    """Print every metric of a run by family, with what it means.

    Args:
        console: where to.
        values: value by name, None where not defined.
        manifest: of the run.
        first: metrics to show before all others.
        define: print full definitions instead of short meanings.
    """
    groups = list(grouped(first))
    texts = {m.name: present.metric_value(m, values.get(m.name)) for _, ms in groups for m in ms}
    widths = max(map(len, texts)) + 2, max(map(len, texts.values()))
    for title, members in groups:
        console.print(Text(f"\n{title}", style="bold"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=widths[0], no_wrap=True)
        table.add_column(width=widths[1], no_wrap=True, justify="right")
        table.add_column()
        for metric in members:
            meaning = metric.description if define else present.phrase(metric)
            table.add_row(f"  {metric.name}", texts[metric.name], Text(meaning, style="dim"))
        console.print(table)
    console.print()
    for line in footnotes(values, manifest):
        console.print(Text(line, style="dim"))


def grouped(first: Sequence[str] = ()) -> Iterator[tuple[str, list[Metric]]]:
    """Yield the titles of groups with their metrics: those of `first`, then by family."""
    if first:
        known = {metric.name: metric for metric in metrics()}
        yield FIRST, [known[name] for name in first if name in known]
    for family in FAMILIES:
        members = [metric for metric in family.metrics if metric.name not in first]
        if members:
            yield present.FAMILY_TITLES.get(family.name, family.name), members


def footnotes(values: Mapping[str, float | None], manifest: Manifest) -> list[str]:
    """Return what a reader of the table must know: ages, thresholds, gaps of a short run."""
    params = manifest.params
    hours = params.new_age_s / 3_600
    sizes = (
        f"A note is new for {hours:g} h. At the size of this world the target is "
        f"{params.scaled(params.quota_impressions):,} impressions, some / many have seen a note "
        f"from {params.scaled(params.mid_impressions):,} / "
        f"{params.scaled(params.high_impressions):,} impressions on, and it is hot from "
        f"{params.scaled(params.hot_clicks):,} clicks on (scale {params.threshold_scale:g})."
    )
    lines = [sizes]
    reasons: dict[str, list[str]] = {}
    for name, remark in manifest.remarks.items():
        gap = values.get(name) is None
        if gap or not remark.startswith("null"):
            reasons.setdefault(remark.removeprefix("null: "), []).append(name)
    for reason, names in reasons.items():
        lines.append(f"{', '.join(names)}: {reason}.")
    return lines


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print metrics side by side with their differences to the first run."""
    names = [run.manifest.name for run in comparison.runs]
    headings = ["metric", _heading(names, 0)]
    for i in range(1, len(names)):
        headings += [_heading(names, i), "difference", "relative", ""]
    verdicts = range(5, len(headings), 4)
    right = [i for i in range(1, len(headings)) if i not in verdicts]
    table = plain_table(*headings, right=right)
    for metric in comparison.metrics:
        base = comparison.values[0].get(metric.name)
        row: list[str | Text] = [metric.name, present.metric_value(metric, base)]
        for i in range(1, len(names)):
            row += _cells(metric, comparison.of(metric.name, i))
        table.add_row(*row)
    console.print(table)


def print_daily_intervals(console: Console, comparison: Comparison) -> None:
    """Print mean daily differences with their t intervals."""
    table = plain_table("metric", "run", "daily difference", "95 % t interval", "days")
    for difference in comparison.differences:
        daily = difference.daily
        if daily is None:
            continue
        metric = next(m for m in comparison.metrics if m.name == difference.metric)
        low, high = (present.metric_difference(metric, v) for v in (daily.low, daily.high))
        table.add_row(
            metric.name,
            str(difference.run + 1),
            present.metric_difference(metric, daily.mean),
            f"{low} to {high}",
            str(daily.days),
        )
    if table.row_count:
        console.print(table)


def _heading(names: list[str], i: int) -> str:
    return f"{i + 1} {names[i]}"


def _cells(metric: Metric, difference: Difference) -> list[str | Text]:
    colour = _COLOURS.get(difference.verdict, "")
    arrow = ""
    if difference.difference:
        arrow = "▲" if difference.difference > 0 else "▼"
    word = difference.verdict if difference.verdict in _COLOURS else ""
    return [
        present.metric_value(metric, difference.value),
        present.metric_difference(metric, difference.difference),
        Text(present.relative(difference.relative), style=colour),
        Text(f"{arrow} {word}".strip(), style=colour),
    ]
