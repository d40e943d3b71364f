"""What the networks minimise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.contracts.events import Head
from simulator.learning.networks import torch_alone
from simulator.ranking.multi_task.config import LossConfig

if TYPE_CHECKING:
    import torch

_ACTIONS: Final = slice(int(Head.LIKE), int(Head.DWELL))
_LARGEST: Final = -1e-6


def loss_by_head(
    logits: torch.Tensor, labels: torch.Tensor, *, is_entire_space: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each head's loss an impression, and the share of impressions that it learned from.

    Click: cross-entropy. Like, collect, comment, share: cross-entropy over clicked impressions; or
    over the entire space of impressions, of p_click·p against a click with the action (ESMM: Ma et
    al., SIGIR 2018). Dwell: squared error of log(1 + seconds) over clicked impressions.

    Args:
        logits: float32[b, N_HEADS].
        labels: float32[b, N_HEADS], 0 or 1, and log(1 + seconds).
        is_entire_space: which.

    Returns:
        float32[N_HEADS] twice.
    """
    torch = torch_alone()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    click = labels[:, :1]
    if is_entire_space:
        actions = _joint_entropy(logits, labels)
    else:
        actions = click * entropy(logits[:, _ACTIONS], labels[:, _ACTIONS], reduction="none")
    dwell = click * (logits[:, Head.DWELL :] - labels[:, Head.DWELL :]).square()
    first = entropy(logits[:, :1], click, reduction="none")
    losses = torch.cat([first, actions, dwell], dim=1).mean(dim=0)
    share = click.mean().expand(len(Head)).clone()
    share[Head.CLICK] = 1.0
    if is_entire_space:
        share[_ACTIONS] = 1.0
    return losses, share


def total_loss(
    losses: torch.Tensor, share: torch.Tensor, log_variance: torch.Tensor, config: LossConfig
) -> torch.Tensor:
    """Return the loss that the heads add up to; see `LossConfig`.

    Args:
        losses: float32[N_HEADS] an impression.
        share: float32[N_HEADS], share of impressions that each comes from.
        log_variance: float32[N_HEADS], s.
        config: weights.
    """
    weights = torch_alone().tensor([getattr(config, head.name.lower()) for head in Head])
    if config.weighting == "uncertainty":
        losses = (-log_variance).exp() * losses + 0.5 * share * log_variance
    total: torch.Tensor = (weights * losses).sum()
    return total


def _joint_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    log_sigmoid = torch_alone().nn.functional.logsigmoid
    log_p = (log_sigmoid(logits[:, :1]) + log_sigmoid(logits[:, _ACTIONS])).clamp_max(_LARGEST)
    happened = labels[:, :1] * labels[:, _ACTIONS]
    log_not = (-log_p.exp()).log1p()
    entropy: torch.Tensor = -(happened * log_p + (1.0 - happened) * log_not)
    return entropy
