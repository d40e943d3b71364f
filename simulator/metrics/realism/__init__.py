"""Does the world behave as published facts about such platforms say?"""

from simulator.metrics.realism.check import Checked, check_run, summarise
from simulator.metrics.realism.facts import FACTS, Fact

__all__ = ["FACTS", "Checked", "Fact", "check_run", "summarise"]
