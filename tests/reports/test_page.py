"""Pages: everything inside, nothing from outside, and charts that a browser draws."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest

from simulator.contracts.errors import RunError
from simulator.reports import page as pages
from simulator.reports.charts import Axes, lines
from simulator.reports.page import Chart, Page, Section, Table, chart_scripts, render

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [3.0, 1.0, 2.0], "who": ["</script>"] * 3})
SPEC = lines(FRAME, Axes("x", "y", "x", "y"), "who")
NASTY = "<script>alert('1 & 2')</script>"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def make_page(*, charts=2, text="Text."):
    return Page(
        title=f"Title {text}",
        question=text,
        verdict=[text, "More."],
        sections=[
            Section("First", [text], [Chart(f"Chart {text}", SPEC, text) for _ in range(charts)]),
            Section("Second", tables=[Table(text, ["", "1×"], [["row", "0.5\n(0 to 1)"]], text)]),
        ],
        facts={"runs": text},
        command="notesim traces 'a b.yaml'",
        scenario="name: x\n",
    )


class Reader(HTMLParser):
    """Collects what a page would load and what it says."""

    def __init__(self):
        super().__init__()
        self.loads, self.ids, self.text, self.scripts = [], [], [], 0
        self._inside = ""

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loads += [found[name] for name in ("src", "href", "action", "data") if name in found]
        self.ids += [found["id"]] if "id" in found else []
        self.scripts += tag == "script"
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside not in {"script", "style"}:
            self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def test_nothing_is_loaded_from_anywhere():
    html = render(make_page())
    assert read(html).loads == []
    head = html.partition("</style>")[0]
    assert "default-src 'none'" in head
    assert "url(" not in head
    assert "@import" not in head


def test_text_is_text_whatever_it_holds():
    reader = read(render(make_page(text=NASTY)))
    assert reader.scripts == 2
    assert " ".join(reader.text).count(NASTY) >= 8


def test_data_of_charts_end_no_script():
    html = render(make_page())
    assert read(html).scripts == 2
    assert "\\u003c/script>" in html


def test_each_chart_has_a_place_of_its_own():
    assert read(render(make_page(charts=3))).ids == ["chart-0", "chart-1", "chart-2"]


def test_a_page_without_charts_carries_no_scripts():
    html = render(make_page(charts=0))
    assert read(html).scripts == 0
    assert len(html) < 10_000


def test_it_says_how_it_was_made():
    text = " ".join(read(render(make_page())).text)
    for part in ("notesim traces 'a b.yaml'", "name: x", "0.5\n(0 to 1)", "More."):
        assert part in text


def test_the_same_page_is_the_same_text():
    assert render(make_page()) == render(make_page())


def test_scripts_are_of_the_version_that_charts_ask_for():
    major, minor = re.search(r"vega-lite/v(\d+)\.(\d+)", SPEC["$schema"]).groups()
    assert f'"{major}.{minor}.' in chart_scripts()


def test_missing_scripts_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setattr(pages, "chart_scripts", chart_scripts.__wrapped__)
    with pytest.raises(RunError, match="vl-convert-python"):
        render(make_page())
    assert read(render(make_page(charts=0))).scripts == 0


def test_a_script_that_would_end_its_element_is_mended(monkeypatch):
    import vl_convert

    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda *_, **__: "f('</SCRIPT>')")
    assert chart_scripts.__wrapped__() == r"f('<\/script>')"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_draws_every_chart(tmp_path):
    place = tmp_path / "page.html"
    place.write_text(render(make_page(charts=2)), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'u'}"]
    options += ["--virtual-time-budget=8000", "--dump-dom", place.as_uri()]
    done = subprocess.run(
        [CHROMIUM, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert 'data-drawn="2"' in done.stdout
    assert done.stdout.count("<svg") >= 2
