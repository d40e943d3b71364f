"""Does the world behave as published facts about such platforms say?"""

from simulator.metrics.realism.check import Checked, check_run, curves_of, summarise
from simulator.metrics.realism.curves import Curves
from simulator.metrics.realism.facts import FACTS, Fact

__all__ = ["FACTS", "Checked", "Curves", "Fact", "check_run", "curves_of", "summarise"]
