"""Contrastive training of a small open_clip model on covers and titles."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.content import clip_files
from simulator.content.attributes import KEYWORDS, draw_notes
from simulator.content.clip_model import ClipModel
from simulator.content.covers import render
from simulator.content.retrieval import Retrieval
from simulator.content.titles import Language, write_titles
from simulator.content.tokenizer import Tokenizer
from simulator.contracts.errors import RunError
from simulator.contracts.random import stream_key
from simulator.learning.networks import torch_alone

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained.

    Attributes:
        model: name or path of its configuration.
        steps: batches.
        batch: pairs of cover and title in each; each title stands against all covers.
        seed: of initial weights and notes.
        learning_rate: its peak, after the warm-up; falls to 0 along a cosine.
        warm_up: steps until the peak.
        weight_decay: of AdamW, on matrices.
        language: of the titles.
    """

    model: str = clip_files.SMALL
    steps: int = 1_200
    batch: int = 128
    seed: int = 0
    learning_rate: float = 2e-3
    warm_up: int = 60
    weight_decay: float = 0.02
    language: Language = "mixed"


Report = Callable[[int, float], None]


def train(recipe: Recipe, report: Report | None = None) -> ClipModel:
    """Train from scratch with the symmetric contrastive loss (Radford et al. 2021).

    Args:
        recipe: how.
        report: told each step and its loss.

    Returns:
        The model, ready to encode.

    Raises:
        PluginError: the configuration is missing or wrong.
        RunError: the loss stopped being a number.
    """
    torch = torch_alone()
    from open_clip.loss import ClipLoss

    torch.manual_seed(int(stream_key(recipe.seed, "content.weights")) % (1 << 63))
    config = clip_files.read_config(recipe.model)
    network = clip_files.build_network(recipe.model, config).train()
    model = ClipModel(network, clip_files.read_tokenizer(recipe.model))
    loss_of = ClipLoss()
    optimizer = torch.optim.AdamW(_groups(network, recipe.weight_decay), betas=(0.9, 0.98))
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _pace(step, recipe)
        images, texts = _batch(model, recipe, step)
        loss = loss_of(*model.network(images, texts)[:3])
        value = float(loss.detach())
        if not math.isfinite(value):
            raise RunError(f"the loss became {value} in step {step}; nothing is kept", "train")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.network.logit_scale.clamp_(0.0, math.log(100.0))
        if report is not None:
            report(step, value)
    network.eval()
    return model


def _batch(model: ClipModel, recipe: Recipe, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    notes = draw_notes(recipe.batch, recipe.seed, f"train.{step}", held_out=False)
    titles = write_titles(notes, KEYWORDS, recipe.language)
    return model.pictures(render(notes, KEYWORDS)), model.tokens(titles)


def _pace(step: int, recipe: Recipe) -> float:
    """Return the factor on the learning rate: linear warm-up, then half a cosine."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(recipe.steps - recipe.warm_up, 1)
    return 0.5 * (1.0 + math.cos(math.pi * done))


def _groups(network: torch.nn.Module, decay: float) -> list[dict[str, object]]:
    """Keep weight decay off biases, gains and the temperature."""
    matrices = [p for p in network.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def save_trained(
    model: ClipModel,
    recipe: Recipe,
    folder: Path,
    cpu_s: float,
    found: Mapping[str, Retrieval],
) -> Path:
    """Write configuration, tokenizer, weights, and how the model was made and judged.

    Args:
        model: what `train` returned.
        recipe: how it was trained.
        folder: where to; made when it is not there.
        cpu_s: CPU time of training and judging, seconds.
        found: retrieval over held-out combinations, by language.

    Returns:
        The configuration, which names the model in a scenario.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / (clip_files.SMALL + clip_files.CONFIG)
    config.write_text(json.dumps(clip_files.read_config(recipe.model), indent=2) + "\n")
    if isinstance(model.tokenizer, Tokenizer):
        model.tokenizer.save(clip_files.beside(config, clip_files.TOKENIZER))
    clip_files.save_weights(model.network, clip_files.beside(config, clip_files.WEIGHTS))
    facts = {
        "recipe": asdict(recipe),
        "cpu_s": round(cpu_s, 1),
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "retrieval": {language: asdict(value) for language, value in found.items()},
    }
    clip_files.beside(config, clip_files.RECIPE).write_text(json.dumps(facts, indent=2) + "\n")
    return config
