"""How much memory a run holds, by what it grows with, and how much the process has taken."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from simulator.engine.replication import Replication

_OUTSIDE: Final = (
    type,
    ModuleType,
    FunctionType,
    BuiltinFunctionType,
    FrameType,
    GeneratorType,
)
_STATUS: Final = Path("/proc/self/status")


def held_bytes(replication: Replication) -> dict[str, int]:
    """Return the bytes that a run holds in Python objects and arrays, reserved rows included.

    Args:
        replication: a run that has served.

    Returns:
        `readers`: tables of readers and creators, their seen-filter and their sessions;
        `notes`: the tables of notes, and the state of all plug-ins, which follows the notes.
    """
    state, world = replication.state, replication.world
    owners = replication._stateful()  # noqa: SLF001  (the one list of what a run holds)
    plugins = [item for name, item in owners.items() if name not in _OWN]
    seen: set[int] = set()
    people = (
        state.readers,
        state.creators,
        state.seen,
        owners["arrivals"],
        world.readers,
        world.creators,
    )
    return {
        "readers": deep_bytes(people, seen),
        "notes": deep_bytes((state.notes, world.notes, *plugins), seen),
    }


_OWN: Final = ("platform", "world", "arrivals", "commit", "lifecycle")


def deep_bytes(roots: Iterable[object], seen: set[int]) -> int:
    """Return the size of some objects with everything they lead to, each object once.

    Classes, modules, functions and running code are not followed.

    Args:
        roots: where to start.
        seen: identities already counted; extended in place.
    """
    total = 0
    stack = list(roots)
    while stack:
        item = stack.pop()
        if id(item) in seen or isinstance(item, _OUTSIDE):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            if item.base is None:
                total += item.nbytes
            else:
                stack.append(item.base)
            continue
        total += sys.getsizeof(item, 0)
        stack.extend(gc.get_referents(item))
    return total


def process_memory() -> tuple[int, int]:
    """Return the resident memory of this process now and at its highest, bytes.

    The peak of `getrusage` is not used where it can be avoided: a new process inherits it from
    the one that started it.
    """
    import psutil

    now = int(psutil.Process().memory_info().rss)
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1_024
        return now, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return now, max(now, peak * 1_024)
