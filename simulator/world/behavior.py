"""Prepares the behaviour kernel: coefficients from knobs, columns from tables, empty feedback."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, RequestBatch
from simulator.contracts.events import DAY_S, N_KINDS
from simulator.contracts.random import stream_key
from simulator.world.behavior_kernels import Coefficients, NoteColumns, ReaderColumns, respond
from simulator.world.config import BehaviorConfig, WorldConfig
from simulator.world.draws import logistic
from simulator.world.purposes import Purpose
from simulator.world.tables import NoteTruth, ReaderTruth

_PAIR_CHUNK = 65_536


def coefficients(
    config: WorldConfig, affinity_mean: float, seed: int, start_day: int
) -> Coefficients:
    """Return the knobs of behaviour and sessions in the form that the kernel uses."""
    behavior, sessions = config.behavior, config.sessions
    return Coefficients(
        pair_key=stream_key(seed, Purpose.PAIR),
        request_key=stream_key(seed, Purpose.REQUEST),
        start_day=start_day,
        base=behavior.click_base,
        affinity_mean=affinity_mean,
        quality=behavior.quality_coefficient,
        staleness_per_s=behavior.staleness_per_day / DAY_S,
        screen_slots=behavior.screen_slots,
        screen_decay=behavior.screen_decay,
        view_log=float(np.log(behavior.view_median_s)),
        view_sd=behavior.view_sd,
        dwell_log=float(np.log(behavior.dwell_median_s)),
        dwell_sd=behavior.dwell_sd,
        dwell_affinity=behavior.dwell_affinity,
        dwell_quality=behavior.dwell_quality,
        dwell_max_s=behavior.dwell_max_s,
        hide_base=_logit(behavior.hide_rate),
        hide_aversion=behavior.hide_aversion,
        continue_logit=sessions.continue_logit,
        surplus_weight=sessions.surplus_weight,
        surplus_memory=sessions.surplus_memory,
        like_value=sessions.like_value,
        hide_cost=sessions.hide_cost,
        gap_mean_s=sessions.gap_mean_s,
        max_requests=sessions.max_requests,
        fatigue=fatigue_table(behavior),
        actions=action_table(behavior),
    )


def fatigue_table(config: BehaviorConfig) -> NDArray[np.float64]:
    """Return float64[256]: logit lost after so many impressions of a category in a session."""
    seen = np.arange(256, dtype=np.float64)
    return np.asarray(config.fatigue_max * -np.expm1(-seen / config.fatigue_impressions))


def action_table(config: BehaviorConfig) -> NDArray[np.float64]:
    """Return float64[5, 3]: logit, affinity and quality slopes of the actions after a click."""
    kinds = (config.like, config.collect, config.comment, config.share, config.follow)
    return np.array([[_logit(kind.rate), kind.affinity, kind.quality] for kind in kinds])


def kernel_columns(readers: ReaderTruth, notes: NoteTruth) -> tuple[ReaderColumns, NoteColumns]:
    """Return both tables as the kernels take them."""
    return (
        ReaderColumns(
            readers.taste,
            readers.propensity,
            readers.expected,
            readers.patience,
            readers.surplus,
            readers.day_impressions,
            readers.day_surplus,
            readers.category_counts,
        ),
        NoteColumns(notes.appeal, notes.quality, notes.category, notes.published_t, notes.key),
    )


def answer(
    requests: RequestBatch,
    slates: NDArray[np.int32],
    readers: ReaderTruth,
    notes: NoteTruth,
    knobs: Coefficients,
) -> Feedback:
    """Let readers respond to their slates; see `World.respond`."""
    shape = slates.shape
    feedback = Feedback(
        examined=np.zeros(shape, np.uint8),
        actions=np.zeros((*shape, N_KINDS), np.float32),
        view_s=np.zeros(shape, np.float32),
        next_t=np.empty(shape[0], np.float64),
    )
    respond(
        requests.t,
        requests.reader_idx,
        requests.session_no,
        requests.request_no,
        slates,
        *kernel_columns(readers, notes),
        knobs,
        feedback.examined,
        feedback.actions,
        feedback.view_s,
        feedback.next_t,
    )
    return feedback


def click_probability(
    reader_idx: NDArray[np.integer],
    note_idx: NDArray[np.integer],
    readers: ReaderTruth,
    notes: NoteTruth,
    knobs: Coefficients,
) -> NDArray[np.float64]:
    """Return float64[m], click probability of examined, fresh notes without fatigue."""
    out = np.empty(reader_idx.shape[0], np.float64)
    for start in range(0, out.size, _PAIR_CHUNK):
        part = slice(start, start + _PAIR_CHUNK)
        r, n = reader_idx[part], note_idx[part]
        affinity = np.einsum("ij,ij->i", readers.taste[r], notes.appeal[n], dtype=np.float64)
        logit = knobs.base + affinity - knobs.affinity_mean + readers.propensity[r]
        out[part] = logistic(logit + knobs.quality * notes.quality[n].astype(np.float64))
    return out


def _logit(p: float) -> float:
    return float(np.log(p / (1.0 - p)))
