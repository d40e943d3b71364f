"""Streamlit pages on top of `simulator.app`; `notesim dashboard` opens them."""
