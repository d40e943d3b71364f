"""What stands around every page: language, the list of jobs, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.job_panel import job_panel
from dashboard.words import LANGUAGE, LANGUAGES, language, t
from dashboard.workspace import workspace
from simulator.contracts.errors import NotesimError

PAGES: Final = ("start", "tune", "compare", "note", "funnel", "experiment", "people")
"""Names of the pages, in the order of the menu; each is a module of `dashboard.views`."""


def draw(name: str) -> None:
    """Draw a page with everything around it.

    Args:
        name: one of `PAGES`.
    """
    _choose_language()
    with st.sidebar:
        st.caption(t("shell.workspace", path=workspace().root))
        job_panel()
    try:
        view: Callable[[], None] = import_module(f"dashboard.views.{name}").page
        view()
    except NotesimError as error:
        st.error(str(error), icon=":material/error:")


def pages() -> dict[str, st.Page]:
    """Return the pages by name, as the menu wants them."""
    return {name: _page(name) for name in PAGES}


def _page(name: str) -> st.Page:
    def show() -> None:
        draw(name)

    show.__name__ = name
    is_first = name == PAGES[0]
    path = "" if is_first else name
    return st.Page(
        show, title=t(f"shell.{name}"), icon=_ICONS[name], url_path=path, default=is_first
    )


_ICONS: Final = {
    "start": ":material/home:",
    "tune": ":material/tune:",
    "compare": ":material/compare_arrows:",
    "note": ":material/description:",
    "funnel": ":material/filter_alt:",
    "experiment": ":material/science:",
    "people": ":material/groups:",
}


def _choose_language() -> None:
    codes = list(LANGUAGES)
    if LANGUAGE not in st.session_state:
        st.session_state[LANGUAGE] = state.read("lang", "en", codes)
    with st.sidebar:
        st.radio(
            "Language · 语言",
            codes,
            format_func=LANGUAGES.__getitem__,
            key=LANGUAGE,
            horizontal=True,
            label_visibility="collapsed",
        )
    state.write(lang=None if language() == "en" else language())
