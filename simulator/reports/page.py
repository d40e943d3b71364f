"""Self-contained pages: one HTML file that needs no network, now or in ten years.

Scripts that draw the charts are written into the page, and a content security policy in its head
forbids the browser to load anything else.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from simulator.contracts.errors import RunError

_TEMPLATE = "page.html.j2"
_END_OF_SCRIPT = re.compile("</script", re.IGNORECASE)
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a page.

    Attributes:
        title: what it shows, as a sentence or a phrase.
        spec: Vega-Lite specification with its data inside.
        caption: how to read it.
    """

    title: str
    spec: dict[str, Any]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page; the first column is text, the others are numbers as text.

    Attributes:
        title: what it shows.
        columns: headings.
        rows: cells, one list a row; a cell may have several lines.
        caption: how to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Attributes:
        title: heading.
        paragraphs: plain text.
        charts: charts, below the text.
        tables: tables, below the charts.
    """

    title: str
    paragraphs: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A report.

    Attributes:
        title: heading.
        question: what it answers.
        verdict: the answer, one sentence an item.
        sections: parts, in order.
        facts: name -> text, about the runs behind it.
        command: how to make it again.
        scenario: resolved scenario, YAML text.
    """

    title: str
    question: str
    verdict: Sequence[str]
    sections: Sequence[Section]
    facts: dict[str, str] = field(default_factory=dict)
    command: str = ""
    scenario: str = ""


def render(page: Page) -> str:
    """Return a page as one HTML text; everything it needs is in it.

    Raises:
        RunError: the scripts that draw charts are not installed.
    """
    import jinja2

    loader = jinja2.PackageLoader("simulator.reports")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    numbers = itertools.count()
    numbered = [[(next(numbers), c) for c in section.charts] for section in page.sections]
    charts = [chart for group in numbered for _, chart in group]
    return environment.get_template(_TEMPLATE).render(
        page=page,
        parts=list(zip(page.sections, numbered, strict=True)),
        specs=_json([chart.spec for chart in charts]),
        scripts=chart_scripts() if charts else "",
    )


@lru_cache(maxsize=1)
def chart_scripts() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, of the version that charts ask for.

    Raises:
        RunError: the package that carries them is missing, or has no such version.
    """
    import altair as alt

    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    try:
        import vl_convert

        scripts = vl_convert.javascript_bundle(_SNIPPET, vl_version=version)
    except (ImportError, ValueError) as error:
        text = f"no scripts for Vega-Lite {version}: pip install --upgrade vl-convert-python"
        raise RunError(text, "report") from error
    return _END_OF_SCRIPT.sub(r"<\\/script", scripts)


def _json(value: object) -> str:
    """Return JSON that no parser of HTML takes for markup."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")
