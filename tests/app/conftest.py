"""Fixtures for the command line and everything behind it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def plain_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let output be as wide as in a pipe, whatever the width of the tests' terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)
