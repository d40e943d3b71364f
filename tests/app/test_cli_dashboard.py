"""`notesim dashboard` serves pages on this machine only, in a workspace that it makes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from simulator.app.cli.application import app
from tests.support.browser import answer, free_port


def test_it_answers_on_localhost_and_says_where(tmp_path: Path) -> None:
    port = free_port()
    place = tmp_path / "new" / "workspace"
    command = [sys.executable, "-c", "from simulator.app.cli import main; main()", "dashboard"]
    command += ["--workspace", str(place), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as server:
        try:
            assert server.stdout is not None
            assert f"http://localhost:{port}" in server.stdout.readline().decode()
            assert answer(f"http://localhost:{port}/_stcore/health") == "ok"
            assert place.is_dir()
            assert not _listens_to_others(port)
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = CliRunner().invoke(app, ["dashboard", "--workspace", str(tmp_path / "file")])
    assert found.exit_code == 2
    assert "--workspace" in found.output


def _listens_to_others(port: int) -> bool:
    hexadecimal = f":{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = [row[1] for row in rows if row[1].endswith(hexadecimal) and row[3] == "0A"]
    return any(not address.startswith("0100007F") for address in own)
