"""What each policy brings in one small world: measured, written down, read back.

Refresh the tables after a change that is meant to move them, and say why in the changelog:

    python -m tests.golden.measure
"""

import math
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

import simulator
from simulator.app.registry import registry
from tests.support.small_runs import TINY

FOLDER = Path(__file__).parent
TOLERANCE = 1e-3
"""Relative: numeric libraries may round differently, a change of behaviour moves more."""

SCENARIO = {
    **TINY,
    "name": "golden",
    "horizon": "2d",
    "world": {**TINY["world"], "readers": {"n": 150}},
    "thresholds": {"scale": 0.03},
}
HEADER = f"""\
# Metrics of a small world under one policy. Compared with a relative tolerance of {TOLERANCE}.
# Refresh all of these files with: python -m tests.golden.measure
"""


def policies() -> list[str]:
    """Return the names of all policies of this project."""
    return sorted(registry().configs("policies"))


def measure(policy: str) -> dict[str, float | None]:
    """Run the small world under a policy and return its metrics, None where not defined."""
    scenario = {**SCENARIO, "policies": [{"type": policy}]}
    with tempfile.TemporaryDirectory() as folder:
        metrics = simulator.run(scenario, out=folder).metrics
    return {str(name): None if math.isnan(x) else float(x) for name, x in metrics.items()}


def read(policy: str) -> dict[str, float | None]:
    """Return the metrics that were written down."""
    return YAML(typ="safe").load((FOLDER / f"{policy}.yaml").read_text(encoding="utf-8"))


def refresh() -> None:
    """Write the metrics of every policy down."""
    yaml = YAML()
    yaml.default_flow_style = False
    for policy in policies():
        path = FOLDER / f"{policy}.yaml"
        rounded = {
            name: x if x is None else float(f"{x:.9g}") for name, x in measure(policy).items()
        }
        with path.open("w", encoding="utf-8") as file:
            file.write(HEADER)
            yaml.dump(rounded, file)


if __name__ == "__main__":
    refresh()
