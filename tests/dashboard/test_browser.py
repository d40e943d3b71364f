"""A walk through the dashboard in a real browser, checked against the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import expect

from dashboard.workspace import Workspace
from tests.support.browser import PATIENCE_S, browsing, chromium, served, settle

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs a Chromium on this machine")

_WALK = """\
# A small world for a walk; this comment must survive.
name: walk
question: Does a stronger boost show?
horizon: 1d
warm_up: 0d
world: {readers: {n: 150}}
policies:
  - {type: boost, coefficient: 2}  # the knob of this walk
"""
_KNOB = "[class*='st-key-slide-policies-0--coefficient']"
_SLIDER = f"{_KNOB} input[type=range], {_KNOB} [role=slider]"  # by version of Streamlit
_LIMIT_MS = PATIENCE_S * 1e3


def test_from_the_gallery_to_a_tuned_file_with_the_same_numbers(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "workspace")
    place.scenarios.mkdir(parents=True)
    (place.scenarios / "walk.yaml").write_text(_WALK, encoding="utf-8")
    tuned = tmp_path / "tuned.yaml"
    with served(place.root) as address, browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        settle(page)
        page.locator(".st-key-tune-walk-True button").click()
        expect(page.get_by_role("heading", name="Tune a policy")).to_be_visible(timeout=_LIMIT_MS)
        expect(page.get_by_text("Nothing differs from the baseline yet")).to_be_visible(
            timeout=_LIMIT_MS
        )
        slider = page.locator(_SLIDER).first
        slider.focus(timeout=_LIMIT_MS)
        for _ in range(4):
            slider.press("ArrowRight")
        deltas = page.locator("[data-testid=stMetricDelta]")
        expect(deltas.first).to_be_visible(timeout=_LIMIT_MS)
        expect(page.get_by_text("# the knob of this walk").first).to_be_visible(timeout=_LIMIT_MS)
        with page.expect_download(timeout=_LIMIT_MS) as download:
            page.locator(".st-key-tune-download button").click()
        download.value.save_as(tuned)
        page.locator(".st-key-tune-run button").click()
        run = _first_run(place)
    text = tuned.read_text(encoding="utf-8")
    assert text.startswith("# A small world for a walk; this comment must survive.")
    assert "coefficient: 2}" not in text
    by_hand = json.loads(
        _command_line("run", str(tuned), "--out", str(tmp_path / "runs"), "--json")
    )
    assert by_hand["digest"] == place.open_run(run).digest


def test_a_reload_shows_the_same_view_in_chinese(tmp_path: Path) -> None:
    with served(tmp_path) as address, browsing() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{address}/?lang=zh")
        settle(page)
        assert "冷启动" in page.locator("h1").first.inner_text()
        page.reload()
        settle(page)
        assert "冷启动" in page.locator("h1").first.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _first_run(place: Workspace) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        cards = place.run_cards()
        if cards:
            return cards[0].id
        time.sleep(0.2)
    raise AssertionError("no run was finished")


def _command_line(*words: str) -> str:
    code = "from simulator.app.cli import main; main()"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
