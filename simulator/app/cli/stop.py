"""Ctrl-C: the first asks the run to stop at a safe point, the second stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

from simulator.app.cli.console import note

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Raised by the first SIGINT or SIGTERM; as a context manager it handles both.

    Outside of the main thread signals are left alone: Python delivers them to that thread only.

    Attributes:
        raised: whether the user has asked to stop.
    """

    def __init__(self) -> None:
        self.raised = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def __call__(self) -> bool:
        """Return whether to stop, as `Hooks.should_stop` is asked."""
        return self.raised

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.raised:
            raise KeyboardInterrupt
        self.raised = True
        note("\nstopping: saving after this serving window; once more stops at once")
