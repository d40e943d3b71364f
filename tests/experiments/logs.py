"""Hand-made event logs of tests: who saw which note, with arms from a design."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from simulator.contracts.events import DAY_S

N_READERS, N_CREATORS, NOTES_EACH, DAYS = 240, 60, 4, 3


class Logged:
    """What the code reads of a finished run that still has its log."""

    def __init__(self, events, notes, readers):
        self._events, self.notes, self.readers = events, notes, readers
        self.manifest = SimpleNamespace(
            params=SimpleNamespace(
                warm_up_days=1, measured_days=DAYS, quota_window_s=DAY_S, end_t=(1 + DAYS) * DAY_S
            )
        )

    def events(self, columns=None, where=None):
        assert where == "day >= 0"
        events = self._events[self._events["day"] >= 0]
        return events[list(columns)].reset_index(drop=True)


def log_of(design, *, lift=0.0, seed=1, rate=0.03):
    """Make a log: a reader sees a new note by chance, treated pairs more often by `lift`."""
    rng = np.random.default_rng(seed)
    readers = np.arange(N_READERS, dtype=np.int32)
    note = np.arange(N_CREATORS * NOTES_EACH, dtype=np.int32)
    creator = (note % N_CREATORS).astype(np.int32)
    day = note // N_CREATORS - 1
    published = (day + 1 + 0.25) * DAY_S
    reader_arm = np.asarray(design.reader_arms(readers))
    note_arm = np.asarray(design.note_arms(note, creator, creator.astype(np.int16), day >= 0))
    treated = design.treated(0)[reader_arm[:, None], note_arm]
    seen = rng.uniform(size=treated.shape) < rate * (1.0 + lift * (treated & (day >= 0)))
    who, what = np.nonzero(seen)
    age = rng.uniform(0, 0.7 * DAY_S, who.size)
    events = pd.DataFrame(
        {
            "day": day[what], "reader_id": readers[who], "reader_arm": reader_arm[who],
            "note_arm": note_arm[what], "note_id": note[what], "creator_id": creator[what],
            "granted_by": (2 * treated[who, what] * (day[what] >= 0)).astype(np.uint8),
            "note_age_s": age, "t": published[what] + age, "session_no": 0,
            "position": 0, "click": (rng.uniform(size=who.size) < 0.3).astype(np.uint8),
        }
    ).sort_values(["t"], ignore_index=True)  # fmt: skip
    counts = np.bincount(what, minlength=note.size)
    clicks = np.bincount(events["note_id"], events["click"], note.size)
    notes = pd.DataFrame(
        {
            "note_id": note, "creator_id": creator, "published_t": published, "note_arm": note_arm,
            "impressions_24h": counts, "clicks_24h": clicks, "published_day": day,
            "reached_target_t": np.where(counts >= 6, published + 0.5 * DAY_S, np.nan),
        }
    )  # fmt: skip
    table = pd.DataFrame({"reader_id": readers, "reader_arm": reader_arm, "day": 0})
    return Logged(events, notes, table)
