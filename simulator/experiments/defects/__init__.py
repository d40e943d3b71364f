"""Tests with one defect each, to see that the checks find it, and find nothing in a clean one."""

from simulator.experiments.defects.clean import Shape, TestTables
from simulator.experiments.defects.demo import CLEAN, DEFECTS, Defect, Row, run_defects

__all__ = ["CLEAN", "DEFECTS", "Defect", "Row", "Shape", "TestTables", "run_defects"]
