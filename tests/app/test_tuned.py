"""Tuned files: the same scenario as with overrides, in the user's own words."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.app import api
from simulator.app.files import bundled_scenarios
from simulator.app.line_merge import merged_lines
from simulator.app.tuned import diff, tuned_text
from simulator.contracts.errors import ScenarioError

BUNDLED = bundled_scenarios()

CHANGES = {
    "seed": st.integers(0, 10**9),
    "warm_up": st.sampled_from(["1d", "3d", 2 * 86_400]),
    "serving_window_s": st.integers(1, 600),
    "world.readers.n": st.integers(10, 5_000),
    "world.sessions.mean_per_active_day": st.floats(1, 5).map(lambda x: round(x, 4)),
    "world.behavior.like.rate": st.floats(1e-5, 0.5),
    "world.retention.arrivals_per_day": st.one_of(st.none(), st.floats(0, 50)),
    "queues.type": st.sampled_from(["free", "separate"]),
    "queues.new_share": st.floats(0, 1),
    "thresholds": st.fixed_dictionaries({"scale": st.floats(0.01, 1)}),
    "thresholds.quota_window": st.sampled_from([3_600, "6h", "1d"]),
    "rerank.n_slots": st.integers(4, 12),
    "recall[0].k": st.integers(1, 50),
    "policies": st.sampled_from(
        [
            [],
            [{"type": "boost", "coefficient": 3.5, "max_age": 21_600}],
            [{"type": "boost"}, {"type": "quota", "rule": "table", "table": [[1.0, 2.0]]}],
            [{"type": "quota", "later_stages": [{"target": 200, "window": "72h"}]}],
        ]
    ),
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_tuned_file_resolves_to_the_scenario_with_overrides(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BUNDLED)))
    keys = data.draw(st.lists(st.sampled_from(sorted(CHANGES)), unique=True, max_size=4))
    overrides = {key: data.draw(CHANGES[key], label=key) for key in keys}
    path = BUNDLED[name]
    try:
        wanted = api.resolve(path, overrides)
    except ScenarioError:
        return
    text = tuned_text(path.read_text(encoding="utf-8"), overrides, path)
    with tempfile.TemporaryDirectory() as folder:
        tuned = Path(folder) / "tuned.yaml"
        tuned.write_text(text, encoding="utf-8")
        found = api.resolve(tuned)
    assert found == wanted
    assert found.hash8 == wanted.hash8
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            assert line in text.splitlines()


@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_nothing_changes_without_overrides_and_little_with_one(name: str) -> None:
    path = BUNDLED[name]
    source = path.read_text(encoding="utf-8")
    changed = tuned_text(source, {"seed": 77}, path)
    lines = [line for line in diff(source, changed).splitlines()[2:] if line[0] in "+-"]
    assert "+seed: 77" in lines
    others = [line for line in lines if "seed" not in line and "extends" not in line]
    assert others == []


def test_quotes_order_and_comments_stay_and_durations_are_written_as_users_do() -> None:
    source = (
        "# first\nname: 'mine'  # why\nhorizon: \"3d\"\n\npolicies:\n"
        "- type: boost   # mild\n  # how strong\n  coefficient: 2\n# last\nwarm_up: 1d\n"
    )
    text = tuned_text(source, {"policies[0].max_age": 21_600, "policies[0].coefficient": 3})
    assert diff(source, text).splitlines()[3:] == [
        " policies:",
        " - type: boost   # mild",
        "   # how strong",
        "-  coefficient: 2",
        "+  coefficient: 3",
        "+  max_age: 6h",
        " # last",
        " warm_up: 1d",
    ]


def test_a_parent_that_is_no_bundled_scenario_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text("name: parent\nhorizon: 4d\nworld: {readers: {n: 50}}\n")
    child = tmp_path / "child.yaml"
    child.write_text("name: child  # mine\nextends: parent.yaml\n")
    text = tuned_text(child.read_text(), {"seed": 3}, child)
    assert "extends" not in text
    assert "# mine" in text
    elsewhere = tmp_path / "deep" / "tuned.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text(text)
    assert api.resolve(elsewhere) == api.resolve(child, {"seed": 3})


def test_a_path_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no such entry"):
        tuned_text("name: x\nhorizon: 1d\n", {"policies[3].coefficient": 2})


@given(
    st.lists(st.sampled_from("abc#"), max_size=8),
    st.lists(st.sampled_from("abc#"), max_size=8),
)
def test_merging_takes_every_change_and_nothing_else(source: list[str], after: list[str]) -> None:
    assert merged_lines(source, source, source) == source
    assert merged_lines(after, source, after) == source
    merged = merged_lines(source, source, after)
    assert [line for line in merged if line != "#"] == [line for line in after if line != "#"]
