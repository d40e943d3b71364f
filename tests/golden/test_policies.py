"""No metric of the small world moves by accident, under any policy."""

import math

import pytest

from tests.golden.measure import FOLDER, HEADER, TOLERANCE, measure, policies, read


def test_every_policy_has_a_table():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(policies())


def agree(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-9)


@pytest.mark.parametrize("policy", policies())
def test_metrics_are_what_they_were(policy):
    expected, found = read(policy), measure(policy)
    assert expected.keys() == found.keys()
    moved = {
        name: f"{expected[name]} -> {found[name]}"
        for name in expected
        if not agree(expected[name], found[name])
    }
    assert not moved, f"meant to move? python -m tests.golden.measure: {moved}"


def test_tables_say_how_they_are_refreshed():
    for path in FOLDER.glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith(HEADER)


def test_policies_differ():
    tables = {policy: read(policy) for policy in ("none", "boost", "forced_insertion")}
    share = {policy: table["new_note_impression_share"] for policy, table in tables.items()}
    assert share["none"] < share["boost"]
    assert share["none"] < share["forced_insertion"]
