"""What is measured, from the tables of a run."""
