"""One process at a time writes a run folder."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from pathlib import Path

from simulator.contracts.errors import RunError
from simulator.results.atomic import writing

LOCK_NAME = ".lock"
_log = logging.getLogger(__name__)


class FolderLock:
    """Advisory lock on a folder, held from construction to `release`.

    The kernel drops the lock when its process ends, however it ends, so a lock file that a
    killed process left behind is simply taken over.

    Raises:
        RunError: another process holds the lock, or the file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        self._handle: int | None = self._acquire()

    def release(self) -> None:
        """Give the folder free; a second call does nothing."""
        if self._handle is None:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None

    def _acquire(self) -> int:
        while True:
            with writing(self.path):
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                self._flock(handle)
                if self._is_current(handle):
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, f"{os.getpid()} on {socket.gethostname()}".encode(), 0)
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _flock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 200, 0).decode(errors="replace") or "unknown"
            message = f"{self.path.parent} is being written by another process ({holder})."
            raise RunError(message, "open") from error
        except OSError as error:
            _log.warning("no lock on %s: %s", self.path.parent, error.strerror)

    def _is_current(self, handle: int) -> bool:
        """Say whether the locked file still has its name: its last holder may have removed it."""
        try:
            return os.path.samestat(os.fstat(handle), self.path.stat())
        except FileNotFoundError:
            return False
