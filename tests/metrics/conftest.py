"""Measure literal tables."""

import pytest

from simulator.metrics import compute
from simulator.results import build_unit_tables
from tests.support.run_tables import new_run, write_rows


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """Return a function that measures literal rows."""

    def measure_rows(params, events=(), notes=(), activity=None, rows_per_part=500_000):
        with new_run(tmp_path_factory.mktemp("runs") / "r", params) as run:
            write_rows(run, events, notes, activity, rows_per_part)
            build_unit_tables(run, params)
            return compute(run, params)

    return measure_rows
