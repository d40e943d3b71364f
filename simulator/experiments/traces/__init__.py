"""Traces that support leaves: what becomes of notes in twin runs with and without it."""
