"""Run folders with tables written by hand or drawn from a seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from simulator.contracts.columns import ACTIVITY, EVENTS, NOTES, Column
from simulator.contracts.events import DAY_S
from simulator.results import Manifest, MetricParams, RunFolder

Row = Mapping[str, object]


def new_run(path: Path, params: MetricParams | None = None, **fields: object) -> RunFolder:
    """Return a locked, empty run folder."""
    manifest = Manifest(
        name="t", hash="0" * 64, seed=1, params=params or MetricParams(measured_days=3), **fields
    )
    return RunFolder.create(path, manifest, "name: t\n")


def seen(params: MetricParams, note: Row, t: float, reader: int, **fields: object) -> Row:
    """Return an impression of `note` at `t` seconds; all it does not give is 0."""
    return {
        "t": t,
        "day": int(t // DAY_S) - params.warm_up_days,
        "reader_id": reader,
        "note_id": note["note_id"],
        "creator_id": note["creator_id"],
        "note_age_s": t - note["published_t"],
        "p_click": 0.1,
        **fields,
    }


def published(params: MetricParams, note: int, creator: int, t: float) -> Row:
    """Return a note published at `t` seconds."""
    day = int(t // DAY_S) - params.warm_up_days
    return {"note_id": note, "creator_id": creator, "published_t": t, "published_day": day}


def columns_of(rows: Sequence[Row], columns: Sequence[Column]) -> dict:
    """Turn rows into columns; what a row does not give is 0 or an empty text."""
    return {
        c.name: [str(row.get(c.name, "")) for row in rows]
        if c.dtype == "str"
        else np.array([row.get(c.name, 0) for row in rows], c.dtype)
        for c in columns
    }


def write_rows(
    run: RunFolder,
    events: Sequence[Row] = (),
    notes: Sequence[Row] = (),
    activity: Sequence[Row] | None = None,
    rows_per_part: int = 500_000,
) -> None:
    """Write literal rows; `activity` follows from the events where it is not given."""
    writers = run.writers(rows_per_part)
    came = (
        activity
        if activity is not None
        else [
            {"day": day, "reader_id": reader, "sessions": 1, "requests": 1}
            for day, reader in sorted({(e["day"], e["reader_id"]) for e in events})
        ]
    )
    for name, rows, columns in (
        ("events", events, EVENTS),
        ("notes", notes, NOTES),
        ("activity", came, ACTIVITY),
    ):
        writers[name].append(columns_of(rows, columns))
        writers[name].flush()


def drawn_columns(params: MetricParams, n_events: int, n_readers: int, seed: int) -> dict:
    """Draw tables of a platform whose click predictions are informative.

    Args:
        params: days and windows.
        n_events: impressions over all days.
        n_readers: readers; there are as many notes as readers, and a tenth as many creators.
        seed: seed.

    Returns:
        Columns of `events`, `notes` and `activity` by table name.
    """
    rng = np.random.default_rng(seed)
    days = params.warm_up_days + params.measured_days
    n_notes = n_readers
    published = np.sort(rng.uniform(-30 * DAY_S, days * DAY_S, n_notes))
    creator = rng.integers(0, max(1, n_readers // 10), n_notes)
    t = np.sort(rng.uniform(0, days * DAY_S, n_events))
    oldest = np.searchsorted(published, t - params.max_age_s, side="right")
    newest = np.maximum(np.searchsorted(published, t), oldest + 1)
    age_rank = rng.beta(1.0, 1.5, n_events)
    note = np.minimum(oldest + (age_rank * (newest - oldest)).astype(np.int64), n_notes - 1)
    note = np.where(published[note] <= t, note, oldest)
    reader = (n_readers * rng.beta(0.7, 2.0, n_events)).astype(np.int32)
    logit = rng.normal(-2.2, 1.0, n_events)
    p = 1 / (1 + np.exp(-logit))
    click = rng.random(n_events) < p
    events = {
        "t": t,
        "day": (t // DAY_S).astype(np.int16) - params.warm_up_days,
        "request_id": np.arange(n_events) // 10,
        "reader_id": reader,
        "note_id": note.astype(np.int32),
        "creator_id": creator[note].astype(np.int32),
        "position": (np.arange(n_events) % 10).astype(np.int8),
        "note_age_s": (t - published[note]).astype(np.float32),
        "note_impressions": _counts_before(note).astype(np.float32),
        "granted_by": (rng.random(n_events) < 0.05).astype(np.uint8),
        "pre_rank_position": rng.integers(0, 200, n_events).astype(np.int16),
        "p_click": p.astype(np.float32),
        "view_s": rng.gamma(2.0, 2.0, n_events).astype(np.float32),
        "click": click.astype(np.uint8),
        "hide": (rng.random(n_events) < 0.002).astype(np.uint8),
        "dwell_s": (click * rng.gamma(2.0, 20.0, n_events)).astype(np.float32),
    }
    for name, rate in (("like", 0.1), ("collect", 0.08), ("comment", 0.02), ("share", 0.02)):
        events[name] = (click & (rng.random(n_events) < rate)).astype(np.uint8)
    for c in EVENTS:
        events.setdefault(c.name, np.zeros(n_events, c.dtype))
    notes = {c.name: np.zeros(n_notes, c.dtype) for c in NOTES if c.dtype != "str"} | {
        "note_id": np.arange(n_notes, dtype=np.int32),
        "creator_id": creator.astype(np.int32),
        "published_t": published,
        "published_day": (published // DAY_S).astype(np.int16) - params.warm_up_days,
        "title": [f"note {i}" for i in range(n_notes)],
    }
    came = np.unique(np.stack([events["day"].astype(np.int64), reader], axis=1), axis=0)
    activity = {
        "day": came[:, 0].astype(np.int16),
        "reader_id": came[:, 1].astype(np.int32),
        "sessions": np.ones(len(came), np.int16),
        "requests": np.full(len(came), 3, np.int32),
        "reader_arm": np.zeros(len(came), np.uint8),
    }
    return {"events": events, "notes": notes, "activity": activity}


def _counts_before(note: np.ndarray) -> np.ndarray:
    """Return how often the same note occurs earlier in the array."""
    order = np.argsort(note, kind="stable")
    starts = np.flatnonzero(np.diff(note[order], prepend=-1))
    sizes = np.diff(starts, append=note.size)
    counts = np.empty(note.size, np.int64)
    counts[order] = np.arange(note.size) - np.repeat(starts, sizes)
    return counts
