"""An open_clip model with its weights, tokenizer and preparation of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.content import clip_files
from simulator.content.clip_files import SMALL
from simulator.content.tokenizer import Tokenizer
from simulator.learning.networks import torch_alone

if TYPE_CHECKING:
    import torch

BATCH: Final = 64
"""Pictures or titles that go through the network together."""

_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
_SD: Final = (0.26862954, 0.26130258, 0.27577711)


class ClipModel:
    """Embeds covers and titles.

    Args:
        network: an open_clip network.
        tokenizer: of its text tower: this project's, or what open_clip gives for the model.
        batch_size: rows that go through the network together; short batches are padded, so that
            every pass has one shape.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        tokenizer: Any,  # noqa: ANN401
        batch_size: int = BATCH,
    ) -> None:
        self.network: Any = network
        self.tokenizer = tokenizer
        self.batch_size = batch_size

    def pictures(self, covers: NDArray[np.uint8]) -> torch.Tensor:
        """Return float32[n, 3, S, S]: uint8[n, s, s, 3] at the network's size, normalised."""
        torch = torch_alone()
        visual = self.network.visual
        mean = torch.tensor(getattr(visual, "image_mean", None) or _MEAN)[:, None, None]
        sd = torch.tensor(getattr(visual, "image_std", None) or _SD)[:, None, None]
        x = torch.from_numpy(covers).permute(0, 3, 1, 2).float() / 255.0
        size = _sides(visual.image_size)
        if tuple(x.shape[-2:]) != size:
            x = torch.nn.functional.interpolate(x, size, mode="bilinear", align_corners=False)
        return (x - mean) / sd  # type: ignore[no-any-return]

    def tokens(self, titles: Sequence[str]) -> torch.Tensor:
        """Return int64[n, L] token ids."""
        if isinstance(self.tokenizer, Tokenizer):
            import torch

            return torch.from_numpy(self.tokenizer(titles))
        ids: torch.Tensor = self.tokenizer(list(titles))
        return ids

    def image_features(self, covers: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length features of uint8[n, s, s, 3] covers."""

        def features(start: int, stop: int) -> Any:  # noqa: ANN401
            x = self.pictures(covers[start:stop])
            return self.network.encode_image(_padded(x, self.batch_size), normalize=True)

        return self._batched(features, covers.shape[0])

    def text_features(self, titles: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length features of n titles."""

        def features(start: int, stop: int) -> Any:  # noqa: ANN401
            x = self.tokens(titles[start:stop])
            return self.network.encode_text(_padded(x, self.batch_size), normalize=True)

        return self._batched(features, len(titles))

    def _batched(self, features: Callable[[int, int], Any], n: int) -> NDArray[np.float32]:
        """Run padded batches of one size and cut the padding off."""
        torch = torch_alone()
        parts = [np.zeros((0, 0), np.float32)] if n == 0 else []
        with torch.inference_mode():
            for start in range(0, n, self.batch_size):
                stop = min(start + self.batch_size, n)
                parts.append(features(start, stop)[: stop - start].float().numpy())
        return np.concatenate(parts)


def load_model(
    model: str = SMALL,
    checkpoint: str = "",
    pretrained: str = "",
    batch_size: int = BATCH,
) -> ClipModel:
    """Return a model with its weights.

    Args:
        model: `small_clip`, a name that open_clip knows, or the path of a JSON configuration.
        checkpoint: path of weights; by default those beside the configuration.
        pretrained: open_clip's tag of published weights, fetched or taken from its cache.
        batch_size: see `ClipModel`.

    Raises:
        PluginError: something is missing, is no model or checkpoint, or does not fit.
    """
    config = clip_files.read_config(model)
    if pretrained:
        network = clip_files.published_network(model, pretrained)
    else:
        network = clip_files.build_network(model, config)
        clip_files.load_weights(network, weights_path(model, checkpoint))
    return ClipModel(network, clip_files.read_tokenizer(model), batch_size)


def weights_path(model: str, checkpoint: str) -> Path:
    """Return the file of weights: the one that is named, else the one beside the configuration."""
    config = clip_files.config_path(model)
    if checkpoint:
        return Path(checkpoint)
    if config is None:
        raise clip_files.no_weights(model)
    return clip_files.beside(config, clip_files.WEIGHTS)


def _sides(size: int | Sequence[int]) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _padded(x: torch.Tensor, n: int) -> torch.Tensor:
    missing = n - x.shape[0]
    if not missing:
        return x
    import torch

    return torch.cat([x, x[:1].expand(missing, *x.shape[1:])])
