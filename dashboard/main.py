"""The script that Streamlit runs; `notesim dashboard` starts it."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.shell import pages
from dashboard.style import STYLE
from dashboard.words import LANGUAGE, LANGUAGES


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="notesim", page_icon=":material/insights:", layout="wide")
    st.html(STYLE)
    if LANGUAGE not in st.session_state:  # the menu is drawn before the page
        st.session_state[LANGUAGE] = state.read("lang", "en", list(LANGUAGES))
    found = pages()
    current = st.navigation(list(found.values()))
    if (wanted := st.session_state.pop("go", None)) in found:
        st.switch_page(found[wanted])
    current.run()


main()
