"""The seen-filter forgets nothing that is still distributed, and little else costs memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.seen import SeenStore


def show(store: SeenStore, reader: int, note: int) -> None:
    """Add one entry as the commit kernel does."""
    store.reserve(1)
    store.fresh_note[store.n_fresh] = note
    store.fresh_prev[store.n_fresh] = store.head[reader]
    store.head[reader] = store.n_fresh
    store.n_fresh += 1


steps = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.integers(0, 3), st.integers(0, 70_000)),
        st.tuples(st.just("rebuild"), st.just(0), st.integers(0, 300)),
        st.tuples(st.just("reload"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_store_equals_plain_sets(history: list[tuple[str, int, int]]) -> None:
    store, model = SeenStore(4), [set[int]() for _ in range(4)]
    for step, reader, note in history:
        if step == "show":
            show(store, reader, note)
            model[reader].add(note)
        elif step == "rebuild":
            store.rebuild(note)
            model = [{n for n in notes if n >= note} for notes in model]
        else:
            fresh = SeenStore(4)
            fresh.load_state(store.state_arrays())
            store = fresh
    for reader in range(4):
        assert store.notes_of(reader).tolist() == sorted(model[reader])


def test_new_readers_have_seen_nothing() -> None:
    store = SeenStore(1)
    show(store, 0, 5)
    store.rebuild(0)
    store.add_readers(2)
    show(store, 2, 9)
    assert [store.notes_of(r).tolist() for r in range(3)] == [[5], [], [9]]


def test_an_entry_costs_about_a_byte_after_the_rebuild() -> None:
    rng = np.random.default_rng(1)
    store = SeenStore(50)
    for reader in range(50):
        for note in rng.choice(80_000, 1_200, replace=False):
            show(store, reader, int(note))
    store.rebuild(0)
    assert store.data.nbytes / (50 * 1_200) < 1.5
