"""Requests that are due: session starts planned for the day, and open sessions that go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch

_COLUMNS = ("t", "reader_idx", "session_no", "request_no")
_DTYPES = (np.float64, np.int32, np.int32, np.int32)
Columns = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def _nothing() -> Columns:
    return tuple(np.empty(0, dtype) for dtype in _DTYPES)  # type: ignore[return-value]


class Arrivals:
    """Pool of future requests in columns.

    A reader has at most one open session: a session that should start while another of the same
    reader is open merges into it, so a reader appears at most once in a batch.
    """

    def __init__(self) -> None:
        self._starts = _nothing()
        self._cursor = 0
        self._open = _nothing()
        self._in_session = np.zeros(0, np.uint8)
        self._next_request_id = 0

    def add_readers(self, n_new: int) -> None:
        """Register readers, none of them in a session."""
        self._in_session = np.concatenate([self._in_session, np.zeros(n_new, np.uint8)])

    def plan_day(
        self, t: NDArray[np.float64], reader_idx: NDArray[np.int32], session_no: NDArray[np.int32]
    ) -> None:
        """Add the session starts of a day, sorted by time; earlier days must be used up."""
        left = tuple(column[self._cursor :] for column in self._starts)
        new = (t, reader_idx, session_no, np.zeros(t.shape[0], np.int32))
        self._starts = tuple(  # type: ignore[assignment]
            np.concatenate([a, b]) for a, b in zip(left, new, strict=True)
        )
        self._cursor = 0

    def next_t(self) -> float:
        """Return the time of the earliest request, infinity when there is none."""
        first = self._starts[0][self._cursor] if self._cursor < self._starts[0].size else np.inf
        return float(min(first, self._open[0].min(initial=np.inf)))

    def take(self, until: float, *, inclusive: bool = False) -> RequestBatch:
        """Remove and return the requests before `until`, in order of (time, reader)."""
        before = np.nextafter(until, np.inf) if inclusive else until
        stop = int(np.searchsorted(self._starts[0], before))
        stop = max(stop, self._cursor)
        starts = tuple(column[self._cursor : stop] for column in self._starts)
        self._cursor = stop
        due = self._open[0] < before
        going_on = tuple(column[due] for column in self._open)
        if due.any():
            self._open = tuple(column[~due] for column in self._open)  # type: ignore[assignment]
        starts = self._admit(starts)  # type: ignore[arg-type]
        t, reader, session, request = (
            np.concatenate([a, b]) for a, b in zip(starts, going_on, strict=True)
        )
        order = np.lexsort((reader, t))
        ids = np.arange(self._next_request_id, self._next_request_id + t.size, dtype=np.int64)
        self._next_request_id += t.size
        return RequestBatch(
            t=t[order],
            reader_idx=reader[order],
            request_id=ids,
            session_no=session[order],
            request_no=request[order],
            reader_arm=np.zeros(t.size, np.uint8),
        )

    def go_on(self, batch: RequestBatch, next_t: NDArray[np.float64]) -> None:
        """Schedule the next request of each session, or close it where `next_t` is NaN."""
        goes = ~np.isnan(next_t)
        self._in_session[batch.reader_idx[~goes]] = 0
        if goes.any():
            new = (
                next_t[goes],
                batch.reader_idx[goes],
                batch.session_no[goes],
                batch.request_no[goes] + np.int32(1),
            )
            self._open = tuple(  # type: ignore[assignment]
                np.concatenate([a, b]) for a, b in zip(self._open, new, strict=True)
            )

    def _admit(self, starts: Columns) -> Columns:
        reader = starts[1]
        if reader.size == 0:
            return starts
        first = np.zeros(reader.size, bool)
        first[np.unique(reader, return_index=True)[1]] = True
        first &= self._in_session[reader] == 0
        self._in_session[reader[first]] = 1
        return tuple(column[first] for column in starts)  # type: ignore[return-value]

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the pool as arrays."""
        out: dict[str, NDArray[Any]] = {
            "in_session": self._in_session,
            "next_request_id": np.array([self._next_request_id]),
        }
        for i, name in enumerate(_COLUMNS):
            out[f"start_{name}"] = self._starts[i][self._cursor :]
            out[f"open_{name}"] = self._open[i]
        return out

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._in_session = arrays["in_session"].astype(np.uint8)
        self._next_request_id = int(arrays["next_request_id"][0])
        self._starts = tuple(arrays[f"start_{n}"] for n in _COLUMNS)  # type: ignore[assignment]
        self._open = tuple(arrays[f"open_{n}"] for n in _COLUMNS)  # type: ignore[assignment]
        self._cursor = 0
