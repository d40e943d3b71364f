"""What commands share that read a run's event log and offer tables as files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.app import present
from simulator.app.cli.console import UsageError
from simulator.app.cli.find import open_run

if TYPE_CHECKING:
    import pandas as pd

    from simulator.results.folder import RunFolder

SUFFIXES: Final = (".parquet", ".csv")


def open_logged_run(text: str) -> RunFolder:
    """Open the finished run that a user means, if it has an event log.

    Raises:
        UsageError: no run or several runs fit, or the run kept no events.
        RunError: the run is not finished or damaged.
    """
    from simulator.results.folder import RunFolder

    result = open_run(text)
    folder = RunFolder.open(result.folder)
    if result.manifest.impressions == 0:
        raise UsageError(f"{folder.path} has no impressions: nothing was shown to anybody")
    if not folder.files("events"):
        raise UsageError(
            f"{folder.path} kept no events; run the scenario again without --no-events"
        )
    return folder


def must_have_impressions(folder: RunFolder, impressions: int) -> None:
    """Refuse a run whose measured days are empty.

    Raises:
        UsageError: nothing was shown after the warm-up.
    """
    if impressions == 0:
        raise UsageError(f"{folder.path} has no impressions on its measured days")


def check_out(path: Path | None) -> None:
    """Refuse a file that could not be written later on.

    Raises:
        UsageError: the file is of no known kind, or its folder is not there.
    """
    if path is None:
        return
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--out {path}: the name must end in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}")


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet or CSV, by the end of the name, whole or not at all.

    Raises:
        RunError: the file cannot be written.
    """
    from simulator.results.atomic import atomic_write

    if path.suffix.lower() == ".csv":
        atomic_write(path, lambda temporary: frame.to_csv(temporary, index=False))
    else:
        atomic_write(path, lambda temporary: frame.to_parquet(temporary, index=False))


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return a table as one mapping a row."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def percent(share: float) -> str:
    """Write a share in percent without the sign: two decimals below 1, else one."""
    value = 100 * share
    if math.isnan(value):
        return present.NOTHING
    return "0" if value == 0 else f"{value:.2f}" if value < 1 else f"{value:.1f}"
