"""Designs of experiments inside a run: one file each."""
