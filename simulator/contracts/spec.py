"""Facts about the platform that every plug-in is told once, before the run starts."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.contracts.events import DAY_S


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """Sizes and rules that do not change during a run.

    Attributes:
        seed: replication seed, for keyed random numbers.
        n_categories: number of note categories.
        n_keywords: number of keywords, over all categories.
        keywords_per_note: width of the keyword columns (unused places hold -1).
        embedding_dim: width of content embeddings.
        n_recent: how many interacted notes the platform keeps for a reader.
        n_slots: slots in a slate.
        new_age_s: age below which a note counts as new (cold-start window), seconds.
        max_age_s: age from which a note is no longer distributed, seconds.
        threshold_scale: factor on exposure thresholds of the sources (100 and 1,000
            impressions, 1,000 clicks) for the size of this world.
        separate_queues: whether new and old notes have slots of their own.
        new_share: share of slots for new notes when queues are separate.
        explore_share: share of slots that explore: picks that skip pre-rank and rank.
        explore_channel: label of the recall channel that the picks come from.
    """

    seed: int
    n_categories: int
    n_keywords: int
    keywords_per_note: int
    embedding_dim: int
    n_recent: int = 30
    n_slots: int = 10
    new_age_s: int = DAY_S
    max_age_s: int = 30 * DAY_S
    threshold_scale: float = 1.0
    separate_queues: bool = False
    new_share: float = 0.1
    explore_share: float = 0.0
    explore_channel: str = ""
