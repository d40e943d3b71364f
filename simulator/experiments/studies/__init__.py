"""Records of many tests against the truth: scores by case, and the design to choose."""

from simulator.experiments.studies.advisor import Advice, Evaluation, advise, evaluate
from simulator.experiments.studies.cases import Case, CaseReading
from simulator.experiments.studies.horizons import until
from simulator.experiments.studies.null import null_rejection
from simulator.experiments.studies.scoring import CaseScore, case_scores

__all__ = [
    "Advice",
    "Case",
    "CaseReading",
    "CaseScore",
    "Evaluation",
    "advise",
    "case_scores",
    "evaluate",
    "null_rejection",
    "until",
]
