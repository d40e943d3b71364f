"""A dashboard in a process of its own, and a headless Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PATIENCE_S = 600.0
"""Only keeps a broken test from hanging; nothing is timed here."""

_MAIN = "from simulator.app.cli import main; main()"


def chromium() -> str | None:
    """Return the path of a Chromium of this machine, None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def answer(address: str) -> str:
    """Return what a server answers, once it does."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return str(page.read().decode())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    """Serve the dashboard by its command and return its address."""
    port = free_port()
    command = [sys.executable, "-c", _MAIN, "dashboard"]
    command += ["--workspace", str(workspace), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as server:
        try:
            answer(f"http://localhost:{port}/_stcore/health")
            yield f"http://localhost:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Wait until Streamlit has drawn a page."""
    page.wait_for_selector("h1", timeout=PATIENCE_S * 1e3)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=PATIENCE_S * 1e3
    )
