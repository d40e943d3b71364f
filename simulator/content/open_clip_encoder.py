"""Content encoder that looks at covers and reads titles, with any open_clip model."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from simulator.content import clip_files
from simulator.content.attributes import take
from simulator.content.clip_model import BATCH, ClipModel, load_model
from simulator.content.covers import render
from simulator.content.titles import Language, write_titles
from simulator.contracts.config import knob
from simulator.contracts.content import NoteContent
from simulator.contracts.plugins import ContentEncoder, PluginConfig
from simulator.contracts.spec import PlatformSpec

_CHUNK: Final = 16


class OpenClipConfig(PluginConfig):
    """Knobs of the open_clip encoder."""

    type: Literal["open_clip"] = "open_clip"
    model: str = knob(
        clip_files.SMALL,
        "small_clip, which is bundled; a model name of open_clip; or the path of a JSON "
        "model configuration",
    )
    checkpoint: str = knob(
        "", "path of weights; those beside the model configuration when it is empty"
    )
    pretrained: str = knob(
        "", "tag of weights that open_clip publishes for the model, in place of a checkpoint"
    )
    language: Language = knob("mixed", "language of titles; mixed is one of the two for each note")
    image_weight: float = knob(
        0.6, "share of the cover in an embedding, the title has the rest", ge=0, le=1
    )
    batch_size: int = knob(
        BATCH, "covers or titles that go through the network together", unit="notes", ge=1, le=4_096
    )

    @model_validator(mode="after")
    def _files_are_there(self) -> Self:
        """Check what costs nothing; the rest is checked when the encoder is built."""
        if self.checkpoint and self.pretrained:
            raise ValueError("name a checkpoint or a pretrained tag, not both")
        if self.checkpoint and not Path(self.checkpoint).is_file():
            raise ValueError(f"the checkpoint {self.checkpoint} does not exist")
        path = clip_files.config_path(self.model)
        if path is not None and not path.is_file():
            raise ValueError(f"the model configuration {path} does not exist")
        return self


class OpenClipEncoder(ContentEncoder[OpenClipConfig]):
    """Mixes the features of a rendered cover and of a title, both from one open_clip model.

    Notes go through the network in padded batches of one size on one thread.

    Raises:
        PluginError: model, weights or tokenizer are missing or do not fit together.
    """

    Config = OpenClipConfig

    def __init__(self, config: OpenClipConfig) -> None:
        super().__init__(config)
        self._dim = int(clip_files.read_config(config.model)["embed_dim"])
        self._model = _loaded(config.model, config.checkpoint, config.pretrained, config.batch_size)

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings: that of the model."""
        return self._dim

    def setup(self, spec: PlatformSpec) -> None:
        """Take the number of keywords of each category."""
        super().setup(spec)
        self._keywords_per_category = spec.n_keywords // spec.n_categories

    def encode(self, content: NoteContent) -> NDArray[np.float32]:
        """Return float32[n, D] unit-length embeddings; a note's does not depend on the batch."""
        n = content.key.shape[0]
        out = np.zeros((n, self._dim), np.float32)
        step = _CHUNK * self.config.batch_size
        for start in range(0, n, step):
            rows = np.arange(start, min(start + step, n))
            out[rows] = self._encode(take(content, rows))
        return out

    def titles(self, content: NoteContent) -> list[str]:
        """Return n titles of the notes' first keywords, with a mood and a trace of care."""
        return write_titles(content, self._keywords_per_category, self.config.language)

    def _encode(self, content: NoteContent) -> NDArray[np.float32]:
        share = np.float32(self.config.image_weight)
        mixed = np.zeros((content.key.shape[0], self._dim), np.float32)
        if share > 0:
            covers = render(content, self._keywords_per_category)
            mixed += share * self._model.image_features(covers)
        if share < 1:
            mixed += (1 - share) * self._model.text_features(self.titles(content))
        length = np.sqrt((mixed * mixed).sum(axis=1, keepdims=True))
        return np.asarray(mixed / np.maximum(length, 1e-12), np.float32)


@lru_cache(maxsize=2)
def _loaded(model: str, checkpoint: str, pretrained: str, batch_size: int) -> ClipModel:
    """Load a model once for the check before a run and for the run itself."""
    return load_model(model, checkpoint, pretrained, batch_size)
