"""Experiments: estimators under interference, worlds with known answers, and analysis."""
