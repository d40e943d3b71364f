"""How a ranker's predictions become the one value by which notes are ordered."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Config, knob
from simulator.ranking.fusion_kernels import fuse

Rule = Literal["click_times_sum", "weighted_sum", "power_product", "rank_sum", "product"]

_RULES: Final[dict[Rule, int]] = {
    "click_times_sum": 0,
    "weighted_sum": 1,
    "power_product": 2,
    "rank_sum": 3,
    "product": 4,
}
_SIGNALS: Final = ("click", "like", "collect", "comment", "share", "dwell")


class ExponentsConfig(Config):
    """Exponents a of the signals; read by `power_product`, `rank_sum` and `product`."""

    click: float = knob(1.0, "Exponent of the click.", ge=0, le=10)
    like: float = knob(1.0, "Exponent of the like.", ge=0, le=10)
    collect: float = knob(1.0, "Exponent of the collect.", ge=0, le=10)
    comment: float = knob(1.0, "Exponent of the comment.", ge=0, le=10)
    share: float = knob(1.0, "Exponent of the share.", ge=0, le=10)
    dwell: float = knob(1.0, "Exponent of the reading time.", ge=0, le=10)


class FusionConfig(Config):
    """How predictions become one value (course slides on ranking).

    A signal s is the predicted probability, and log(1 + seconds) for reading. Click is a chance
    an impression, the other signals suppose a click.
    """

    rule: Rule = knob(
        "click_times_sum",
        "`click_times_sum`: p_click·(1 + Σ w·s); `weighted_sum`: p_click + Σ w·s, with the same Σ "
        "over all signals but click; `power_product`: Π (1 + w·s)^a; `rank_sum`: Σ w/(r^a + b), r "
        "the place of the note among the request's candidates by that signal, from 1; "
        "`product`: Π s^a.",
    )
    click: float = knob(
        10.0,
        "Weight of p_click in `power_product` and `rank_sum`.",
        ge=0,
        le=1_000,
        tunable=True,
    )
    like: float = knob(1.0, "Weight of p_like.", ge=0, le=1_000, tunable=True)
    collect: float = knob(1.0, "Weight of p_collect.", ge=0, le=1_000, tunable=True)
    comment: float = knob(4.0, "Weight of p_comment.", ge=0, le=1_000, tunable=True)
    share: float = knob(4.0, "Weight of p_share.", ge=0, le=1_000, tunable=True)
    dwell: float = knob(
        0.1, "Weight of log(1 + expected seconds of reading).", ge=0, le=1_000, tunable=True
    )
    exponents: ExponentsConfig = ExponentsConfig()
    offset: float = knob(10.0, "Offset b of `rank_sum`.", unit="places", ge=0, le=10_000)


class Fusion:
    """Fuses predictions by the rule of a configuration.

    Args:
        config: rule, weights and exponents.
    """

    def __init__(self, config: FusionConfig) -> None:
        self._rule = _RULES[config.rule]
        self._offset = config.offset
        self._weights = np.array([getattr(config, name) for name in _SIGNALS], np.float32)
        exponents = [getattr(config.exponents, name) for name in _SIGNALS]
        self._exponents = np.array(exponents, np.float32)

    def __call__(
        self, p: NDArray[np.float32], log_dwell: NDArray[np.float32], n: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return the fused values of a batch.

        Args:
            p: float32[B, K, N_HEADS], predictions.
            log_dwell: float32[B, K], log(1 + expected seconds of reading).
            n: int32[B], candidates in each row.

        Returns:
            float32[B, K], positive and finite, 0 where padded.
        """
        value = np.empty(log_dwell.shape, np.float32)
        fuse(p, log_dwell, n, self._rule, self._weights, self._exponents, self._offset, value)
        return value
