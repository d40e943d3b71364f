"""Report on policies compared on the same worlds: who gains, who pays, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.metrics.families import FAMILIES
from simulator.reports.page import Chart, Page, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from simulator.metrics.catalog import Metric

GAIN: Final = "quota_fulfilment"
SUPPLY: Final = "notes_per_dau"
COST: Final = "time_spent_min_per_dau"
"""Axes of the trade: what creators gain, and what readers pay."""

REST: Final = 0.05
"""Relative change in 30 days below which a metric counts as being at rest."""

_BY_NAME: Final = {metric.name: metric for family in FAMILIES for metric in family.metrics}
_TITLES: Final = {
    "creator": "Creators",
    "guarantee": "Guarantees",
    "reader": "Readers and new notes",
    "platform": "Platform",
    "content": "Content",
    "recommender": "Recommender",
}


@dataclass(frozen=True, slots=True)
class ShockMark:
    """A shock of the scenario.

    Attributes:
        type: what changes.
        day: when, measured days.
    """

    type: str
    day: float


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """Everything that the report shows; frames in the order of the sweep's variants.

    Attributes:
        name, question, scenario, baseline: texts.
        n_seeds: seeds on which all policies ran.
        means: one row a variant, one column a metric.
        differences: rows of variant, metric, n, baseline, value, difference, low, high, p_value,
            relative, noise_removed: paired by seed.
        fulfilment: variant, hour, share, low, high.
        exposure: variant, quantile, impressions.
        daily: variant, metric, day, mean, low, high.
        shocks: what changed on the way.
        recovery: variant, before, lowest, after, after_low, after_high, median_days, never.
        trend: variant, metric, level and drift with their intervals, over the last third of a
            long run; drift is the relative change in 30 days.
        failed: messages of runs that failed.
    """

    name: str
    question: str
    scenario: str
    baseline: str
    n_seeds: int
    means: pd.DataFrame
    differences: pd.DataFrame
    fulfilment: pd.DataFrame
    exposure: pd.DataFrame
    daily: pd.DataFrame
    shocks: tuple[ShockMark, ...] = ()
    recovery: pd.DataFrame | None = None
    trend: pd.DataFrame | None = None
    failed: tuple[str, ...] = ()

    def mean(self, variant: str, metric: str) -> float:
        """Return the mean over seeds of a metric under a policy."""
        return float(self.means[metric].to_dict()[variant])

    def pair(self, variant: str, metric: str) -> dict[str, Any]:
        """Return the paired difference of one metric of one variant."""
        rows = self.differences
        found = rows[(rows["variant"] == variant) & (rows["metric"] == metric)]
        return {str(k): v for k, v in found.iloc[0].items()} if len(found) else {}

    @property
    def variants(self) -> list[str]:
        """Return the variants other than the baseline, in order."""
        return [str(v) for v in self.means.index if v != self.baseline]

    @property
    def noise_removed(self) -> float:
        """Return the median over variants and metrics of the variance that shared luck removed."""
        if self.differences.empty:
            return math.nan
        found = self.differences["noise_removed"].to_numpy(float)
        found = found[np.isfinite(found)]
        return float(np.median(found)) if found.size else math.nan


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands at the end of a report.

    Attributes:
        command: how to make it again.
        scenario: resolved scenario, YAML text.
        versions: name -> text.
    """

    command: str = ""
    scenario: str = ""
    versions: dict[str, str] = field(default_factory=dict)


def front(comparison: PolicyComparison, gain: str = GAIN, cost: str = COST) -> list[str]:
    """Return the variants that no other beats in both gain and cost (the Pareto front)."""
    means = comparison.means[[gain, cost]].dropna()
    found = []
    for variant, point in means.iterrows():
        better = (means >= point).all(axis=1) & (means > point).any(axis=1)
        if not better.any():
            found.append(str(variant))
    return found


def verdicts(comparison: PolicyComparison) -> list[str]:
    """Return the answer in sentences, from paired differences whose interval excludes zero."""
    sentences = [
        f"{comparison.n_seeds} seeds, the same for every policy; sharing their luck removed "
        f"{_percent(comparison.noise_removed)} of the variance of differences (median)."
        if math.isfinite(comparison.noise_removed)
        else "One seed only: no interval can be given."
    ]
    best = _best(comparison, GAIN)
    if best:
        pair = comparison.pair(best, GAIN)
        sentences.append(
            f"Most notes reach the target under {best}: {_percent(pair['value'])} against "
            f"{_percent(pair['baseline'])} under {comparison.baseline} "
            f"(difference {_signed(pair)})."
        )
    payers = [v for v in comparison.variants if _is_sure(comparison.pair(v, COST), below=True)]
    sentences.append(
        "Readers spend less time under " + ", ".join(payers) + "."
        if payers
        else "No policy makes readers spend measurably less time."
    )
    sentences.append(
        "Not beaten in both fulfilment and time spent: " + ", ".join(front(comparison)) + "."
    )
    if comparison.failed:
        sentences.append(f"{len(comparison.failed)} runs failed and are left out.")
    return sentences


def page(comparison: PolicyComparison, facts: Facts) -> Page:
    """Return the report as a page."""
    from simulator.reports.policy_charts import exposure_chart, fulfilment_chart, trade_chart

    trade = [
        Chart(
            "Target reached, against time that readers spend",
            trade_chart(comparison, GAIN, COST),
            "Each point is a policy beside the baseline, with 95 % intervals. Up and right is "
            "better; policies on the front are filled.",
        ),
        Chart(
            "Notes a reader of the day, against time that readers spend",
            trade_chart(comparison, SUPPLY, COST),
            "The same for what creators publish.",
        ),
    ]
    delivery = [
        Chart(
            "Notes that have reached the target, by hours since publishing",
            fulfilment_chart(comparison),
            "Mean over seeds; bands are 95 % intervals.",
        ),
        Chart(
            "Impressions of new notes in their first day",
            exposure_chart(comparison),
            "Share of notes with at most so many impressions; mean of quantiles over seeds.",
        ),
    ]
    sections = [
        Section("Who gains, who pays", charts=trade),
        Section("Delivery", charts=delivery),
        *_shock_sections(comparison),
        *_long_run_sections(comparison),
        *_families(comparison),
    ]
    return Page(
        title=f"Policies compared: {comparison.name}",
        question=comparison.question,
        verdict=verdicts(comparison),
        sections=sections,
        facts={
            "scenario": comparison.scenario,
            "baseline": comparison.baseline,
            "seeds": str(comparison.n_seeds),
            **facts.versions,
        },
        command=facts.command,
        scenario=facts.scenario,
    )


def markdown(comparison: PolicyComparison, facts: Facts) -> str:
    """Return the report as Markdown: the same sentences and tables, without charts."""
    whole = page(comparison, facts)
    lines = [f"# {whole.title}", "", whole.question, ""]
    lines += [f"- {sentence}" for sentence in whole.verdict]
    for section in whole.sections:
        lines += ["", f"## {section.title}", *section.paragraphs]
        for table in section.tables:
            lines += ["", f"### {table.title}", "", _row(table.columns)]
            lines.append(_row(["---"] * len(table.columns)))
            lines += [_row(row) for row in table.rows]
            lines += ["", table.caption] if table.caption else []
    lines += ["", f"    {whole.command}", ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _families(comparison: PolicyComparison) -> list[Section]:
    sections = []
    for family in FAMILIES:
        tables = [
            table
            for metric in family.metrics
            if (table := _metric_table(comparison, metric)) is not None
        ]
        if tables:
            sections.append(Section(_TITLES.get(family.name, family.name), tables=tables))
    return sections


def _metric_table(comparison: PolicyComparison, metric: Metric) -> Table | None:
    if metric.name not in comparison.means.columns:
        return None
    base = comparison.mean(comparison.baseline, metric.name)
    if math.isnan(base) and comparison.means[metric.name].isna().all():
        return None
    rows = [[comparison.baseline, _value(base), "baseline", "", "", "", ""]]
    for variant in comparison.variants:
        pair = comparison.pair(variant, metric.name)
        if pair and pair["n"]:
            rows.append(
                [
                    variant,
                    _value(pair["value"]),
                    _value(pair["difference"], signed=True),
                    _interval(pair),
                    _percent(pair["relative"], signed=True),
                    "" if math.isnan(pair["p_value"]) else f"{pair['p_value']:.2g}",
                    _percent(pair["noise_removed"]),
                ]
            )
        else:
            rows.append([variant, _value(comparison.mean(variant, metric.name))])
            rows[-1] += [""] * 5
    columns = ("policy", "mean", "difference", "95 % interval", "relative", "p", "noise removed")
    unit = f", {metric.unit}" if metric.unit else ""
    return Table(f"{metric.name}{unit}", columns, rows, metric.description)


def _shock_sections(comparison: PolicyComparison) -> list[Section]:
    found = comparison.recovery
    if not comparison.shocks or found is None or found.empty:
        return []
    from simulator.reports.policy_charts import daily_chart

    rows = [
        [
            str(row["variant"]),
            _percent(row["before"]),
            _percent(row["lowest"]),
            _percent(row["after"]),
            _days(row["median_days"]),
            _percent(row["never"]),
        ]
        for row in found.to_dict("records")
    ]
    columns = (
        "policy", "before", "lowest day after", "last two days", "median days to 90 % of before",
        "seeds that never return",
    )  # fmt: skip
    what = ", ".join(f"{shock.type} on day {shock.day:g}" for shock in comparison.shocks)
    charts = [
        Chart(
            f"{name}, day by day",
            daily_chart(comparison, name),
            "Rules mark the shocks; bands are 95 % intervals over seeds.",
        )
        for name in (GAIN, COST)
    ]
    text = f"What changed: {what}. Does a policy find its balance again?"
    table = Table("Target reached before and after", columns, rows)
    return [Section("Shocks", [text], charts, [table])]


def _long_run_sections(comparison: PolicyComparison) -> list[Section]:
    found = comparison.trend
    if found is None or found.empty:
        return []
    from simulator.reports.policy_charts import daily_chart

    rows = [
        [
            f"{row['variant']}: {row['metric']}",
            _value(row["level"]),
            _percent(row["drift"], signed=True),
            f"{_percent(row['drift_low'], signed=True)} to "
            f"{_percent(row['drift_high'], signed=True)}"
            if math.isfinite(row["drift_low"])
            else "",
            _settled(row),
        ]
        for row in found.to_dict("records")
    ]
    columns = ("policy and metric", "level", "drift in 30 days", "95 % interval", "at rest?")
    names = list(dict.fromkeys(found["metric"]))
    charts = [Chart(name, daily_chart(comparison, name), "") for name in names]
    text = (
        "Support makes creators publish, more new notes share the same traffic, guarantees cost "
        "more of it, readers feel it, and fewer of them come. The charts follow this loop link by "
        "link. It is at rest where the last third of the run drifts by less than "
        f"{_percent(REST)} in 30 days, and the interval over seeds leaves no room for more."
    )
    caption = "Level and least-squares drift over the last third of the measured days, by seed."
    table = Table("Is the loop at rest?", columns, rows, caption)
    return [Section("The world answers back", [text], charts, [table])]


def _settled(row: dict[Any, Any]) -> str:
    low, high = row["drift_low"], row["drift_high"]
    if not math.isfinite(low):
        return "unknown: one seed"
    if max(-low, high) <= REST:
        return "yes"
    return "no" if high < -REST or low > REST else "cannot tell"


def _best(comparison: PolicyComparison, metric: str) -> str:
    means = comparison.means[metric].drop(comparison.baseline, errors="ignore").dropna()
    return str(means.idxmax()) if len(means) else ""


def _is_sure(pair: dict[str, Any], *, below: bool) -> bool:
    if not pair or math.isnan(pair["low"]):
        return False
    return bool(pair["high"] < 0) if below else bool(pair["low"] > 0)


def _signed(pair: dict[str, Any]) -> str:
    low, high = 100 * pair["low"], 100 * pair["high"]
    interval = "" if math.isnan(low) else f", 95 % interval {low:.1f} to {high:.1f}"
    return f"{100 * pair['difference']:+.1f} points{interval}"


def _value(x: float, *, signed: bool = False) -> str:
    if not math.isfinite(x):
        return ""
    return f"{x:+.4g}" if signed else f"{x:.4g}"


def _interval(pair: dict[str, Any]) -> str:
    return "" if math.isnan(pair["low"]) else f"{pair['low']:.4g} to {pair['high']:.4g}"


def _percent(x: float, *, signed: bool = False) -> str:
    if not math.isfinite(x):
        return ""
    return f"{100 * x:+.1f} %" if signed else f"{100 * x:.1f} %"


def _days(x: float) -> str:
    return "never" if math.isinf(x) else "" if math.isnan(x) else f"{x:g}"
