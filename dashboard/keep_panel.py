"""What becomes of a tuned scenario: a run at full size, a file, a link."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import jobs, tuning
from dashboard.words import escaped, t
from dashboard.workspace import inside, workspace
from simulator.app.api import is_finished, run_path
from simulator.app.files import read_text
from simulator.app.resolved import ResolvedScenario
from simulator.app.tuned import diff, tuned_text
from simulator.contracts.events import DAY_S
from simulator.results.atomic import write_text

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SURE: Final = "tune-sure"


def keep_panel(path: Path, name: str, tuned: ResolvedScenario, baseline: ResolvedScenario) -> None:
    """Draw what can be done with the tuned scenario.

    Args:
        path: file that it started from.
        name: what the gallery calls that file.
        tuned: the tuned scenario.
        baseline: what it is compared with.
    """
    st.divider()
    text = text_of(path, tuning.overrides())
    left, right = st.columns([5, 6], gap="large")
    with left:
        _full(path, name, text, tuned, baseline)
    with right:
        _export(path, name, text)


def text_of(path: Path, values: tuning.Overrides) -> str:
    """Return the file with some values laid over it."""
    return _text(path, path.stat().st_mtime, tuning.key_of(values))


@lru_cache(maxsize=64)
def _text(path: Path, changed: float, key: str) -> str:  # noqa: ARG001  (part of the cache's key)
    return tuned_text(read_text(path), tuning.values_of(key), path)


def _full(
    path: Path, name: str, text: str, tuned: ResolvedScenario, baseline: ResolvedScenario
) -> None:
    st.subheader(t("tune.full"), anchor=False)
    readers, days = f"{tuned.world.readers.n:,}", tuned.horizon_s // DAY_S
    st.caption(t("tune.full_what", readers=readers, days=days))
    one, both = st.columns(2)
    if one.button(t("tune.full_tuned"), key="tune-run", type="primary"):
        _submit(f"{name} ({t('tune.word_tuned')})", text)
    is_there = is_finished(run_path(baseline, workspace().runs))
    same = tuned.hash8 == baseline.hash8
    help_text = t("tune.full_there") if is_there else None
    if both.button(t("tune.full_both"), key="tune-both", disabled=is_there or same, help=help_text):
        _queue(f"{name} ({t('tune.word_baseline')})", text_of(path, tuning.pinned()))
        _submit(f"{name} ({t('tune.word_tuned')})", text)


def _submit(title: str, text: str) -> None:
    _queue(title, text)
    st.toast(t("tune.full_started"))
    st.rerun()


def _queue(title: str, text: str) -> None:
    jobs.submit(workspace(), "run", title, text)


def _export(path: Path, name: str, text: str) -> None:
    st.subheader(t("tune.export"), anchor=False)
    st.caption(t("tune.export_what"))
    source = read_text(path)
    changes = diff(source, text, path.name, "tuned.yaml")
    if changes:
        st.code(changes, language="diff", height=220 if changes.count("\n") > 9 else "content")
    else:
        st.caption(t("tune.no_diff"))
    st.download_button(
        t("tune.download"), text, "tuned.yaml", "text/yaml", key="tune-download", on_click="ignore"
    )
    st.caption(t("tune.same_numbers"))
    st.code("notesim run tuned.yaml", language="sh")
    with st.form("tune-save", border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        wanted = left.text_input(t("tune.save_as"), f"{name}-tuned"[:64], key=f"save-as|{name}")
        if right.form_submit_button(t("tune.save"), width="stretch"):
            _save(wanted.strip(), text)


def _save(name: str, text: str) -> None:
    if not _NAME.fullmatch(name):
        st.error(t("tune.bad_name"))
        return
    folder = workspace().scenarios
    target = inside(folder, f"{name}.yaml")
    if target.exists() and st.session_state.get(_SURE) != (name, text):
        st.session_state[_SURE] = (name, text)
        st.warning(t("tune.taken", name=escaped(name)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_text(target, text)
    st.success(t("tune.saved", name=escaped(f"{name}.yaml")))
