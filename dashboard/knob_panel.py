"""The knobs of one block of a scenario, and the list of its policies."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state, tuning
from dashboard.knob_widgets import Board
from dashboard.knobs import BLOCKS, Group, groups, plain_block, types_of
from dashboard.words import escaped, known, t
from simulator.app.loading import load_scenario
from simulator.app.model import MOST_POLICIES

_NONE = ""


def knob_panel(path: Path, now: tuning.Tuned) -> None:
    """Draw the knobs of the block that is chosen.

    Args:
        path: file of the scenario.
        now: what the knobs say.
    """
    block = _block()
    original = {} if block in tuning.overrides() else _original(path, block)
    board = Board(now, original)
    found = groups(now.scenario, block)
    if block == "policies":
        _policies(found, now)
    everything = st.toggle(t("tune.everything"), key="tune-everything", help=t("tune.what_every"))
    for i, group in enumerate(found):
        _group(board, group, everything=everything, is_open=block != "recall" and i < 2)
    board.wrong(block)
    _rest(now, found, block)
    if tuning.overrides():
        n = len(tuning.overrides())
        st.button(t("tune.reset", n=n), key="tune-reset", on_click=tuning.reset,
                  icon=":material/undo:")  # fmt: skip


def _block() -> str:
    if "tune-block" not in st.session_state:
        st.session_state["tune-block"] = state.read("block", BLOCKS[0], BLOCKS)
    block: str = st.selectbox(
        t("tune.block"),
        BLOCKS,
        format_func=lambda name: known(f"tune.block_{name}", name),
        key="tune-block",
    )
    state.write(block=None if block == BLOCKS[0] else block)
    return block


def _original(path: Path, block: str) -> dict[str, object]:
    found = groups(load_scenario(path), block)
    return {knob.path: knob.value for group in found for knob in group.knobs}


def _group(board: Board, group: Group, *, everything: bool, is_open: bool) -> None:
    set_here = any(knob.path in tuning.overrides() for knob in group.knobs)
    if not group.shown(tuning.overrides(), everything=everything):
        return
    with st.expander(escaped(group.title), expanded=is_open or set_here):
        if group.help:
            st.caption(escaped(group.help))
        board.group(group, everything=everything)


def _rest(now: tuning.Tuned, found: list[Group], block: str) -> None:
    """Say what is wrong at places that are not drawn."""
    drawn = {block, *(g.path for g in found), *(k.path for g in found for k in g.knobs)}
    for finding in now.findings:
        if not any(finding.path == p or finding.path.startswith(f"{p}[") for p in drawn):
            st.error(escaped(f"{finding.path}: {tuning.sentence(finding)}"))


def _policies(found: list[Group], now: tuning.Tuned) -> None:
    """Draw the list of policies: exchange, remove, add."""
    blocks = [plain_block(config) for config in now.scenario.policies]
    about = types_of("policies")
    for i, group in enumerate(found):
        left, right = st.columns([4, 1], vertical_alignment="bottom")
        key = f"policy|{i}"
        st.session_state[key] = group.type
        left.selectbox(
            t("tune.policy", i=i + 1),
            list(about),
            key=key,
            help=escaped(about[group.type]),
            on_change=_exchange,
            args=(blocks, i, key),
        )
        right.button("✕", key=f"drop|{i}", help=t("tune.drop"), on_click=_lay,
                     args=([*blocks[:i], *blocks[i + 1 :]],))  # fmt: skip
    if not found:
        st.caption(t("tune.no_policy"))
    if len(found) < MOST_POLICIES:
        st.session_state["policy|new"] = _NONE
        st.selectbox(
            t("tune.add"),
            [_NONE, *about],
            format_func=lambda name: f"{name}: {about[name]}" if name else t("tune.choose"),
            key="policy|new",
            on_change=_exchange,
            args=(blocks, len(found), "policy|new"),
        )


def _exchange(blocks: list[dict[str, object]], i: int, key: str) -> None:
    name = st.session_state[key]
    if name:
        _lay([*blocks[:i], {"type": name}, *blocks[i + 1 :]])


def _lay(blocks: list[dict[str, object]]) -> None:
    tuning.change("policies", blocks)
    tuning.redraw()
