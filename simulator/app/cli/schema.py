"""`notesim schema`: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.app.cli import console

EXAMPLE = "notesim schema --write scenarios/scenario.schema.json"


def schema(
    write: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write it to a file instead.")
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files: editors complete and check with it."""
    import json

    from simulator.app.schema import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False, allow_nan=False)
    if write is None:
        console.say(text)
    else:
        write.write_text(f"{text}\n", encoding="utf-8")
        console.note(f"written to {write}")
