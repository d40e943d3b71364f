"""From run folders to the tables that pages draw; no Streamlit here."""
