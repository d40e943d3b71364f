"""The folder that holds one run: made, locked, filled, closed, opened."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from pydantic import ValidationError

from simulator.contracts.errors import RunError
from simulator.results.atomic import TMP_SUFFIX, write_json, write_text, writing
from simulator.results.lock import LOCK_NAME, FolderLock
from simulator.results.manifest import FORMAT, VERSION, Manifest, utc_now
from simulator.results.tables import OF_TESTS, TABLES
from simulator.results.writer import TableWriter

MANIFEST: Final = "manifest.json"
SCENARIO: Final = "scenario.resolved.yaml"
CHECKPOINTS: Final = "checkpoints"
_SCRATCH: Final = "scratch"
_OWN: Final = (
    *(spec.place for spec in (*TABLES.values(), *OF_TESTS.values())),
    CHECKPOINTS,
    _SCRATCH,
    SCENARIO,
    MANIFEST,
)


class RunFolder:
    """A run on disk.

    Use `create` or `resume` to write (both lock the folder until `release`, and the object is a
    context manager), `open` to read a finished run.

    Args:
        path: the folder, usually `runs/<name>-<hash8>`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock: FolderLock | None = None

    @classmethod
    def create(
        cls, path: Path | str, manifest: Manifest, scenario: str, *, replace: bool = False
    ) -> Self:
        """Make and lock the folder of a new run.

        Unfinished work of an earlier run in the same place is dropped. A finished run is set
        aside as `<path>.replaced` until the new one is finished.

        Args:
            path: the folder; missing, empty, or an earlier run.
            manifest: what is known before the start.
            scenario: resolved scenario, YAML text.
            replace: whether a finished run may be replaced.

        Raises:
            RunError: the folder holds something else, is in use, or holds a finished run and
                `replace` is False; or the disk refuses.
        """
        self = cls(path)
        self._make_room(replace=replace)
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.path)
        try:
            self._clear()
            self._write_manifest(manifest)
            self.write_text(SCENARIO, scenario)
        except BaseException:
            self.release()
            raise
        return self

    @classmethod
    def resume(cls, path: Path | str) -> Self:
        """Lock the folder of a run that stopped early, to go on with it.

        Raises:
            RunError: not a run folder, in use, or already finished.
        """
        self = cls(path)
        if self.manifest.status == "done":
            raise RunError(f"{self.path} is finished; there is nothing to resume.", "open")
        self._lock = FolderLock(self.path)
        self.update(status="running", stage="", message="")
        return self

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a finished run for reading.

        Raises:
            RunError: not a run folder, not finished, or of a format this version cannot read.
        """
        self = cls(path)
        manifest = self.manifest
        if manifest.status != "done":
            raise RunError(self._unfinished(manifest), "open")
        return self

    @property
    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            RunError: missing, damaged, or of another format version.
        """
        return _read_manifest(self.path)

    @property
    def scenario(self) -> str:
        """Read the resolved scenario, YAML text."""
        return self.read_text(SCENARIO)

    @property
    def scratch(self) -> Path:
        """Return the folder for temporary data of queries; it may not exist."""
        return self.path / _SCRATCH

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the engine's checkpoints; it may not exist."""
        return self.path / CHECKPOINTS

    def update(self, **changes: object) -> Manifest:
        """Change fields of the manifest on disk and return it."""
        fields = self.manifest.model_dump() | changes
        return self._write_manifest(Manifest.model_validate(fields))

    def finish(self, **figures: object) -> Manifest:
        """Mark the run as done, with its final figures, and drop what it replaced."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        changes = {"status": "done", "stage": "", "message": "", "finished": utc_now()}
        manifest = self.update(**changes, **figures)
        shutil.rmtree(self._replaced, ignore_errors=True)
        return manifest

    def writers(self, rows_per_part: int = 500_000) -> dict[str, TableWriter]:
        """Return a writer for each table that grows while the run goes on, by name."""
        return {
            name: TableWriter(self.path / spec.place, spec.columns, rows_per_part)
            for name, spec in TABLES.items()
            if spec.in_parts
        }

    def files(self, table: str) -> list[Path]:
        """Return the Parquet files of a table in row order."""
        return TABLES[table].files(self.path)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run atomically."""
        write_text(self.path / name, text)

    def write_json(self, name: str, value: Mapping[str, object]) -> None:
        """Write a JSON file of the run atomically."""
        write_json(self.path / name, value)

    def read_text(self, name: str) -> str:
        """Read a text file of the run.

        Raises:
            RunError: the file is missing or is not text.
        """
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(
                f"{self.path / name} cannot be read: {_reason(error)}.", "open"
            ) from error

    def release(self) -> None:
        """Give the folder free for other processes."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def _replaced(self) -> Path:
        return self.path.with_name(self.path.name + ".replaced")

    def _make_room(self, *, replace: bool) -> None:
        if not self._holds_something():
            return
        if not (self.path / MANIFEST).is_file():
            message = f"{self.path} is not empty and holds no run; choose another place."
            raise RunError(message, "open")
        if self.manifest.status != "done":
            return
        if not replace:
            raise RunError(f"{self.path} already holds the finished run.", "open")
        lock = FolderLock(self.path)
        try:
            with writing(self.path):
                if self._replaced.exists():
                    shutil.rmtree(self._replaced)
                self.path.rename(self._replaced)
        finally:
            lock.release()
        (self._replaced / LOCK_NAME).unlink(missing_ok=True)

    def _holds_something(self) -> bool:
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is a file, not a folder.", "open")
        if not self.path.exists():
            return False
        names = (entry.name for entry in self.path.iterdir())
        return any(name != LOCK_NAME and not name.endswith(TMP_SUFFIX) for name in names)

    def _clear(self) -> None:
        with writing(self.path):
            for name in _OWN:
                place = self.path / name
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)

    def _write_manifest(self, manifest: Manifest) -> Manifest:
        self.write_json(MANIFEST, manifest.model_dump(mode="json"))
        return manifest

    def _unfinished(self, manifest: Manifest) -> str:
        command = manifest.resume_command or f"notesim run {self.path / SCENARIO} --resume"
        cause = f": {manifest.message}" if manifest.message else ""
        return f"{self.path} is not finished ({manifest.status}{cause}). Go on with: {command}"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        what = "is not a run folder" if folder.is_dir() else "does not exist"
        raise RunError(f"{folder} {what}: there is no {MANIFEST}.", "open")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {_reason(error)}.", "open") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise RunError(f"{folder} is not a run folder: {MANIFEST} is of another kind.", "open")
    if fields.get("version") != VERSION:
        message = (
            f"{folder} has format version {fields.get('version')!r}; this version of notesim "
            f"reads {VERSION}. Run the scenario again."
        )
        raise RunError(message, "open")
    try:
        return Manifest.model_validate(fields)
    except ValidationError as error:
        finding = error.errors()[0]
        place = ".".join(map(str, finding["loc"]))
        raise RunError(f"{path} is damaged: {place}: {finding['msg']}.", "open") from error
