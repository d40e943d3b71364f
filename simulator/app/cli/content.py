"""`notesim content`: covers, titles, and the small model that encodes them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from simulator.app.cli import console
from simulator.app.cli.errors import reported

if TYPE_CHECKING:
    from simulator.content.clip_model import ClipModel
    from simulator.content.retrieval import Retrieval

_EVERY: Final = 50
_COLUMNS: Final = 6

Language = Literal["en", "zh", "mixed"]

app = typer.Typer(
    no_args_is_help=True,
    help="Draw covers and titles, train a model on them, measure how well it retrieves.",
)

Model = Annotated[
    str, typer.Option(help="small_clip, a model name of open_clip, or a JSON configuration.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object only.")]
Notes = Annotated[int, typer.Option(min=100, max=100_000, help="Held-out notes to judge by.")]


def train(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the model's files.")],
    steps: Annotated[int, typer.Option(min=1, max=1_000_000, help="Batches.")] = 1_200,
    seed: Annotated[int, typer.Option(min=0, help="Of initial weights and notes.")] = 0,
    batch: Annotated[int, typer.Option(min=2, max=4_096, help="Pairs in a batch.")] = 128,
    model: Model = "small_clip",
    notes: Notes = 1_000,
) -> None:
    """Train a model on rendered covers and titles, and judge it on combinations never seen."""
    from simulator.content.clip_training import Recipe, save_trained
    from simulator.content.clip_training import train as train_model

    if out.exists() and not out.is_dir():
        raise console.UsageError(f"{out} is a file, --out names a folder")
    recipe = Recipe(model=model, steps=steps, seed=seed, batch=batch)
    started = time.process_time()

    def report(step: int, loss: float) -> None:
        if (step + 1) % _EVERY == 0 or step + 1 == steps:
            seconds = time.process_time() - started
            console.note(f"step {step + 1:,}/{steps:,}  loss {loss:.3f}  {seconds:,.0f} s CPU")

    trained = train_model(recipe, report)
    found = _judge(trained, notes, seed)
    path = save_trained(trained, recipe, out, time.process_time() - started, found)
    _print(found)
    console.say(f"\n{path}")


def evaluate(
    model: Model = "small_clip",
    checkpoint: Annotated[
        str, typer.Option(help="Weights; those beside the configuration by default.")
    ] = "",
    pretrained: Annotated[str, typer.Option(help="Tag of weights that open_clip publishes.")] = "",
    notes: Notes = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the notes.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure how often a model finds the title of a cover among 100."""
    from dataclasses import asdict

    from simulator.content.clip_model import load_model

    found = _judge(load_model(model, checkpoint, pretrained), notes, seed)
    if as_json:
        console.print_json({language: asdict(value) for language, value in found.items()})
        return
    _print(found)


def show(
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="Picture to write.")],
    notes: Annotated[int, typer.Option(min=1, max=240, help="Covers.")] = 36,
    language: Annotated[Language, typer.Option(help="Of the titles.")] = "mixed",
    seed: Annotated[int, typer.Option(min=0, help="Of the notes.")] = 0,
) -> None:
    """Write a sheet of covers and list their titles."""
    from simulator.content.attributes import KEYWORDS, draw_notes
    from simulator.content.covers import render
    from simulator.content.sheet import contact_sheet
    from simulator.content.titles import write_titles

    drawn = draw_notes(notes, seed, "show", held_out=False)
    titles = write_titles(drawn, KEYWORDS, language)
    if not out.parent.is_dir():
        raise console.UsageError(f"the folder {out.parent} does not exist")
    if out.suffix.lower() != ".png":
        raise console.UsageError(f"{out}: a sheet of covers is a .png file")
    contact_sheet(render(drawn, KEYWORDS), titles, _COLUMNS).save(out)
    for i, title in enumerate(titles):
        console.say(f"{i // _COLUMNS + 1:>3}.{i % _COLUMNS + 1}  {title}")
    console.note(f"\n{out}")


def _judge(model: ClipModel, notes: int, seed: int) -> dict[str, Retrieval]:
    from simulator.content.retrieval import GALLERY, evaluate

    n = notes // GALLERY * GALLERY
    return {"en": evaluate(model, "en", n, seed), "zh": evaluate(model, "zh", n, seed)}


def _print(found: dict[str, Retrieval]) -> None:
    table = console.plain_table(
        "titles", "notes", "cover to title", "title to cover", "shuffled", right=(1, 2, 3, 4)
    )
    for language, value in found.items():
        shares = (value.image_to_text, value.text_to_image, value.shuffled)
        table.add_row(language, f"{value.notes:,}", *(f"{share:.1%}" for share in shares))
    console.stdout().print(table)


for _name, _function, _example in (
    ("train", train, "notesim content train --out model"),
    ("eval", evaluate, "notesim content eval"),
    ("show", show, "notesim content show --out covers.png"),
):
    app.command(_name, epilog=f"Example: {_example}")(reported(_function))
