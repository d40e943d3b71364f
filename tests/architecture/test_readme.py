"""What the documents for people say exists: files, commands, options, scenarios, code."""

import ast
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer

from simulator.app.cli.application import app
from simulator.app.files import bundled_scenarios, bundled_studies
from simulator.app.registry import Registry, discover
from simulator.metrics import names
from simulator.results.result import Result
from tests.support.platform import make_view

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("[a-z]*/README.md")),
    *sorted((ROOT / "simulator").glob("*/README.md")),
]
COMMANDS = typer.main.get_command(app).commands

# What the documents mention as something that a reader, a run or a contributor makes.
MADE_LATER = re.compile(
    r"^runs/|/?my_|/test_my_|fading_boost|scenario\.schema\.json$|^checkpoints/|^part-|^(events|notes"
    r"|activity|ticks)/$"
)
PATH = re.compile(r"[\w.-]+(?:/[\w.*-]+)*(?:/|\.(?:py|yaml|md|toml|json))")


def fenced(text: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def command_lines(text: str) -> list[list[str]]:
    """Return every `notesim …` command of a document, as words."""
    blocks = "\n".join(fenced(text, "bash")).replace("\\\n", " ")
    spans = re.findall(r"`(notesim [^`\n]+)`", text)
    lines = [*blocks.splitlines(), *spans]
    found = [line.partition(" #")[0].strip() for line in lines]
    return [shlex.split(line) for line in found if line.startswith("notesim ")]


def code_spans(text: str) -> list[str]:
    """Return what stands in backticks outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```$", "", text))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_and_options_exist(path):
    for words in command_lines(path.read_text(encoding="utf-8")):
        command = COMMANDS.get(words[1])
        assert command is not None, f"there is no command {' '.join(words[:2])!r}"
        options = {option for parameter in command.params for option in parameter.opts}
        used = {word for word in words[2:] if word.startswith("--")}
        assert used <= options, f"{' '.join(words)}: no option {used - options}"


def test_every_command_is_listed():
    listed = {words[1] for words in command_lines(README)}
    assert listed == set(COMMANDS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_files_exist(path):
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if link]
    missing = [link for link in links if not (path.parent / link).exists()]
    for span in code_spans(text):
        if PATH.fullmatch(span) and not MADE_LATER.search(span):
            bases = (path.parent, ROOT)
            missing += [] if any(list(base.glob(span.rstrip("/"))) for base in bases) else [span]
    assert not missing, f"{name_of(path)} names what is not there: {missing}"


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        lines = [*"\n".join(fenced(text, "bash")).splitlines(), *code_spans(text)]
        for line in (line for line in lines if line.startswith("make ")):
            words = [w for w in shlex.split(line, comments=True)[1:] if "=" not in w]
            assert set(words) <= targets, f"{name_of(path)}: {line}"


def test_gallery_lists_every_scenario():
    linked = re.findall(r"\[`(\w+)`\]\(scenarios/(\w+)\.yaml\)", README)
    bundled = [*bundled_scenarios(), *bundled_scenarios(sweeps=True), *bundled_studies()]
    assert sorted(linked) == [(name, name) for name in sorted(bundled)]


def test_metrics_of_the_printed_output_exist():
    printed = "\n".join(fenced(README, "text"))
    shown = set(re.findall(r"^ {0,2}([a-z]+(?:_[a-z0-9]+)+|ctr|dau) {2,}", printed, re.MULTILINE))
    assert len(shown) > 5
    assert shown <= set(names())


def test_python_example_uses_what_exists():
    (example,) = (block for block in fenced(README, "python") if "simulator.run(" in block)
    nodes = list(ast.walk(ast.parse(example)))
    attributes = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "result"
    }
    assert {"metrics", "daily", "events"} <= attributes
    assert all(hasattr(Result, name) for name in attributes)
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert {"new_note_impression_share", "ctr"} <= texts & set(names())


def test_policy_of_the_readme_works(tmp_path, monkeypatch):
    (source,) = (block for block in fenced(README, "python") if "TrafficPolicy" in block)
    package = tmp_path / "policies_of_the_readme"
    package.mkdir()
    (package / "__init__.py").write_text('"""Policies."""\n', encoding="utf-8")
    (package / "fading_boost.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    cls = Registry(discover([package.name])).get("policies", "fading_boost")
    view = make_view()
    policy = cls(cls.Config(start=3.0))
    policy.setup(view.spec)
    support = policy.support(view)
    assert np.array_equal(support.note_idx, np.arange(view.new_start, view.notes.n))
    assert np.all(np.diff(support.rank) >= 0), "the younger the note, the larger its coefficient"
    assert support.rank.min() >= 1
    assert support.rank.max() <= 3
