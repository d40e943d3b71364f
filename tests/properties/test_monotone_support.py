"""More support for a note never gives it less, all else equal, through the whole request path."""

import dataclasses

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator.app.scenario import DEFAULT_RECALL
from simulator.contracts.batches import SESSIONS_PER_DAY, RequestBatch
from simulator.contracts.events import DAY_S
from simulator.contracts.support import NoteSupport, SupportTable
from simulator.engine.replication import Hooks
from tests.support.small_runs import RUSH, prepare

N_REQUESTS = 60


DIVERSE = {"pre_rank.diversity.weight": 1.0, "pre_rank.diversity.direct": 20}
DPP = {
    "rerank": {"type": "dpp", "theta": 0.6, "window": 4, "rules": {"same_category_gap": 2}},
    "recall": [*DEFAULT_RECALL, {"type": "curated", "min_clicks": 5}],
    "exploration.share": 0.1,
}


@pytest.fixture(scope="module", params=[{}, DIVERSE, DPP], ids=["plain", "diverse", "dpp"])
def served(request, tmp_path_factory):
    """Return a function from support to slates, on a platform after a day of use."""
    replication = prepare(tmp_path_factory.mktemp("monotone"), RUSH | request.param)
    replication.run(Hooks())
    view = replication.state.view(float(DAY_S))
    requests = RequestBatch(
        t=np.full(N_REQUESTS, view.now),
        reader_idx=np.arange(N_REQUESTS, dtype=np.int32),
        request_id=np.arange(N_REQUESTS),
        session_no=np.full(N_REQUESTS, SESSIONS_PER_DAY, np.int32),
        request_no=np.zeros(N_REQUESTS, np.int32),
        reader_arm=np.zeros(N_REQUESTS, np.uint8),
    )
    table = SupportTable.empty(0)

    def serve(support: NoteSupport, insert_every: int = 0) -> np.ndarray:
        table.fill([support], view.notes.n, insert_every)
        chunks = replication._serving.serve(requests, view, table)
        serve.granted = np.concatenate([chunk.slate.granted_by for chunk in chunks])
        return np.concatenate([chunk.slate.note_idx for chunk in chunks])

    serve.view = view
    return serve


def slot_of(slates: np.ndarray, note: int) -> np.ndarray:
    """Return the slot of a note in each slate, the number of slots where it is not shown."""
    shown = slates == note
    return np.where(shown.any(axis=1), shown.argmax(axis=1), slates.shape[1])


def support_of(note: int, **values: float) -> NoteSupport:
    support = NoteSupport.of(np.array([note], np.int32))
    return dataclasses.replace(
        support, **{name: np.full(1, value, np.float32) for name, value in values.items()}
    )


quiet = settings(
    max_examples=15, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
coefficients = st.lists(st.floats(0.2, 20.0), min_size=2, max_size=4).map(sorted)


@quiet
@given(st.floats(0.0, 1.0), coefficients, st.sampled_from(["rank", "pre_rank", "both"]))
def test_a_larger_coefficient_never_moves_a_note_down(served, place, steps, stage):
    note = note_at(served.view, place)
    names = ("rank", "pre_rank") if stage == "both" else (stage,)
    slots = [slot_of(served(support_of(note, **dict.fromkeys(names, c))), note) for c in steps]
    assert (np.diff(slots, axis=0) <= 0).all()


@quiet
@given(st.floats(0.0, 1.0), st.lists(st.floats(0.0, 2.0), min_size=2, max_size=4).map(sorted))
def test_a_higher_price_never_moves_a_note_down(served, place, steps):
    note = note_at(served.view, place)
    slots = [slot_of(served(support_of(note, price=price)), note) for price in steps]
    assert (np.diff(slots, axis=0) <= 0).all()


def test_support_matters(served):
    """The properties above are not met because nothing ever moves."""
    view = served.view
    notes = range(view.new_start, view.notes.n)
    weak, strong = (
        sum((slot_of(served(support_of(n, rank=c, pre_rank=c)), n) < 10).sum() for n in notes)
        for c in (1.0, 10.0)
    )
    assert strong > 2 * weak > 0


def test_one_placement_left_is_one_placement(served):
    """The first request that would show the note takes it; later ones rank it as it is."""
    view = served.view
    n_granted = 0
    for note in range(view.new_start, view.notes.n):
        support = support_of(note, rank=20.0, pre_rank=20.0)
        unlimited = slot_of(served(support), note) < 10
        assert (served.granted.any(axis=1) == unlimited).all()
        support.remaining[:] = 1
        slots = slot_of(served(support), note)
        takes = served.granted.any(axis=1)
        assert takes.sum() == unlimited.any()
        if takes.any():
            assert takes.argmax() == unlimited.argmax()
            assert slots[takes.argmax()] < 10
        n_granted += takes.sum()
    assert n_granted > 5


def note_at(view, place: float) -> int:
    """Return a live note; half of the places are new ones."""
    if place < 0.5:
        return int(view.live_start + 2 * place * (view.new_start - 1 - view.live_start))
    return int(view.new_start + (2 * place - 1) * (view.notes.n - 1 - view.new_start))
