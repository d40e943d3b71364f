"""Candidates, channels and costs of a run, as the tables that the funnel's page draws."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from ruamel.yaml import YAML

from dashboard.frames.note import failures
from simulator.metrics.channel_masks import channel_masks
from simulator.metrics.channels import SHADOW
from simulator.metrics.failures import STAGES
from simulator.results.folder import RunFolder
from simulator.results.result import Result

PROFILE: Final = "profile.json"
_LIMITS: Final = {"passed_pre_rank": ("pre_rank", "keep"), "passed_rank": ("rank", "keep")}


def stages(run: Result) -> pd.DataFrame:
    """Return how far the judged new notes of a run came.

    One row a stage: stage, requests (in which a new note reached it, a note and request counted
    once), kept (share of the stage before, NaN for the first) and reached (share of the notes that
    ever came so far).
    """
    notes = failures(run).notes[list(STAGES)]
    totals = notes.sum().to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.concatenate([[np.nan], totals[1:] / totals[:-1]])
    reached = (notes > 0).mean().to_numpy(float)
    return pd.DataFrame({"stage": STAGES, "requests": totals, "kept": kept, "reached": reached})


def n_judged(run: Result) -> tuple[int, int]:
    """Return the judged new notes of a run, and how many of them missed their quota."""
    notes = failures(run).notes
    return len(notes), int((~notes["reached"].astype(bool)).sum())


def losses(run: Result) -> pd.DataFrame:
    """Return reason, notes and share of the notes that missed their quota, in funnel order."""
    return failures(run).reasons[["reason", "notes", "share"]]


def limits(run: Result) -> dict[str, int]:
    """Return the most candidates a request may have at a stage, all notes, where it is set."""
    scenario = _scenario(run)
    found = {"recalled": sum(k for k, shadow in _asked(scenario) if not shadow)}
    for stage, (part, name) in _LIMITS.items():
        value = _mapping(scenario.get(part)).get(name)
        if isinstance(value, int):
            found[stage] = value
    slots = _mapping(scenario.get("rerank")).get("n_slots")
    if isinstance(slots, int):
        found["placed"] = slots
    return found


@lru_cache(maxsize=16)
def masks(run: Result) -> pd.DataFrame:
    """Return impressions by the set of channels that found them; kept for the same run."""
    return channel_masks(RunFolder(run.folder))


def channel_table(run: Result, *, new_only: bool) -> pd.DataFrame:
    """Return what each channel found of the measured impressions.

    One row a channel: channel, asked (the most candidates it may return a request, NaN where the
    scenario does not say), found, share of all impressions, alone_share (found by no other channel
    that shows its finds; NaN for shadow channels) and ctr of what it found.

    Args:
        run: the run.
        new_only: whether to count impressions of new notes only.
    """
    names = run.manifest.channels
    bits, n, clicks = _bits(run, new_only=new_only)
    is_shown = np.array([not name.startswith(SHADOW) for name in names], bool)
    found = bits.T @ n
    single = bits[:, is_shown].sum(axis=1) == 1
    alone = np.where(is_shown, (bits * single[:, None]).T @ n, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        total, ctr = np.float64(n.sum()), bits.T @ clicks / found
        share, alone_share = found / total, alone / total
    asked = [float(k) for k, _ in _asked(_scenario(run))]
    return pd.DataFrame(
        {
            "channel": names,
            "asked": asked if len(asked) == len(names) else np.nan,
            "found": found.astype(np.int64),
            "share": share,
            "alone_share": alone_share,
            "ctr": ctr,
        }
    )


def overlap(run: Result, *, new_only: bool) -> pd.DataFrame:
    """Return channel, other and share: of what the first found, how much the other found too."""
    names = np.array(run.manifest.channels, object)
    bits, n, _ = _bits(run, new_only=new_only)
    both = bits.T @ (bits * n[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = both / np.diag(both)[:, None]
    a, b = np.divmod(np.arange(both.size), max(1, len(names)))
    return pd.DataFrame({"channel": names[a], "other": names[b], "share": share.ravel()})


def costs(run: Result) -> pd.DataFrame:
    """Return stage, microseconds for each impression of the run, and share of all that was timed.

    Parts of one stage (channels of recall, indexes that are refreshed) are added up. The table is
    empty where the run kept no profile.
    """
    seconds = _seconds(run)
    groups: dict[str, float] = {}
    for name, spent in seconds.items():
        stage = name.partition(".")[0]
        groups[stage] = groups.get(stage, 0.0) + spent
    frame = pd.DataFrame({"stage": list(groups), "seconds": list(groups.values())})
    frame = frame.sort_values("seconds", ascending=False, ignore_index=True)
    total, n = frame["seconds"].sum(), max(1, run.manifest.impressions)
    frame["share"] = frame["seconds"] / total if total else np.nan
    return frame.assign(micros=frame["seconds"] / n * 1e6)


def _seconds(run: Result) -> dict[str, float]:
    try:
        text = (run.folder / PROFILE).read_text(encoding="utf-8")
        found = _mapping(_mapping(json.loads(text)).get("seconds"))
    except (OSError, ValueError):
        return {}
    return {name: float(spent) for name, spent in found.items() if isinstance(spent, int | float)}


def _bits(
    run: Result, *, new_only: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return float64[sets, channels] of 0 and 1, impressions and clicks of each set."""
    table = masks(run)
    if new_only:
        table = table[table["is_new"].astype(bool)]
    places = np.arange(len(run.manifest.channels), dtype=np.int64)
    bits = (table["channels"].to_numpy(np.int64)[:, None] >> places) & 1
    impressions, clicks = (table[name].to_numpy(float) for name in ("impressions", "clicks"))
    return bits.astype(float), impressions, clicks


@lru_cache(maxsize=16)
def _scenario(run: Result) -> dict[str, object]:
    return _mapping(YAML(typ="safe", pure=True).load(run.scenario))


def _asked(scenario: dict[str, object]) -> list[tuple[int, bool]]:
    """Return `k` of each recall channel, and whether it is a shadow channel."""
    channels = scenario.get("recall")
    parts = [_mapping(part) for part in channels] if isinstance(channels, list) else []
    asked = [(part.get("k"), bool(part.get("shadow"))) for part in parts]
    return [(k, shadow) for k, shadow in asked if isinstance(k, int)]


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}
