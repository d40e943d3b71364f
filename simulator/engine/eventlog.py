"""Turns served slates and feedback into rows of the event log: one row an examined slot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import SESSIONS_PER_DAY, Feedback
from simulator.contracts.events import DAY_S, Head, Kind
from simulator.engine.request import Served
from simulator.engine.state import PlatformState

_FLAGS = (
    ("click", Kind.CLICK),
    ("like", Kind.LIKE),
    ("collect", Kind.COLLECT),
    ("comment", Kind.COMMENT),
    ("share", Kind.SHARE),
    ("follow", Kind.FOLLOW),
    ("hide", Kind.HIDE),
)
_PREDICTIONS = (
    ("p_click", Head.CLICK),
    ("p_like", Head.LIKE),
    ("p_collect", Head.COLLECT),
    ("p_comment", Head.COMMENT),
    ("p_share", Head.SHARE),
    ("p_dwell_s", Head.DWELL),
)


def event_columns(
    served: Served, feedback: Feedback, state: PlatformState, warm_up_days: int
) -> dict[str, NDArray[Any]]:
    """Return the event columns of one chunk, before its feedback is counted.

    Args:
        served: the chunk.
        feedback: what readers did.
        state: the platform, for note columns.
        warm_up_days: days before the first measured day.
    """
    row, slot = np.nonzero(feedback.examined)
    requests, slate = served.requests, served.slate
    t = requests.t[row]
    note = slate.note_idx[row, slot]
    notes, creators = state.notes, state.creators
    creator: NDArray[Any] = notes["creator_idx"][note]
    published: NDArray[Any] = notes["published_t"][note]
    totals: NDArray[Any] = notes["totals"]
    actions = feedback.actions[row, slot]
    columns: dict[str, NDArray[Any]] = {
        "t": t,
        "day": (t // DAY_S - warm_up_days).astype(np.int16),
        "request_id": requests.request_id[row],
        "reader_id": requests.reader_idx[row],
        "note_id": note,
        "creator_id": creators["reader_idx"][creator],
        "session_no": (requests.session_no[row] % SESSIONS_PER_DAY).astype(np.int16),
        "position": slot.astype(np.int8),
        "note_age_s": (t - published).astype(np.float32),
        "note_impressions": totals[note, Kind.IMPRESSION],
        "channels": served.channels[row, slot],
        "granted_by": slate.granted_by[row, slot],
        "slot_kind": served.slot_kind[row, slot],
        "reader_arm": requests.reader_arm[row],
        "note_arm": notes["arm"][note],
        "pre_rank_position": served.pre_rank_position[row, slot],
        "organic_rank": served.organic_rank[row, slot],
        "organic_value": served.organic[row, slot],
        "final_value": slate.final[row, slot],
        "slate_similarity": served.similarity[row, slot],
        "category_repeats": served.category_repeats[row, slot],
        "view_s": feedback.view_s[row, slot],
        "dwell_s": actions[:, Kind.DWELL],
    }
    p = served.p[row, slot]
    for name, head in _PREDICTIONS:
        columns[name] = p[:, head]
    for name, kind in _FLAGS:
        columns[name] = actions[:, kind].astype(np.uint8)
    return columns
