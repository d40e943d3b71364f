"""`notesim dashboard`: the pages in a browser."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from simulator.app.cli import console

EXAMPLE = "notesim dashboard --workspace studies"

_SETTINGS: Final = {
    "STREAMLIT_SERVER_HEADLESS": "true",
    "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_CLIENT_TOOLBAR_MODE": "minimal",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none",
    "STREAMLIT_THEME_BASE": "light",
    "STREAMLIT_THEME_PRIMARY_COLOR": "#0072b2",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}


def dashboard(
    workspace: Annotated[
        Path, typer.Option(help="Folder with runs/ and experiments/; made if missing.")
    ] = Path(),
    host: Annotated[
        str, typer.Option(help="Address to listen on; other machines reach 0.0.0.0.")
    ] = "localhost",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8501,
) -> None:
    """Open the dashboard: tune policies, compare runs, follow notes, plan tests.

    It reads and writes only under the workspace. Stop it with Ctrl-C; jobs go on.
    """
    script = _script()
    try:
        workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise console.UsageError(f"--workspace {workspace}: {error.strerror}") from None
    console.say(f"notesim dashboard: http://{host}:{port} (workspace {workspace.resolve()})")
    code = subprocess.call(  # noqa: S603  (our own module, no shell)
        [sys.executable, "-m", "streamlit", "run", str(script)],
        env={
            **os.environ,
            **_SETTINGS,
            "STREAMLIT_SERVER_ADDRESS": host,
            "STREAMLIT_SERVER_PORT": str(port),
            "NOTESIM_WORKSPACE": str(workspace.resolve()),
        },
    )
    raise typer.Exit(code)


def _script() -> Path:
    spec = importlib.util.find_spec("dashboard")
    if spec is None or spec.origin is None:
        raise console.UsageError("the dashboard is not installed")
    return Path(spec.origin).with_name("main.py")
