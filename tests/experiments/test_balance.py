"""The pasts of the arms: alike by design, and seen where they are not."""

import pytest

from simulator.experiments.balance import CREATOR_PAST, READER_PAST, balance
from tests.experiments.hand_runs import design, run_of


def test_means_by_hand():
    run = run_of(design("plan2"))
    rows = {row.covariate: row for row in balance(run, design("plan2"))}
    assert set(rows) == {*READER_PAST.values(), *CREATOR_PAST.values()}
    before = run.readers[(run.readers["day"] < 0) & (run.readers["reader_arm"] == 1)]
    row = rows["clicks before the test"]
    assert row.treatment == pytest.approx(before.groupby("reader_id")["clicks"].sum().mean())
    assert all(row.p_adjusted > 0.001 or row.p != row.p for row in rows.values())


def test_arms_with_different_pasts_are_seen():
    run = run_of(design("user_side"))
    before = (run.readers["day"] < 0) & (run.readers["reader_arm"] == 1)
    run.readers.loc[before, "clicks"] += 3
    worst = min(balance(run, design("user_side")), key=lambda row: row.p_adjusted)
    assert worst.covariate == "clicks before the test"
    assert worst.p_adjusted < 0.001


def test_days_have_no_past_to_compare():
    run = run_of(design("switchback"))
    assert balance(run, design("switchback")) == []
