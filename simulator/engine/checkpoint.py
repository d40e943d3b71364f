"""Checkpoints: the whole state of a run as plain arrays in one file, replaced atomically."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.errors import RunError

FORMAT = 1
_META = "meta.json"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class CheckpointMeta:
    """What a checkpoint belongs to.

    Attributes:
        t: simulated time, seconds; everything due then is done, except serving.
        parts: finished parts of each result table.
        scenario_hash: hash of the scenario that the run follows.
        wall_s, cpu_s: seconds spent so far, over all attempts.
        format: layout version of this file.
    """

    t: float
    parts: dict[str, int]
    scenario_hash: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    format: int = FORMAT


def save(path: Path, meta: CheckpointMeta, arrays: Arrays) -> None:
    """Write a checkpoint beside `path`, then rename it over the last one.

    Raises:
        RunError: the disk is full or not writable; the last checkpoint is still intact.
    """
    part = path.with_suffix(".tmp")
    text = np.frombuffer(json.dumps(asdict(meta)).encode(), np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            everything: Any = {_META: text, **arrays}
            np.savez(file, **everything)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunError(
            f"cannot write the checkpoint {path}: {error.strerror or error}; "
            "free some space and continue with --resume",
            stage="checkpoint",
        ) from error


def load(path: Path, scenario_hash: str) -> tuple[CheckpointMeta, Arrays]:
    """Read a checkpoint of the given scenario.

    Raises:
        RunError: the file is damaged, from another layout, or of another scenario.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        meta = CheckpointMeta(**json.loads(arrays.pop(_META).tobytes()))
    except Exception as error:  # a damaged archive fails in as many ways as it has bytes
        raise RunError(
            f"the checkpoint {path} cannot be read: {error}; remove the run folder to start again",
            stage="resume",
        ) from error
    if meta.format != FORMAT or meta.scenario_hash != scenario_hash:
        raise RunError(
            f"the checkpoint {path} belongs to another scenario or version", stage="resume"
        )
    return meta, arrays


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays with `prefix:` before their names."""
    return {f"{prefix}:{name}": array for name, array in arrays.items()}


def part_of(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays that `prefixed` put under `prefix`, with their own names."""
    head = f"{prefix}:"
    return {n.removeprefix(head): a for n, a in arrays.items() if n.startswith(head)}


def take_over(
    path: Path, scenario_hash: str, start_s: int, owners: dict[str, Any], begins: set[str]
) -> CheckpointMeta:
    """Give every owner of state what a plain run of the same world had before a time.

    Args:
        path: checkpoint of the plain run.
        scenario_hash: identity of its scenario.
        start_s: time before which it must have been written, seconds.
        owners: owners of state by name.
        begins: names, whole or without their last word, of owners that only begin at that time.

    Raises:
        RunError: the checkpoint is too late, or without the state of some other owner.
    """
    meta, arrays = load(path, scenario_hash)
    if meta.t >= start_s:
        raise RunError("the shared past ends after the start of the experiment", "fork")
    for name, owner in owners.items():
        own = part_of(name, arrays)
        if own:
            owner.load_state(own)
        elif (
            owner.state_arrays() and name != "experiment" and name.rpartition(".")[0] not in begins
        ):
            raise RunError(f"the shared past has no state of {name}", "fork")
    return meta
