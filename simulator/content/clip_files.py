"""Files of open_clip models: configuration, tokenizer, weights; every mistake in one sentence."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.content.tokenizer import Tokenizer
from simulator.contracts.errors import PluginError
from simulator.learning.networks import torch_alone

if TYPE_CHECKING:
    import torch

DATA: Final = Path(__file__).parent / "data"
SMALL: Final = "small_clip"
"""Name of the model that travels with this software."""

CONFIG, TOKENIZER, WEIGHTS, RECIPE = ".json", ".tokenizer.json", ".safetensors", ".recipe.json"
"""How the names of a model's files end; they share a folder and a stem."""


def config_path(model: str) -> Path | None:
    """Return the file of a model's configuration, None for a name that open_clip knows."""
    if model == SMALL:
        return DATA / (SMALL + CONFIG)
    return Path(model) if model.endswith(CONFIG) else None


def beside(config: Path, ending: str) -> Path:
    """Return the file of a model that stands beside its configuration."""
    return config.with_name(config.name.removesuffix(CONFIG) + ending)


def read_config(model: str) -> dict[str, Any]:
    """Return the configuration of an open_clip model.

    Args:
        model: `small_clip`, a name that open_clip knows, or the path of a JSON configuration.

    Raises:
        PluginError: there is no such model or file, or it is not a CLIP configuration.
    """
    path = config_path(model)
    if path is None:
        return _known_config(model)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PluginError(f"the model configuration {path} does not exist") from None
    except (OSError, ValueError) as error:
        raise PluginError(f"the model configuration {path} cannot be read: {error}") from error
    missing = [k for k in ("embed_dim", "vision_cfg", "text_cfg") if k not in config]
    if missing:
        raise PluginError(f"the model configuration {path} has no {', '.join(missing)}")
    return dict(config)


def build_network(model: str, config: dict[str, Any]) -> torch.nn.Module:
    """Return an open_clip network with untrained weights, ready to train or to fill."""
    torch_alone()
    import open_clip
    from open_clip.model import CLIP

    if config_path(model) is None:
        network: torch.nn.Module = open_clip.create_model(model, load_weights=False)
        return network.eval()
    try:
        network = CLIP(**config)
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise PluginError(f"{model} does not describe an open_clip model: {error}") from error
    return network.eval()


def published_network(model: str, pretrained: str) -> torch.nn.Module:
    """Return a network with weights that open_clip publishes under a tag.

    Raises:
        PluginError: open_clip has no such tag for the model, or cannot get its weights.
    """
    torch_alone()
    import open_clip

    if config_path(model) is not None:
        raise PluginError(f"pretrained: {model} has no published weights; name a checkpoint")
    tags = open_clip.list_pretrained_tags_by_model(model)
    if pretrained not in tags:
        raise PluginError(
            f"open_clip has no weights {pretrained!r} for {model}. "
            f"Allowed: {', '.join(tags) or 'none'}."
        )
    network: torch.nn.Module
    try:
        network = open_clip.create_model(model, pretrained=pretrained)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise PluginError(
            f"the weights {pretrained!r} of {model} cannot be had: {reason}; "
            "get the file by other means and name it as the checkpoint"
        ) from error
    return network.eval()


def no_weights(model: str) -> PluginError:
    """Return the error for a model of open_clip without weights."""
    import open_clip

    tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
    return PluginError(
        f"{model} needs a checkpoint file or a tag of published weights (pretrained). Tags: {tags}."
    )


def read_tokenizer(model: str) -> Any:  # noqa: ANN401
    """Return the tokenizer beside a configuration, else the one that open_clip gives."""
    path = config_path(model)
    if path is not None and (own := beside(path, TOKENIZER)).is_file():
        return Tokenizer.load(own)
    import open_clip

    return open_clip.get_tokenizer(model) if path is None else open_clip.tokenizer.SimpleTokenizer()


def load_weights(network: torch.nn.Module, path: Path) -> None:
    """Fill a network from a checkpoint: safetensors, or a state dict saved by torch.

    Raises:
        PluginError: the file is missing, no checkpoint, or of another architecture.
    """
    state = _read_state(path)
    own = network.state_dict()
    if absent := sorted(own.keys() - state.keys()):
        raise PluginError(
            f"the checkpoint {path} is of another architecture: it has no {absent[0]}"
        )
    for name, tensor in own.items():
        if tuple(state[name].shape) != tuple(tensor.shape):
            raise PluginError(
                f"the checkpoint {path} is of another architecture: {name} is "
                f"{_shape(state[name])}, the model needs {_shape(tensor)}"
            )
    network.load_state_dict({name: state[name].to(own[name].dtype) for name in own})


def save_weights(network: torch.nn.Module, path: Path) -> None:
    """Write weights as safetensors with 16-bit floats."""
    from safetensors.torch import save_file

    state = network.state_dict()
    save_file({name: tensor.detach().half().contiguous() for name, tensor in state.items()}, path)


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    torch = torch_alone()
    if not path.is_file():
        raise PluginError(f"the checkpoint {path} does not exist")
    try:
        if path.suffix == WEIGHTS:
            from safetensors.torch import load_file

            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
        found = found.get("state_dict", found)
        return {name.removeprefix("module."): tensor.float() for name, tensor in found.items()}
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise PluginError(f"{path} is not a checkpoint of a model: {reason}") from error


def _known_config(model: str) -> dict[str, Any]:
    import open_clip

    config = open_clip.get_model_config(model) if "/" not in model else None
    if config is None:
        names = [SMALL, *open_clip.list_models()]
        near = difflib.get_close_matches(model, names, n=3, cutoff=0.5)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise PluginError(
            f"there is no open_clip model {model!r}.{hint} Allowed: {SMALL}, a model name of "
            "open_clip, or the path of a JSON model configuration."
        )
    return dict(config)


def _shape(tensor: torch.Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"
