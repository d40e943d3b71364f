"""Finding run folders by path or by the beginning of their name."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.app.cli.console import UsageError

if TYPE_CHECKING:
    from simulator.results.result import Result

RUNS: Final = Path("runs")
_MANIFEST = "manifest.json"


def find_run(text: str, root: Path = RUNS) -> Path:
    """Return the run folder that a user means.

    Args:
        text: a run folder, or the beginning of the name of one under `root`.
        root: where runs are.

    Raises:
        UsageError: no run or several runs fit.
    """
    if (Path(text) / _MANIFEST).is_file():
        return Path(text)
    if Path(text).is_dir():
        raise UsageError(f"{text} is not a run folder: there is no {_MANIFEST} in it")
    names = run_names(root)
    fitting = [name for name in names if name == text] or [n for n in names if n.startswith(text)]
    if len(fitting) == 1:
        return root / fitting[0]
    if fitting:
        raise UsageError(f"several runs begin with {text!r}: {', '.join(fitting)}")
    by_stem = {name.rpartition("-")[0]: name for name in names} | {name: name for name in names}
    near = difflib.get_close_matches(text, by_stem, n=1)
    hint = f" Did you mean {by_stem[near[0]]!r}?" if near else ""
    there = f" There are: {', '.join(names)}." if names and not near else ""
    raise UsageError(f"there is no run {text!r} here or under {root}/.{hint}{there}")


def run_names(root: Path = RUNS) -> list[str]:
    """Return the names of the run folders under a folder."""
    if not root.is_dir():
        return []
    found = (path.parent.name for path in root.glob(f"*/{_MANIFEST}"))
    return sorted(name for name in found if not name.endswith(".replaced"))


def open_run(text: str) -> Result:
    """Open the finished run that a user means.

    Raises:
        UsageError: no run or several runs fit.
        RunError: the run is not finished or damaged.
    """
    from simulator.results.result import Result

    return Result.open(find_run(text))


def kept_events(result: Result) -> Result:
    """Return a run whose event log was kept.

    Raises:
        UsageError: it was dropped after measuring.
    """
    if not (result.folder / "events").is_dir():
        raise UsageError(f"{result.folder}: the event log was dropped; run without --no-events")
    return result
