"""Charts of the pages: from tables to Altair."""
