"""Composition room: registry, scenario, api and command line."""
