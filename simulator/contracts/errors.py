"""Error types that every room raises, and how a finding about user input reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class NotesimError(Exception):
    """Root of every error that this software raises on purpose.

    An error can be made anew from its `args`: processes of the simulated clock and of other
    machines hand errors on that way.

    Attributes:
        exit_code: process exit code that the command line uses for this error.
    """

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a scenario file, with everything needed to mend it.

    Attributes:
        message: what is wrong, one sentence.
        file: path of the file as the user named it, or "" when there is none.
        line: 1-based line in `file`, or None when unknown.
        path: dotted path of the value, for example `policies[0].coefficient`.
        value: the offending value as text, or None.
        allowed: what is accepted, as text, or None.
        suggestion: the nearest right name, or None.
    """

    message: str
    file: str = ""
    line: int | None = None
    path: str = ""
    value: str | None = None
    allowed: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        head = "  ".join(part for part in (place, self.path) if part)
        text = f"{head}: {self.message}" if head else self.message
        if self.value is not None:
            text += f" (got {self.value})"
        if self.suggestion is not None or self.allowed is not None:
            text += "."
        if self.suggestion is not None:
            text += f" Did you mean {self.suggestion!r}?"
        if self.allowed is not None:
            text += f" Allowed: {self.allowed}."
        return text


class ScenarioError(NotesimError):
    """A scenario (file, override or combination of values) cannot be used.

    Args:
        findings: every mistake found, in file order.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, findings: list[Finding] | tuple[Finding, ...]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class PluginError(NotesimError):
    """A plug-in is missing, defined twice, or breaks its contract."""

    exit_code: ClassVar[int] = 2


class InvariantError(NotesimError):
    """The simulation reached a state that its own rules forbid: a bug, not bad input."""


class RunError(NotesimError):
    """A run stopped before its end.

    Args:
        message: what happened and what the user can do.
        stage: the stage of the run that failed, for example `serve` or `write`.
    """

    def __init__(self, message: str, stage: str) -> None:
        self.stage = stage
        super().__init__(message, stage)

    def __str__(self) -> str:
        return f"{self.args[0]} (stage: {self.stage})"
