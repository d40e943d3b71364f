"""Names, types and units of every result table column: where engine and analysis meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result table.

    Attributes:
        name: column name.
        dtype: NumPy dtype name, or `str`.
        description: meaning and unit.
    """

    name: str
    dtype: str
    description: str


EVENTS: Final = (
    Column("t", "float64", "time of the request, seconds of simulated time"),
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("request_id", "int64", "request, unique in the run"),
    Column("reader_id", "int32", "reader"),
    Column("note_id", "int32", "note"),
    Column("creator_id", "int32", "creator"),
    Column("session_no", "int16", "session of the reader within the day, from 0"),
    Column("position", "int8", "slot in the slate, from 0"),
    Column("note_age_s", "float32", "age of the note at the request, seconds"),
    Column("note_impressions", "float32", "life impressions of the note before this window"),
    Column("channels", "uint32", "bit c is set when recall channel c found the note"),
    Column("granted_by", "uint8", "bit p is set when policy p's support acted on the placement"),
    Column(
        "slot_kind", "uint8", "what the slot asked for: 0 any, 1 old, 2 new, 3 insert, 4 explore"
    ),
    Column("reader_arm", "uint8", "experiment arm of the reader"),
    Column("note_arm", "uint8", "experiment arm of the note"),
    Column("pre_rank_position", "int16", "place in the organic pre-rank order, from 0"),
    Column("organic_rank", "int16", "place in the organic rank order, from 0"),
    Column("organic_value", "float32", "fused rank value before traffic support"),
    Column("final_value", "float32", "rank value after traffic support"),
    Column("slate_similarity", "float32", "mean cosine to the notes above in the slate, 0 if none"),
    Column("category_repeats", "uint8", "notes above in the slate that are of the same category"),
    Column("p_click", "float32", "predicted click probability"),
    Column("p_like", "float32", "predicted probability of a like after a click"),
    Column("p_collect", "float32", "predicted probability of a collect after a click"),
    Column("p_comment", "float32", "predicted probability of a comment after a click"),
    Column("p_share", "float32", "predicted probability of a share after a click"),
    Column("p_dwell_s", "float32", "predicted seconds of reading after a click"),
    Column("view_s", "float32", "seconds in view"),
    Column("click", "uint8", "1 when clicked"),
    Column("like", "uint8", "1 when liked"),
    Column("collect", "uint8", "1 when collected (saved)"),
    Column("comment", "uint8", "1 when commented"),
    Column("share", "uint8", "1 when shared"),
    Column("follow", "uint8", "1 when the reader followed the creator"),
    Column("hide", "uint8", "1 when the reader hid the note"),
    Column("dwell_s", "float32", "seconds of reading after a click"),
)
"""Event log: one row an impression (an examined slot)."""

NOTES: Final = (
    Column("note_id", "int32", "note"),
    Column("creator_id", "int32", "creator"),
    Column("published_t", "float64", "time of publication, seconds; negative before the run"),
    Column("published_day", "int16", "day of publication, 0 is the first measured day"),
    Column("category", "int16", "category"),
    Column("is_video", "uint8", "1 for video, 0 for images"),
    Column("is_promoted", "uint8", "1 when promoted by operators"),
    Column("has_card", "uint8", "1 when it carries a shopping card"),
    Column("note_arm", "uint8", "experiment arm of the note"),
    Column("title", "str", "title"),
)
"""Notes as published; outcome columns are joined from the event log."""

ACTIVITY: Final = (
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("reader_id", "int32", "reader"),
    Column("sessions", "int16", "sessions started that day"),
    Column("requests", "int32", "requests sent that day"),
    Column("reader_arm", "uint8", "experiment arm of the reader"),
)
"""One row a reader and day on which the reader came: what the client logs, impressions or not."""

TICKS: Final = (
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("registered_readers", "int32", "readers registered by the end of the day"),
    Column("creators", "int32", "creators so far"),
    Column("live_notes", "int32", "notes still distributed at the end of the day"),
)
"""One row a day: sizes of the platform."""

TRAININGS: Final = (
    Column("t", "float64", "time of the start, seconds of simulated time"),
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("learner", "str", "what was trained: its place in the scenario"),
    Column("job", "str", "rhythm: full, incremental, fit"),
    Column("serves_t", "float64", "time from which the result serves, seconds; null when it never"),
    Column("rows", "int64", "examples learned from"),
    Column("loss", "float64", "mean training loss of the last pass; null when nothing was learned"),
    Column("status", "str", "ok; empty: too little to learn from; diverged: not finite, dropped"),
    Column("detail", "str", "what went wrong, in words; empty when nothing did"),
)
"""One row a training of a learner."""

QUOTAS: Final = (
    Column("t", "float64", "time of the change, seconds of simulated time"),
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("policy", "uint8", "place of the policy in the scenario's list"),
    Column("note_id", "int32", "note"),
    Column("event", "uint8", "0 a stage starts, 1 met, 2 expired, 3 stopped early"),
    Column("stage", "uint8", "stage of the promise, from 0"),
    Column("target", "float32", "life impressions promised by the end of the stage"),
    Column("deadline_t", "float64", "end of the stage, seconds"),
    Column("impressions", "float32", "life impressions of the note at the change"),
)
"""One row a change of a policy's promise to a note."""

NOTE_FUNNEL: Final = (
    Column("note_id", "int32", "note"),
    Column("recalled", "int32", "requests in which some channel found it and it was a candidate"),
    Column("passed_pre_rank", "int32", "requests in which it passed pre-rank"),
    Column("passed_rank", "int32", "requests in which it passed rank"),
    Column("placed", "int32", "requests in which it stood in the slate"),
    Column("examined", "int32", "requests in which the reader saw it there: impressions"),
)
"""One row a note whose cold-start window has passed: how far it came while it was new."""
