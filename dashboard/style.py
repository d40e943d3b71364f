"""Colours of the pages and the little CSS that they need."""

from __future__ import annotations

from typing import Final

ACCENT: Final = "#0072b2"
"""Colour of what was changed."""
CONTROL: Final = "#8a8f98"
"""Colour of what it is compared with."""
WARNING: Final = "#d55e00"
"""Colour of breaches, and of nothing else."""
SERIES: Final = ("#8a8f98", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Colours of up to six runs, baseline first; colour-blind readers tell them apart (Okabe, Ito)."""

STYLE: Final = """
<style>
[data-testid="stMetricValue"], [data-testid="stDataFrame"], [data-testid="stTable"] {
  font-variant-numeric: tabular-nums;
}
[data-testid="stMetricValue"] { font-size: 1.5rem; }
[data-testid="stMetricLabel"] p, [data-testid="stMetricDelta"], [data-testid="stMetricDelta"] * {
  white-space: normal !important; overflow: visible !important;
}
.block-container { padding-top: 3rem; max-width: 1200px; }
@media (max-width: 640px) { .block-container { padding-left: 1rem; padding-right: 1rem; } }
</style>
"""
