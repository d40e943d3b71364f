"""Finding and reading scenario files safely."""

from __future__ import annotations

import difflib
import re
import stat
from pathlib import Path
from typing import Final

import simulator
from simulator.app.tree import Node
from simulator.contracts.errors import Finding, ScenarioError

MAX_BYTES: Final = 1 << 20
"""Largest scenario file."""

_BARE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SUFFIXES = (".yaml", ".yml")


def bundled_scenarios(*, sweeps: bool = False) -> dict[str, Path]:
    """Return the scenarios, or the sweeps, that come with the software, by name."""
    return {
        name: path
        for name, path in _bundled().items()
        if is_sweep(path) == sweeps and not _is_kind(path, "worlds:")
    }


def _bundled() -> dict[str, Path]:
    package = Path(simulator.__file__).resolve().parent
    for folder in (package / "scenarios", package.parent / "scenarios"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def bundled_studies() -> dict[str, Path]:
    """Return the design studies that come with the software, by name."""
    return {name: path for name, path in _bundled().items() if _is_kind(path, "worlds:")}


def is_sweep(path: Path) -> bool:
    """Return whether a file describes a sweep: it names a scenario at its top level."""
    return _is_kind(path, "scenario:")


def _is_kind(path: Path, key: str) -> bool:
    """Return whether a key of the file's top level tells its kind."""
    try:
        return any(line.startswith(key) for line in path.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return False


def locate(name: str | Path, folder: Path | None = None) -> Path:
    """Find a scenario by path, or by the bare name of a bundled one.

    Args:
        name: as the user wrote it.
        folder: folder that a relative path starts from; the working directory by default.

    Returns:
        The path to open, which need not exist.
    """
    path = Path(name) if folder is None else folder / name
    if _BARE_NAME.fullmatch(str(name)) and not _is_file(path):
        every = bundled_scenarios() | bundled_scenarios(sweeps=True) | bundled_studies()
        return every.get(str(name), path)
    return path


def read_text(path: Path, named_by: Node | None = None) -> str:
    """Read a scenario file.

    Args:
        path: the file.
        named_by: the `extends` value that led here, for the place of a finding.

    Returns:
        Its text, without a byte order mark.

    Raises:
        ScenarioError: missing, unreadable, no regular file, too big, or no UTF-8 text.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise _refuse(path, f"this is {what}, not a scenario file", named_by)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _refuse(
            path, "there is no such file", named_by, suggestion=_near(path, named_by)
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refuse(path, f"the file cannot be read: {reason}", named_by) from None
    return _decode(path, data, named_by)


def _decode(path: Path, data: bytes, named_by: Node | None) -> str:
    if len(data) > MAX_BYTES:
        raise _refuse(path, f"the file is larger than {MAX_BYTES // 1024} KiB", named_by)
    if b"\0" in data:
        raise _refuse(path, "this is a binary file, not YAML text in UTF-8", named_by)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        finding = Finding("the file is not UTF-8 text", str(path), line)
        raise ScenarioError([finding]) from None


def _refuse(
    path: Path, message: str, named_by: Node | None, suggestion: str | None = None
) -> ScenarioError:
    if named_by is None:
        return ScenarioError([Finding(message, str(path), suggestion=suggestion)])
    place = (named_by.file, named_by.line, "extends", named_by.shown())
    return ScenarioError([Finding(message, *place, suggestion=suggestion)])


def _near(path: Path, named_by: Node | None) -> str | None:
    try:
        siblings = {p.name for p in path.parent.iterdir() if p.suffix in _SUFFIXES}
    except (OSError, ValueError):
        siblings = set()
    written = path if named_by is None else Path(named_by.raw)
    if named_by is not None:
        siblings.discard(Path(named_by.file).name)
    for sibling in difflib.get_close_matches(path.name, sorted(siblings), n=1):
        return str(written.with_name(sibling))
    return next(iter(difflib.get_close_matches(path.stem, list(bundled_scenarios()), n=1)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
