"""What is measured, from the tables of a run."""

from simulator.metrics.catalog import Family, Metric
from simulator.metrics.compute import Measures, compute, measure, store
from simulator.metrics.families import FAMILIES, metrics, names, remarks
from simulator.results.params import MetricParams

__all__ = [
    "FAMILIES",
    "Family",
    "Measures",
    "Metric",
    "MetricParams",
    "compute",
    "measure",
    "metrics",
    "names",
    "remarks",
    "store",
]
