"""Thread settings of the numeric libraries, made before any of them is imported."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final

SETTINGS: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""One run keeps to one thread: its batches are too small for more to pay, and results may not
depend on the machine. Parallel work means several runs."""


def limit_threads(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set every variable of `SETTINGS` that the user has not set."""
    for name, value in SETTINGS.items():
        environment.setdefault(name, value)
