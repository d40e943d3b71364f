"""Losses of a two-tower model, from scores of clicked notes and of negatives.

Every loss takes b clicks, their easy negatives from one pool of P notes, and H hard negatives of
their own; all scores are cosines over the temperature.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_NEVER = -1e9


@dataclass(slots=True)
class Scores:
    """Scores of one batch.

    Attributes:
        clicked: float32[b], of the notes clicked.
        easy: float32[b, P], of the pool; a click's own note is masked.
        easy_mask: bool[b, P], False for a click's own note.
        hard: float32[b, H].
        hard_mask: bool[b, H], False where there is none.
        log_p: float32[b], log probability with which in-batch sampling draws the notes clicked.
        log_p_easy: float32[P], the same of the pool.
        log_q_hard: float32[b, H], the same of hard negatives among hard negatives.
    """

    clicked: torch.Tensor
    easy: torch.Tensor
    easy_mask: torch.Tensor
    hard: torch.Tensor
    hard_mask: torch.Tensor
    log_p: torch.Tensor
    log_p_easy: torch.Tensor
    log_q_hard: torch.Tensor


def listwise(scores: Scores, hard_share: float) -> torch.Tensor:
    """Softmax cross-entropy of each click against its negatives, float32[b].

    Scores are corrected by the logarithm of how often sampling draws a note, so that popular ones
    are not punished for being drawn often (Yi et al., Sampling-bias-corrected neural modeling,
    RecSys 2019). Easy and hard negatives are mixed by weight: either sort counts as its mean.
    """
    import torch

    clicked = scores.clicked - scores.log_p
    easy = (scores.easy - scores.log_p_easy).masked_fill(~scores.easy_mask, _NEVER)
    n_easy = scores.easy.shape[1]
    sums = [clicked[:, None]]
    if hard_share < 1:
        sums.append(easy + math.log(1 - hard_share))
    if hard_share > 0:
        hard = (scores.hard - scores.log_q_hard).masked_fill(~scores.hard_mask, _NEVER)
        n_hard = scores.hard_mask.sum(dim=1, keepdim=True).clamp(min=1)
        sums.append(hard + torch.log(n_easy / n_hard) + math.log(hard_share))
    loss: torch.Tensor = torch.logsumexp(torch.cat(sums, dim=1), dim=1) - clicked
    return loss


def pairwise(scores: Scores, form: str, margin: float, n: int, hard_share: float) -> torch.Tensor:
    """Return float32[b], the mixed mean over negatives of one loss a pair.

    Logistic: log(1 + exp(s⁻ - s⁺)); hinge: max(0, s⁻ + margin - s⁺), both of scores that are
    cosines over the temperature, the margin too (course slides on two-tower training).
    """
    import torch

    def of(negative: torch.Tensor) -> torch.Tensor:
        apart = negative - scores.clicked[:, None]
        if form == "hinge":
            return torch.clamp(apart + margin, min=0.0)
        return torch.nn.functional.softplus(apart)

    return _mixed(scores, of, n, hard_share)


def pointwise(scores: Scores, bias: torch.Tensor, n: int, hard_share: float) -> torch.Tensor:
    """Return float32[b]: cross-entropy of a click as 1 and n negatives as 0.

    Negatives together weigh n times a click, for a ratio of 1:n (course slides: 1:2 or 1:3).
    """
    import torch

    softplus = torch.nn.functional.softplus
    negative = _mixed(scores, lambda score: softplus(score + bias), n, hard_share)
    return softplus(-(scores.clicked + bias)) + n * negative


def _mixed(
    scores: Scores, of: Callable[[torch.Tensor], torch.Tensor], n: int, hard_share: float
) -> torch.Tensor:
    import torch

    b, pool = scores.easy.shape
    at = (torch.arange(b)[:, None] + 1 + torch.arange(n)) % pool
    easy = _mean(of(scores.easy.gather(1, at)), scores.easy_mask.gather(1, at))
    hard = _mean(of(scores.hard), scores.hard_mask)
    return (1 - hard_share) * easy + hard_share * hard


def _mean(losses: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of each row where the mask is set, 0 for a row without."""
    return (losses * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
