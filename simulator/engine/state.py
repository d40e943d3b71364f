"""State of the platform: everything it has logged or derived, and the view that it shows.

Only `simulator.engine.commit` calls methods that change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_KINDS, WINDOW_S
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.table import Layout, Table
from simulator.contracts.views import CreatorView, NoteView, PlatformView, ReaderView
from simulator.engine.seen import SeenStore


def note_layout(spec: PlatformSpec) -> Layout:
    """Return the columns of the note table."""
    return {
        "creator_idx": (np.int32, ()),
        "published_t": (np.float64, ()),
        "category": (np.int16, ()),
        "keywords": (np.int32, (spec.keywords_per_note,)),
        "is_video": (np.uint8, ()),
        "is_promoted": (np.uint8, ()),
        "has_card": (np.uint8, ()),
        "embedding": (np.float32, (spec.embedding_dim,)),
        "arm": (np.uint8, ()),
        "totals": (np.float32, (N_KINDS,)),
        "decayed": (np.float32, (3, N_KINDS)),
    }


def reader_layout(spec: PlatformSpec) -> Layout:
    """Return the columns of the reader table."""
    return {
        "arm": (np.uint8, ()),
        "joined_t": (np.float64, ()),
        "category_profile": (np.float32, (spec.n_categories,)),
        "vector": (np.float32, (spec.embedding_dim,)),
        "recent": (np.int32, (spec.n_recent,)),
        "totals": (np.float32, (N_KINDS,)),
        "active_days": (np.int32, ()),
        "profile_clicks": (np.int32, ()),
    }


CREATOR_LAYOUT: Layout = {
    "reader_idx": (np.int32, ()),
    "joined_t": (np.float64, ()),
    "n_notes": (np.int32, ()),
    "totals": (np.float32, (N_KINDS,)),
}


class PlatformState:
    """Tables, counters and the seen-filter.

    Args:
        spec: sizes and rules.
    """

    def __init__(self, spec: PlatformSpec) -> None:
        self.spec = spec
        self.notes = Table(note_layout(spec))
        self.readers = Table(reader_layout(spec))
        self.creators = Table(CREATOR_LAYOUT)
        self.seen = SeenStore(0)
        self.epoch_t = 0.0
        self._views: tuple[NoteView, ReaderView, CreatorView] | None = None

    def changed(self) -> None:
        """Forget cached views after rows were added or the decay epoch moved."""
        self._views = None

    def fading(self, now: float) -> NDArray[np.float32]:
        """Return float32[3], what decayed counters are multiplied by to be as of `now`."""
        return np.exp(-(now - self.epoch_t) / WINDOW_S).astype(np.float32)

    def rebase(self, now: float) -> None:
        """Move the forward-decay epoch to `now` so that its weights stay in float32 range."""
        factors = self.fading(now)
        decayed = self.notes["decayed"]
        decayed *= factors[None, :, None]
        self.epoch_t = now
        self.changed()

    def growth(self, now: float) -> NDArray[np.float32]:
        """Return float32[3], the forward-decay weight of an event at `now`."""
        return np.exp((now - self.epoch_t) / WINDOW_S).astype(np.float32)

    def view(self, now: float) -> PlatformView:
        """Return what plug-ins may see at `now`; arrays are read-only and not copied."""
        if self._views is None:
            self._views = self._build_views()
        notes, readers, creators = self._views
        view = PlatformView(self.spec, now, notes, readers, creators, 0, 0)
        view.live_start = view.first_younger_than(self.spec.max_age_s)
        view.new_start = view.first_younger_than(self.spec.new_age_s)
        return view

    def _build_views(self) -> tuple[NoteView, ReaderView, CreatorView]:
        note = {name: self.notes.frozen(name) for name in note_layout(self.spec)}
        reader = {
            name: self.readers.frozen(name)
            for name in reader_layout(self.spec)
            if name != "profile_clicks"
        }
        creator = {name: self.creators.frozen(name) for name in CREATOR_LAYOUT}
        return (
            NoteView(**note, epoch_t=self.epoch_t),
            ReaderView(**reader),
            CreatorView(**creator),
        )

    def nbytes(self) -> dict[str, int]:
        """Return bytes reserved, by table."""
        return {
            "notes": self.notes.nbytes(),
            "readers": self.readers.nbytes(),
            "creators": self.creators.nbytes(),
            "seen": self.seen.nbytes(),
        }

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole state as arrays."""
        out = {
            **self.notes.state_arrays("notes"),
            **self.readers.state_arrays("readers"),
            **self.creators.state_arrays("creators"),
            **{f"seen/{name}": array for name, array in self.seen.state_arrays().items()},
        }
        out["epoch_t"] = np.array([self.epoch_t])
        return out

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self.notes.load_state("notes", arrays)
        self.readers.load_state("readers", arrays)
        self.creators.load_state("creators", arrays)
        self.seen.load_state(
            {n.removeprefix("seen/"): a for n, a in arrays.items() if n.startswith("seen/")}
        )
        self.epoch_t = float(arrays["epoch_t"][0])
        self.changed()
