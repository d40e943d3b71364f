"""Can a test be believed? Checks that come before its numbers, on any table of an experiment."""

from simulator.experiments.trust.checks import trust_checks
from simulator.experiments.trust.records import LIMITS, CheckName, Limits, Record, TrustCheck

__all__ = ["LIMITS", "CheckName", "Limits", "Record", "TrustCheck", "trust_checks"]
