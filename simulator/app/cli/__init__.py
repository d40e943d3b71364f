"""Command line of notesim: one file a command."""

from __future__ import annotations


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    from simulator.app.cli.threads import limit_threads

    limit_threads()
    from simulator.app.cli.application import app

    app(prog_name="notesim")
