"""Names and places of the features from which the built-in rankers predict."""

from __future__ import annotations

from typing import Final

NOTE_FEATURES: Final = (
    "bias",
    "ctr_1h",
    "ctr_24h",
    "ctr_7d",
    "ctr_30d",
    "impressions",
    "impressions_24h",
    "age",
    "is_new",
    "is_video",
    "creator_ctr",
    "like_rate",
    "collect_rate",
    "comment_rate",
    "share_rate",
    "dwell",
)
"""Features of a note, refreshed near-line.

A `ctr_*` is the log-odds of the smoothed click rate in the window less the platform's own log-odds,
`creator_ctr` the same over all notes of the creator. A `*_rate` is that for actions per click over
the life of the note, `dwell` the logarithm of mean seconds a click less the platform's.
`impressions*` are log(1 + count), `age` is log(1 + hours), `is_*` are 0 or 1.
"""

READER_FEATURES: Final = ("reader_ctr", "experience", "session_depth")
"""Features of a request: log-odds of the reader's smoothed click rate less the platform's,
log(1 + clicks so far), log(1 + requests earlier in the session)."""

PAIR_FEATURES: Final = ("affinity", "affinity_new", "affinity_experience", "category")
"""Features of a reader and a note: cosine of the reader's vector and the note's embedding, the
same for new notes only, the same times `experience`, and the logarithm of the reader's interest in
the category relative to an even spread."""

FEATURES: Final = NOTE_FEATURES + READER_FEATURES + PAIR_FEATURES

N_NOTE_FEATURES: Final = len(NOTE_FEATURES)
N_READER_FEATURES: Final = len(READER_FEATURES)
N_PAIR_FEATURES: Final = len(PAIR_FEATURES)
N_FEATURES: Final = len(FEATURES)

IS_NEW: Final = NOTE_FEATURES.index("is_new")
READER_START: Final = N_NOTE_FEATURES
PAIR_START: Final = N_NOTE_FEATURES + N_READER_FEATURES
