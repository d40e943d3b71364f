"""A workspace with two finished runs, and pages opened in it without a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.workspace import ENVIRONMENT
from simulator.app import api
from simulator.app.trial import TINY
from simulator.results.result import Result

Opened = Callable[..., AppTest]


@pytest.fixture(scope="session")
def full_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that holds the same tiny world without and with a boost."""
    root = tmp_path_factory.mktemp("workspace")
    tiny = {**TINY, "horizon": "2d", "world": {"readers": {"n": 120}}}
    boost = [{"type": "boost", "coefficient": 4}]
    api.run(tiny, out=root / "runs")
    api.run({**tiny, "name": "boosted", "policies": boost}, out=root / "runs")
    return root


@pytest.fixture(scope="session")
def other_seed(full_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return a shorter run of another seed; its workspace also holds copies of the two runs."""
    root = tmp_path_factory.mktemp("seeds")
    shutil.copytree(full_workspace / "runs", root / "runs")
    return api.run({**TINY, "name": "other", "seed": 2}, out=root / "runs")


def _app(name: str) -> None:
    from dashboard.shell import draw

    draw(name)


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Return a function that draws a page of a workspace and checks that nothing was raised."""

    def opened(name: str, root: Path, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv(ENVIRONMENT, str(root))
        page = AppTest.from_function(_app, args=(name,), default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception, [box.value for box in page.exception]
        return page

    return opened
