"""Names of the world's random decisions, in one place so that no two share a stream."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """Name of a keyed draw: whose it is, and what it decides."""

    GEOMETRY = "world.geometry"
    PROBE = "world.probe"

    FAVOURITES = "reader.favourites"
    N_FAVOURITES = "reader.n_favourites"
    FAVOURITE_STRENGTH = "reader.favourite_strength"
    LIKED_KEYWORD = "reader.liked_keyword"
    CONTENT_TASTE = "reader.content_taste"
    HIDDEN_TASTE = "reader.hidden_taste"
    TRAITS = "reader.traits"
    TENURE = "reader.tenure"
    DECLARED = "reader.declared"
    DECLARED_ERROR = "reader.declared_error"
    ACTIVE = "reader.active"
    CHURN = "reader.churn"
    ARRIVALS = "reader.arrivals"

    N_SESSIONS = "session.count"
    SESSION_START = "session.start"
    SESSION_THINNING = "session.thinning"
    REQUEST = "session.request"
    PAIR = "session.pair"

    HISTORY = "reader.history"

    CREATOR = "creator.initial"
    CREATOR_SINCE = "creator.since"
    CREATOR_TRAITS = "creator.traits"
    N_TOPICS = "creator.n_topics"
    SENSITIVE = "creator.sensitive"
    STOP = "creator.stop"
    JOIN = "creator.join"

    PUBLISH = "publish.day"
    N_NOTES = "publish.count"
    PUBLISH_TIME = "publish.time"
    SURGE = "publish.surge"

    NOTE = "note.key"
    NOTE_TOPIC = "note.topic"
    NOTE_KEYWORDS = "note.keywords"
    NOTE_N_KEYWORDS = "note.n_keywords"
    NOTE_CONTENT = "note.content"
    NOTE_HIDDEN = "note.hidden"
    NOTE_QUALITY = "note.quality"
    NOTE_VIDEO = "note.video"
    NOTE_PROMOTED = "note.promoted"
    NOTE_CARD = "note.card"
