"""What identifies a test of a study, and what it said."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.experiments.scorecard import Reading


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One question that a design may be chosen for.

    Attributes:
        world: name of the world; empty for all worlds together.
        policy: name of the change.
        days: length of the test.
        traffic: share of readers and notes in the test.
    """

    world: str
    policy: str
    days: int
    traffic: float


@dataclass(frozen=True, slots=True)
class CaseReading:
    """What one test says of one metric.

    Attributes:
        case: the question.
        reading: estimate and truth.
        cost: share of the readers' minutes that the platform lost while the test ran, against the
            same days without a test.
        null_rejection: share of random draws of arms on the world without treatment in which the
            metric is called different at the 5 % level; NaN where arms are not drawn by unit.
    """

    case: Case
    reading: Reading
    cost: float
    null_rejection: float
