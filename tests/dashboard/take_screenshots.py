"""Pictures of every page for the documents: `python -m tests.dashboard.take_screenshots WORKSPACE`.

The workspace should hold some runs of one world and an experiment; pictures go to
`dashboard/screenshots`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from dashboard.shell import PAGES
from dashboard.workspace import Workspace
from tests.support.browser import PATIENCE_S, browsing, served, settle

_OUT = Path(__file__).resolve().parents[2] / "dashboard" / "screenshots"
_SIZES = {"": (1280, 800), "-narrow": (390, 844)}
_PATIENCE_MS = 5_000


def main(root: Path) -> None:
    """Take a picture of each page, wide and narrow, and of the first page in Chinese."""
    _OUT.mkdir(exist_ok=True)
    runs = [card.id for card in Workspace(root).run_cards()]
    queries = {
        "compare": [("runs", run) for run in runs[:4]],
        "tune": [("scenario", "strong_boost"), ("set", "policies[0].coefficient=6")],
    }
    with served(root) as address, browsing() as browser:
        for name in PAGES:
            for suffix, (width, height) in _SIZES.items():
                if suffix and name not in {"start", "tune"}:
                    continue
                page = browser.new_page(viewport={"width": width, "height": height})
                path = "" if name == "start" else name
                page.goto(f"{address}/{path}?{urlencode(queries.get(name, []))}")
                _drawn(page)
                page.screenshot(path=_OUT / f"{name}{suffix}.png")
                page.close()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/?lang=zh")
        _drawn(page)
        page.screenshot(path=_OUT / "start-chinese.png")


def _drawn(page: Page) -> None:
    """Wait until a page and what it loads late stand still."""
    settle(page)
    page.wait_for_timeout(_PATIENCE_MS)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stSkeleton], [data-testid=stProgress]')",
        timeout=PATIENCE_S * 1e3,
    )
    page.wait_for_timeout(_PATIENCE_MS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
