"""Who may import whom, and what a bare import may cost."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "open_clip", "streamlit", "faiss", "statsmodels", "dashboard")


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def loaded_by_simulator() -> set[str]:
    result = run_python("import simulator, sys; print(*sys.modules)")
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_imports_go_one_way():
    result = run_python("from importlinter.cli import lint_imports_command as lint; lint()")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("package", HEAVY)
def test_import_simulator_stays_light(package, loaded_by_simulator):
    assert package not in loaded_by_simulator, (
        f"`import simulator` loads {package}; import it inside the function that needs it"
    )
