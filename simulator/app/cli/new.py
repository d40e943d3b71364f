"""`notesim new`: the skeleton of a plug-in and its test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from simulator.app.cli import console

EXAMPLE = "notesim new policy evening_boost"

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_POLICY = '''"""{title}: say in one sentence what it does."""

from __future__ import annotations

from typing import Literal

import numpy as np

from simulator.contracts.config import knob
from simulator.contracts.plugins import PluginConfig, TrafficPolicy
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class {cls}Config(PluginConfig):
    """Knobs of {name}."""

    type: Literal["{name}"] = "{name}"
    coefficient: float = knob(
        1.5, "Coefficient on the rank value of a new note.", ge=1, le=10, tunable=True
    )


class {cls}(TrafficPolicy[{cls}Config]):
    """Value × coefficient for new notes; say here where the mechanism comes from."""

    Config = {cls}Config

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of new notes."""
        support = NoteSupport.of(np.arange(view.new_start, view.notes.n, dtype=np.int32))
        support.rank[:] = self.config.coefficient
        return support
'''

_POLICY_TEST = '''"""{title} supports the notes it should, as much as it should."""

import numpy as np

from policies.{name} import {cls}, {cls}Config
from tests.support.platform import make_view


def test_new_notes_get_the_coefficient():
    view = make_view()
    policy = {cls}({cls}Config(coefficient=2.0))
    policy.setup(view.spec)
    support = policy.support(view)
    assert np.array_equal(support.note_idx, np.arange(view.new_start, view.notes.n))
    assert np.all(support.rank == 2.0)
'''

_CHANNEL = '''"""{title}: say in one sentence what it finds."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import knob
from simulator.contracts.plugins import PluginConfig, RecallChannel
from simulator.contracts.views import PlatformView


class {cls}Config(PluginConfig):
    """Knobs of {name}."""

    type: Literal["{name}"] = "{name}"
    k: int = knob(50, "Most candidates for a request.", unit="notes", ge=1, le=1_000)


class {cls}(RecallChannel[{cls}Config]):
    """The newest notes, the same for every reader; say here where the mechanism comes from."""

    Config = {cls}Config

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k] note rows, newest first, -1 where there are fewer."""
        found = np.full((requests.n, self.config.k), -1, np.int32)
        n = min(self.config.k, view.notes.n)
        found[:, :n] = np.arange(view.notes.n - 1, view.notes.n - n - 1, -1)
        return found
'''

_CHANNEL_TEST = '''"""{title} finds the notes it should, best first."""

import numpy as np

from recall.{name} import {cls}, {cls}Config
from tests.support.platform import make_requests, make_view


def test_the_newest_notes_come_first():
    view = make_view()
    channel = {cls}({cls}Config(k=3))
    channel.setup(view.spec)
    found = channel.recall(make_requests(view, 2), view)
    newest = np.arange(view.notes.n - 1, view.notes.n - 4, -1)
    assert np.array_equal(found, np.stack([newest, newest]))
'''

_KINDS = {
    "policy": ("policies", _POLICY, _POLICY_TEST),
    "channel": ("recall", _CHANNEL, _CHANNEL_TEST),
}


def new(
    kind: Annotated[str, typer.Argument(metavar="policy|channel", help="What to begin.")],
    name: Annotated[str, typer.Argument(help="Its type in scenario files, like evening_boost.")],
    root: Annotated[Path, typer.Option(help="Checkout to write to.")] = Path(),
) -> None:
    """Write the skeleton of a policy or recall channel, and a test for it."""
    if kind not in _KINDS:
        raise console.UsageError(f"there is no skeleton for {kind!r}: policy or channel")
    if not _NAME.fullmatch(name):
        raise console.UsageError(f"{name!r}: a name is lower-case letters, digits and _")
    room, code, test = _KINDS[kind]
    if not (root / room).is_dir() or not (root / "tests").is_dir():
        raise console.UsageError(f"{root.resolve()} is no checkout of notesim")
    words = {
        "name": name,
        "cls": "".join(part.capitalize() for part in name.split("_")),
        "title": name.replace("_", " ").capitalize(),
    }
    texts = {root / room / f"{name}.py": code, root / "tests" / room / f"test_{name}.py": test}
    for path in texts:
        if path.exists():
            raise console.UsageError(f"{path} is there already")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), encoding="utf-8")
        console.say(str(path))
