"""The truth: who exists and how they act."""

from simulator.world.config import WorldConfig
from simulator.world.plans import (
    DayEnd,
    NewCreators,
    NewNotes,
    NewReaders,
    PublishPlan,
    SessionPlan,
)
from simulator.world.world import World

__all__ = [
    "DayEnd",
    "NewCreators",
    "NewNotes",
    "NewReaders",
    "PublishPlan",
    "SessionPlan",
    "World",
    "WorldConfig",
]
