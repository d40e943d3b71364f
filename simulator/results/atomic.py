"""Write a file whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from simulator.contracts.errors import RunError

TMP_SUFFIX = ".tmp"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failed write of `path` into one clear sentence.

    Raises:
        RunError: the disk is full, or the system refused the write.
    """
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> RunError:
    """Return the error to raise when `path` cannot be written."""
    if error.errno in _FULL:
        return RunError(f"The disk is full: cannot write {path}. Free some space first.", "write")
    return RunError(f"Cannot write {path}: {error.strerror or error}.", "write")


def atomic_write(path: Path, fill: Callable[[Path], object]) -> None:
    """Write through a temporary file in the same folder, sync it, then rename it.

    Args:
        path: final place of the file.
        fill: writes the content to the path it is given.

    Raises:
        RunError: the file could not be written; no temporary file is left.
    """
    temporary = path.with_name(path.name + TMP_SUFFIX)
    with writing(path):
        try:
            fill(temporary)
            _sync(temporary)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically; see `atomic_write`."""
    atomic_write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write a JSON object atomically; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
