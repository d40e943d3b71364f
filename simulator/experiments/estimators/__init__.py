"""Estimators of the global effect as pure functions of plain numbers and arrays."""

from simulator.experiments.estimators.clusters import Estimate, hajek
from simulator.experiments.estimators.interleaving import (
    MergeRule,
    enumerate_merge,
    merge,
    tie_probability,
)
from simulator.experiments.estimators.sessions import SessionEffect, differences_in_q, reward_to_go
from simulator.experiments.estimators.two_sided import (
    Contrasts,
    allocation_rule,
    cr,
    cr_weights,
    lr,
    lr_weights,
    smrd,
    smrd_weights,
    tsri,
    tsri_weights,
    tsrn,
    tsrn_weights,
)

__all__ = [
    "Contrasts",
    "Estimate",
    "MergeRule",
    "SessionEffect",
    "allocation_rule",
    "cr",
    "cr_weights",
    "differences_in_q",
    "enumerate_merge",
    "hajek",
    "lr",
    "lr_weights",
    "merge",
    "reward_to_go",
    "smrd",
    "smrd_weights",
    "tie_probability",
    "tsri",
    "tsri_weights",
    "tsrn",
    "tsrn_weights",
]
