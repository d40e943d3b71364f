"""A page as Markdown: the same sentences and tables, without charts."""

from __future__ import annotations

import html
from collections.abc import Sequence

from simulator.reports.page import Page, Table


def to_markdown(page: Page) -> str:
    """Return a page as Markdown; names and texts are escaped."""
    lines = [f"# {_text(page.title)}", "", _text(page.question), ""]
    lines += [f"- {_text(sentence)}" for sentence in page.verdict]
    for section in page.sections:
        lines += ["", f"## {_text(section.title)}", ""]
        lines += [f"{_text(text)}\n" for text in section.paragraphs]
        for table in section.tables:
            lines += _table(table)
    lines += ["", "## How it was made", ""]
    lines += [f"- {_text(name)}: {_text(value)}" for name, value in page.facts.items()]
    lines += ["", "```bash", page.command.replace("```", ""), "```", ""]
    return "\n".join(lines)


def _table(table: Table) -> list[str]:
    lines = [f"### {_text(table.title)}", "", _row(table.columns)]
    lines.append("|" + "---|" * len(table.columns))
    lines += [_row(row) for row in table.rows]
    return [*lines, "", _text(table.caption), ""] if table.caption else [*lines, ""]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_text(cell).replace("\n", "<br>") for cell in cells) + " |"


def _text(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "&#124;")
