"""Charts of the pages, drawn from frames."""
