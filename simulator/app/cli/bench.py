"""`notesim bench`: speed and memory on this machine."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from simulator.app.cli import console

if TYPE_CHECKING:
    from simulator.app.bench import Plan, SizeCost

EXAMPLE = "notesim bench --readers 1000,10000"


def bench(
    readers: Annotated[
        str, typer.Option(metavar="N,N", help="Sizes of the worlds, in readers.")
    ] = "1000,10000,100000",
    days: Annotated[int, typer.Option(min=1, max=60, help="Simulated days for each.")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="Stop at ten in the morning; no final metrics.")
    ] = False,
    scenario: Annotated[
        str | None, typer.Option(metavar="FILE", help="Scenario whose plug-ins serve.")
    ] = None,
    from_hour: Annotated[
        int | None, typer.Option(min=1, help="Simulated hour from which to measure.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Measure impressions per second, cost by stage and memory for worlds of several sizes."""
    from simulator.app import bench as benchmark

    plans = _plans(readers, days, quick=quick)
    changes: dict[str, Any] = {"scenario": scenario} if scenario else {}
    if from_hour is not None:
        changes["from_h"] = from_hour
    plans = [replace(plan, **changes) for plan in plans]
    costs = benchmark.bench(plans, _announce)
    growth = benchmark.growth(costs)
    if as_json:
        console.print_json(
            {
                "measured": plans[0].text(),
                "sizes": [cost.as_json() for cost in costs],
                "growth": None if growth is None else asdict(growth),
            }
        )
        return
    console.say(f"Measured: {plans[0].text()}; kernels warm, one thread.")
    _print_speed(costs)
    _print_stages(costs)
    _print_memory(costs)


def _plans(text: str, days: int, *, quick: bool) -> list[Plan]:
    from simulator.app.bench import QUICK_UNTIL_H, Plan

    until = QUICK_UNTIL_H if quick else None
    try:
        sizes = [int(part) for part in text.replace("_", "").split(",")]
    except ValueError:
        raise console.UsageError(f"--readers {text}: whole numbers with commas between") from None
    if min(sizes) < 50:
        raise console.UsageError("--readers: a benchmark needs 50 readers or more")
    return [Plan(size, days, until_h=until) for size in sorted(set(sizes))]


def _announce(plan: Plan) -> None:
    console.note(f"measuring a world of {plan.readers:,} readers ...")


def _print_speed(costs: list[SizeCost]) -> None:
    from simulator.app import present

    headings = ("readers", "live notes", "impressions", "per CPU second", "per second")
    table = console.plain_table(*headings, "µs each", "CPU", "create", "metrics", right=range(9))
    for cost in costs:
        table.add_row(
            f"{cost.readers:,}",
            f"{cost.live_notes:,}",
            f"{cost.impressions:,}",
            f"{cost.impressions_per_cpu_s:,.0f}",
            f"{cost.impressions_per_wall_s:,.0f}",
            present.significant(1e6 * cost.cpu_s / cost.impressions),
            present.span(cost.cpu_s),
            present.span(cost.create_s),
            present.NOTHING if cost.measure_s is None else present.span(cost.measure_s),
        )
    _print_titled("\nSpeed", table)


def _print_stages(costs: list[SizeCost]) -> None:
    from simulator.app.bench import stage_table

    headings = [f"{cost.readers:,}" for cost in costs]
    table = console.plain_table("stage", *headings, right=range(1, len(costs) + 1))
    rest = [max(0.0, cost.wall_s - sum(cost.stages.values())) for cost in costs]
    for stage, seconds in [*stage_table(costs), ("everything else", rest)]:
        each = (1e6 * s / cost.impressions for s, cost in zip(seconds, costs, strict=True))
        table.add_row(stage, *(f"{value:.2f}" for value in each))
    _print_titled("\nMicroseconds per impression by stage, by readers", table)


def _print_memory(costs: list[SizeCost]) -> None:
    from simulator.app import present
    from simulator.app.bench import growth

    table = console.plain_table(
        "readers",
        "at the end",
        "peak",
        "peak with metrics",
        "readers hold",
        "notes hold",
        right=range(6),
    )
    for cost in costs:
        amounts = (
            cost.rss_bytes,
            cost.peak_rss_bytes,
            cost.peak_rss_with_metrics_bytes,
            cost.reader_bytes,
            cost.note_bytes,
        )
        table.add_row(f"{cost.readers:,}", *map(present.size, amounts))
    _print_titled("\nMemory", table)
    found = growth(costs)
    if found is None:
        return
    console.say(
        f"\nFrom {found.smaller:,} to {found.larger:,} readers: "
        f"{present.size(found.bytes_per_reader)} a reader, "
        f"{present.size(found.bytes_per_live_note)} a live note; the whole process grows by "
        f"{present.size(found.rss_bytes_per_reader)} a reader with its share of notes "
        f"({present.size(found.held_bytes_per_reader)} of that counted above)."
    )


def _print_titled(title: str, table: object) -> None:
    out = console.stdout()
    out.print(Text(title, style="bold"))
    out.print(table)
