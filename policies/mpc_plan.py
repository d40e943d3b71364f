"""The plan of model predictive control: which note gets how many impressions in which block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanInput:
    """What is to be shared out among m notes over k blocks of time.

    Attributes:
        need: float64[m], impressions that a note lacks beyond what comes without help.
        cap: float64[m, k], most that help can bring it in each block; 0 after its deadline.
        budget: float64[k], most that help may bring all notes together in each block.
        worth: float64[k], worth of an impression in each block, above 0.
    """

    need: Floats
    cap: Floats
    budget: Floats
    worth: Floats


def solve(plan: PlanInput) -> Floats:
    """Return float64[m, k], impressions by note and block that are worth most together.

    Linear program: max Σ worth·z subject to 0 ≤ z ≤ cap, Σ over blocks ≤ need, Σ over notes ≤
    budget; solved by the simplex of HiGHS. Where neither budgets nor needs of two notes meet, the
    plan is each note's own, and the program is not needed: then each note fills its best blocks.

    Raises:
        ArithmeticError: the solver found no solution, though doing nothing is one.
    """
    alone = _each_alone(plan)
    if (alone.sum(axis=0) <= plan.budget + 1e-9).all():
        return alone
    return _together(plan)


def _each_alone(plan: PlanInput) -> Floats:
    """Fill each note's blocks in the order of worth, as if there were no budget."""
    order = np.argsort(-plan.worth, kind="stable")
    cap = plan.cap[:, order]
    before = np.cumsum(cap, axis=1) - cap
    filled = np.clip(np.maximum(plan.need, 0.0)[:, None] - before, 0.0, cap)
    out = np.empty_like(filled)
    out[:, order] = filled
    return out


def _together(plan: PlanInput) -> Floats:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    m, k = plan.cap.shape
    at = np.arange(m * k)
    ones = np.ones(m * k)
    by_note = csr_array((ones, (at // k, at)), shape=(m, m * k))
    by_block = csr_array((ones, (at % k, at)), shape=(k, m * k))
    solution = milp(
        -np.tile(plan.worth, m),
        bounds=Bounds(0.0, np.maximum(plan.cap, 0.0).reshape(-1)),
        constraints=[
            LinearConstraint(by_note, ub=np.maximum(plan.need, 0.0)),
            LinearConstraint(by_block, ub=np.maximum(plan.budget, 0.0)),
        ],
    )
    if solution.x is None:
        raise ArithmeticError(f"the plan of {m} notes over {k} blocks failed: {solution.message}")
    return np.asarray(np.clip(solution.x.reshape(m, k), 0.0, plan.cap))
