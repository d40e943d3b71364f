"""One defect a row: each is found by its own check, and a clean test is left alone."""

import pytest

from simulator.experiments.defects import CLEAN, DEFECTS, Shape, run_defects
from simulator.experiments.errors import AnalysisError
from simulator.experiments.trust import trust_checks

NAMES = [
    "sample ratio", "contamination", "whale", "peeking", "novelty", "metric fishing", "thin pool",
    "shared quota", "clean",
]  # fmt: skip


def agree(rows):
    for row in rows:
        assert row.is_right, f"{row.defect}: {row.found:.0%}"
        if row.check is not None:
            assert row.rates[row.check] == row.found
        assert row.others <= 0.05, f"{row.defect}: {row.rates}"


@pytest.mark.statistical
def test_each_defect_is_found_in_its_own_row_and_none_in_the_clean_one():
    rows = run_defects(8)
    assert [row.defect for row in rows] == NAMES
    agree(rows)


@pytest.mark.slow
@pytest.mark.statistical
def test_a_hundred_seeds_of_every_defect():
    agree(run_defects(100, first_seed=1_001))


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_a_function_of_its_seed(defect):
    shape = Shape(n_readers=200, n_days=4, n_notes=30)
    first, again, other = (defect.implant(seed, shape) for seed in (5, 5, 6))
    assert first.table.equals(again.table)
    assert not first.table.equals(other.table)


def test_every_check_is_the_one_of_a_row():
    test = CLEAN.implant(1, Shape(n_readers=100))
    found = trust_checks(test.table, test.metrics, "reader", "arm", test.record)
    assert {check.name for check in found} == {defect.check for defect in DEFECTS if defect.check}


def test_a_demo_needs_a_seed():
    with pytest.raises(AnalysisError, match="one seed or more"):
        run_defects(0)
