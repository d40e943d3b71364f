"""`notesim doctor`: is everything here, and is it ready to run fast?"""

from __future__ import annotations

import os
import platform
import time
from typing import Annotated

import typer

from simulator.app.cli import console
from simulator.app.cli.threads import SETTINGS

EXAMPLE = "notesim doctor"


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
) -> None:
    """Check the installation, and compile the kernels once so that later runs start at once."""
    from simulator.results.manifest import package_versions

    versions = package_versions()
    threads = {name: os.environ.get(name, "") for name in SETTINGS}
    if not as_json:
        _print_facts(versions, threads)
        console.note("warming up: a run of 60 readers, in memory ...")
    begun = time.perf_counter()
    n_impressions, n_compiled, n_loaded = warm_up()
    took = time.perf_counter() - begun
    if as_json:
        console.print_json(
            {
                "versions": versions,
                "cores": os.cpu_count(),
                "threads": threads,
                "kernels": {"compiled": n_compiled, "from_cache": n_loaded},
                "warm_before": n_compiled == 0,
                "tiny_run": {"impressions": n_impressions, "wall_s": took},
            }
        )
        return
    if n_compiled:
        console.say(f"kernels: {n_compiled} compiled just now and cached; the cache is warm now")
    else:
        console.say(f"kernels: all {n_loaded} came from the cache; it was warm")
    console.say(f"tiny run: {n_impressions:,} impressions in {took:.1f} s, start-up included")
    console.say("all is well")


def warm_up() -> tuple[int, int, int]:
    """Run the smallest scenario in memory, so that every kernel is compiled and cached.

    Returns:
        Impressions served, kernels compiled now, and kernels loaded from the cache.
    """
    from simulator.app.trial import TINY, load, try_out

    trial = try_out(load(TINY))
    compiled, loaded = kernel_counts()
    return trial.impressions, compiled, loaded


def kernel_counts() -> tuple[int, int]:
    """Return how many kernel variants this process compiled, and loaded from the cache."""
    import sys

    from numba.core.dispatcher import Dispatcher

    homes = ("simulator.", "recall.", "policies.")
    modules = [module for name, module in sys.modules.items() if name.startswith(homes)]
    kernels = {
        id(item): item
        for module in modules
        for item in vars(module).values()
        if isinstance(item, Dispatcher)
    }
    stats = [kernel.stats for kernel in kernels.values()]
    compiled = sum(sum(s.cache_misses.values()) for s in stats)
    return compiled, sum(sum(s.cache_hits.values()) for s in stats)


def _print_facts(versions: dict[str, str], threads: dict[str, str]) -> None:
    table = console.plain_table("package", "version")
    for name, version in versions.items():
        table.add_row(name, version)
    console.stdout().print(table)
    system = f"{platform.system()} {platform.machine()}"
    console.say(f"\nmachine: {system}, {os.cpu_count()} cores")
    console.say("threads: " + ", ".join(f"{name}={value}" for name, value in threads.items()))
