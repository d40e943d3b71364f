"""Charts of the pages; from frames to Altair."""
