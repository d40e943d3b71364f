"""When a run starts, ends, serves and saves."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.contracts.events import DAY_S
from simulator.engine.request import CHUNK


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a run starts, ends, serves and saves.

    Attributes:
        warm_up_s: time before the first measured day, seconds, whole days.
        horizon_s: measured time, seconds, whole days.
        serving_window_s: length of a serving window, seconds; 0 serves requests one by one.
        checkpoint_every_s: time between checkpoints, seconds; 0 for none.
        chunk: requests handled together; a matter of speed only.
        least_period_s: channels and features are refreshed no more often than this, seconds. Where
            it is the serving window, nobody reads what is left out.
    """

    warm_up_s: int
    horizon_s: int
    serving_window_s: int
    checkpoint_every_s: int = DAY_S
    chunk: int = CHUNK
    least_period_s: int = 0

    @property
    def end_s(self) -> int:
        """End of the run, seconds."""
        return self.warm_up_s + self.horizon_s

    @property
    def warm_up_days(self) -> int:
        """Days before the first measured day."""
        return self.warm_up_s // DAY_S
