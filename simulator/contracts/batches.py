"""Data that flow along the request path: one batch of requests, one pass.

B requests, K candidates a request, S slots a slate. A padded place holds note -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SESSIONS_PER_DAY: Final = 100
"""Most sessions a reader can have in a day."""


@dataclass(slots=True)
class RequestBatch:
    """Requests of one serving window, in order of time.

    Attributes:
        t: float64[B], seconds.
        reader_idx: int32[B].
        request_id: int64[B], unique in the run.
        session_no: int32[B], number of the session, unique for its reader in the run:
            `SESSIONS_PER_DAY` times the day of its start plus its number within that day.
        request_no: int32[B], 0-based request within the session.
        reader_arm: uint8[B].
    """

    t: NDArray[np.float64]
    reader_idx: NDArray[np.int32]
    request_id: NDArray[np.int64]
    session_no: NDArray[np.int32]
    request_no: NDArray[np.int32]
    reader_arm: NDArray[np.uint8]

    @property
    def n(self) -> int:
        """Number of requests."""
        return int(self.t.shape[0])

    def where(self, chosen: NDArray[np.bool_] | slice) -> RequestBatch:
        """Return some of the requests, in the same order."""
        return RequestBatch(
            t=self.t[chosen],
            reader_idx=self.reader_idx[chosen],
            request_id=self.request_id[chosen],
            session_no=self.session_no[chosen],
            request_no=self.request_no[chosen],
            reader_arm=self.reader_arm[chosen],
        )


@dataclass(slots=True)
class Candidates:
    """Notes that may be shown, packed to the left of each row.

    Attributes:
        note_idx: int32[B, K], -1 beyond `n`.
        channels: uint32[B, K], bit c set when recall channel c found the note.
        n: int32[B], candidates in each row.
    """

    note_idx: NDArray[np.int32]
    channels: NDArray[np.uint32]
    n: NDArray[np.int32]


@dataclass(slots=True)
class Scored:
    """Candidates that passed the rank stage, in no particular order.

    Attributes:
        note_idx: int32[B, K], -1 beyond `n`.
        channels: uint32[B, K].
        n: int32[B].
        organic: float32[B, K], value before traffic support.
        p: float32[B, K, N_HEADS], predictions by `Head`.
        supported: uint8[B, K], bits of the policies that may act on this pair.
        explore: uint8[B, K], place from 1 in the order of picks for exploration slots, 0 for a
            note that is no pick; None when no slot of the batch explores. A pick fills no other
            slot while another note is left, and its value does not count in an exploration slot.
    """

    note_idx: NDArray[np.int32]
    channels: NDArray[np.uint32]
    n: NDArray[np.int32]
    organic: NDArray[np.float32]
    p: NDArray[np.float32]
    supported: NDArray[np.uint8]
    explore: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class Slate:
    """Notes chosen for each request.

    Attributes:
        column: int16[B, S], the chosen column of the `Scored` batch, -1 where empty.
        note_idx: int32[B, S], -1 where empty.
        final: float32[B, S], value after traffic support.
        granted_by: uint8[B, S], bit p set when policy p's support acted on this placement.
    """

    column: NDArray[np.int16]
    note_idx: NDArray[np.int32]
    final: NDArray[np.float32]
    granted_by: NDArray[np.uint8]


@dataclass(slots=True)
class Feedback:
    """What readers did with their slates; logged by the client, so visible to the platform.

    Attributes:
        examined: uint8[B, S]; an impression is an examined slot.
        actions: float32[B, S, N_KINDS], by `Kind`: 0 or 1, and seconds of reading for DWELL;
            all 0 where not examined.
        view_s: float32[B, S], seconds in view, 0 where not examined.
        next_t: float64[B], time of the reader's next request in the session, NaN at its end.
    """

    examined: NDArray[np.uint8]
    actions: NDArray[np.float32]
    view_s: NDArray[np.float32]
    next_t: NDArray[np.float64]


@dataclass(slots=True)
class Interactions:
    """Clicked impressions since the last near-line update, in order of time.

    Attributes:
        t: float64[E], seconds.
        reader_idx: int32[E].
        note_idx: int32[E].
        actions: float32[E, N_KINDS], by `Kind`.
    """

    t: NDArray[np.float64]
    reader_idx: NDArray[np.int32]
    note_idx: NDArray[np.int32]
    actions: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of interactions."""
        return int(self.t.shape[0])


@dataclass(slots=True)
class Trail:
    """What the funnel considered for each request of a chunk: examples for learners.

    Attributes:
        candidates: all K merged candidates.
        pre_rank: float32[B, K], pre-rank scores before support.
        ranked: the K1 candidates that passed pre-rank.
        ranked_at: int16[B, K1], their columns in `candidates`.
        p: float32[B, K1, N_HEADS], predictions of the ranker.
        value: float32[B, K1], fused values before support.
        kept_at: int16[B, K2], columns in `ranked` of those that passed rank.
        n_kept: int32[B].
    """

    candidates: Candidates
    pre_rank: NDArray[np.float32]
    ranked: Candidates
    ranked_at: NDArray[np.int16]
    p: NDArray[np.float32]
    value: NDArray[np.float32]
    kept_at: NDArray[np.int16]
    n_kept: NDArray[np.int32]
