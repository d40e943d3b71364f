"""Valid scenarios: defaults, parents, blocks that merge, and the resolved form."""

import pickle
from collections import Counter

import numpy as np
import pytest

from simulator.app.loading import load_scenario, read_tree, validate
from simulator.app.model import DEFAULT_RECALL, scenario_model
from simulator.app.overrides import parse_assignments
from simulator.contracts.errors import ScenarioError
from simulator.contracts.events import DAY_S
from simulator.world.config import BehaviorConfig, WorldConfig

BARE = {"name": "bare", "horizon": "2d"}


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_name_and_horizon_are_enough():
    scenario = load_scenario(BARE)
    assert (scenario.horizon_s, scenario.warm_up_s, scenario.seed) == (2 * DAY_S, 3 * DAY_S, 1)
    assert scenario.serving_window_s == 60
    assert scenario.policies == ()
    assert scenario.metrics == ()
    assert scenario.experiment is None
    assert scenario.world == WorldConfig()
    assert [config.type for config in scenario.recall] == [c["type"] for c in DEFAULT_RECALL]
    assert Counter(config.type for config in scenario.recall)["vector_pool"] > 1
    blocks = (scenario.content, scenario.pre_rank, scenario.rank, scenario.rerank)
    assert [block.type for block in blocks] == ["synthetic", "light", "online_logistic", "mmr"]


def test_every_top_level_field_is_described():
    bare = [name for name, info in scenario_model().model_fields.items() if not info.description]
    assert not bare


def test_yaml_values(write):
    path = write(
        "a.yaml",
        "name: a\nhorizon: 48h\nwarm_up: 0d\n"
        "world: {readers: {n: 1e3}, retention: {arrivals_per_day: ~}}\n"
        "policies:\n- &boost {type: boost, coefficient: 0x4, max_age: 21600}\n"
        "- {type: forced_insertion}\nmetrics: [ctr, new_note_ctr]\n",
    )
    scenario = load_scenario(path)
    assert scenario.world.readers.n == 1_000
    assert scenario.world.retention.arrivals_per_day is None
    assert scenario.horizon_s == 2 * DAY_S
    assert [policy.type for policy in scenario.policies] == ["boost", "forced_insertion"]
    assert scenario.policies[0].coefficient == 4.0
    assert scenario.policies[0].max_age == 6 * 3_600
    assert scenario.metrics == ("ctr", "new_note_ctr")


def test_an_alias_stands_for_what_it_names(write):
    path = write("a.yaml", "name: a\nhorizon: &t 2d\nwarm_up: *t\n")
    assert load_scenario(path).warm_up_s == 2 * DAY_S


def test_a_finding_behind_an_alias_points_at_its_anchor(write):
    path = write("a.yaml", "name: a\nhorizon: 2d\nrecall: &r\n- {type: x}\npolicies: *r\n")
    places = [(f.line, f.path, f.message) for f in validate(path)]
    assert places == [
        (4, "recall[0].type", "unknown recall channel"),
        (4, "policies[0].type", "unknown policy"),
    ]


def test_a_mistake_in_a_list_of_fixed_length_is_named_itself():
    weights = [0.1] * 24
    weights[5] = 3
    (finding,) = validate(BARE | {"world": {"sessions": {"hourly_weights": weights}}})
    assert finding.path == "world.sessions.hourly_weights[5]"
    assert (finding.message, finding.allowed) == ("out of range", "0 to 1")


def test_naming_one_knob_keeps_the_others_of_its_block():
    scenario = load_scenario(BARE | {"world": {"behavior": {"like": {"rate": 0.1}}}})
    expected = BehaviorConfig().like.model_copy(update={"rate": 0.1})
    assert scenario.world.behavior.like == expected


def test_parents_merge_by_key_and_replace_lists(write):
    write(
        "old.yaml",
        "name: old\nquestion: why\nhorizon: 9d\nmetrics: [ctr, dau]\n"
        "world: {readers: {n: 500, taste_noise: 1}, notes: {video_share: 0.5}}\n",
    )
    write(
        "middle.yaml",
        "name: middle\nextends: old.yaml\nworld: {readers: {n: 600}}\nmetrics: [mau]\n",
    )
    scenario = load_scenario(write("new.yaml", "name: new\nextends: middle.yaml\nseed: 7\n"))
    assert (scenario.name, scenario.question, scenario.seed) == ("new", "why", 7)
    assert scenario.world.readers.n == 600
    assert scenario.world.readers.taste_noise == 1.0
    assert scenario.world.notes.video_share == 0.5
    assert scenario.metrics == ("mau",)


def test_another_type_starts_afresh(write):
    write(
        "old.yaml",
        "name: old\nhorizon: 1d\nqueues: {type: separate, new_share: 0.4}\n"
        "rank: {type: online_logistic, keep: 33}\n",
    )
    same = load_scenario(write("same.yaml", "name: n\nextends: old.yaml\nrank: {keep: 34}\n"))
    assert same.rank.keep == 34
    assert same.queues.new_share == 0.4
    other = load_scenario(write("other.yaml", "name: n\nextends: old.yaml\nqueues: {type: free}\n"))
    assert other.queues.new_share == 0.1


def test_findings_keep_the_file_of_the_value(write):
    old = write("old.yaml", "name: old\nhorizon: 1d\nworld:\n  readers:\n    n: 1\n")
    new = write("new.yaml", "name: N\nextends: old.yaml\nworld:\n  notes: {n_categoriez: 3}\n")
    assert {(f.file, f.line, f.path) for f in validate(new, {"seed": "x"})} == {
        (str(new), 1, "name"),
        (str(old), 5, "world.readers.n"),
        (str(new), 4, "world.notes.n_categoriez"),
        ("--set", None, "seed"),
    }


def test_parent_in_another_folder_counts_from_the_child(write, tmp_path):
    (tmp_path / "deep").mkdir()
    write("old.yaml", "name: old\nhorizon: 1d\n")
    write("deep/middle.yaml", "name: middle\nextends: ../old.yaml\n")
    scenario = load_scenario(write("new.yaml", "name: new\nextends: deep/middle.yaml\n"))
    assert scenario.horizon_s == DAY_S


def test_a_mapping_extends_from_the_working_folder(write, tmp_path, monkeypatch):
    write("old.yaml", "name: old\nhorizon: 1d\n")
    monkeypatch.chdir(tmp_path)
    assert load_scenario({"name": "new", "extends": "old.yaml"}).horizon_s == DAY_S


def test_numpy_numbers_and_tuples_in_a_mapping():
    scenario = load_scenario(
        BARE | {"seed": np.int64(5), "thresholds": {"scale": np.float32(0.5), "bands": (3, 9)}}
    )
    assert (scenario.seed, scenario.thresholds.scale) == (5, 0.5)
    assert scenario.thresholds.bands == (3, 9)


@pytest.mark.parametrize("value", [{1, 2}, b"x", object(), np.zeros(2), len])
def test_what_is_no_data_is_refused(value):
    (finding,) = validate(BARE | {"seed": value})
    assert finding.path == "seed"
    assert finding.message.endswith("cannot stand in a scenario")


def test_a_mapping_inside_of_itself_is_refused():
    loop: dict[str, object] = dict(BARE)
    loop["world"] = loop
    (finding,) = validate(loop)
    assert finding.message.startswith("too large")


def test_hash_follows_what_a_result_depends_on():
    first = load_scenario(BARE)
    assert len(first.hash8) == 8
    same = load_scenario(BARE | {"name": "other", "question": "why", "metrics": ["ctr"]})
    assert same.hash8 == first.hash8
    others = [
        {"seed": 2},
        {"horizon": "3d"},
        {"world": {"readers": {"n": 500}}},
        {"rank": {"type": "online_logistic", "keep": 7}},
        {"policies": [{"type": "boost"}]},
        {"thresholds": {"scale": 0.5}},
        {"queues": {"new_share": 0.2}},
    ]
    hashes = {load_scenario(BARE | other).hash8 for other in others} | {first.hash8}
    assert len(hashes) == len(others) + 1
    assert load_scenario(BARE | {"horizon": 2 * DAY_S}).hash8 == first.hash8


def test_resolved_scenarios_pickle_and_load_again():
    scenario = load_scenario(BARE, {"policies": [{"type": "boost", "coefficient": 1.5}]})
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert load_scenario(scenario.to_mapping()) == scenario


def test_dumped_yaml_holds_every_value(write):
    scenario = load_scenario(BARE)
    tree = read_tree(write("dumped.yaml", scenario.dump_yaml()))
    assert tree.plain() == scenario.to_mapping()
    assert "experiment: null\n" in scenario.dump_yaml()


def test_overrides_from_python():
    scenario = load_scenario(
        BARE,
        {
            "seed": 3,
            "policies": [{"type": "boost", "coefficient": 1.5}],
            "world.readers.n": 500,
            "world": {"notes": {"video_share": 0.1}},
        },
    )
    assert scenario.seed == 3
    assert scenario.policies[0].coefficient == 1.5
    assert scenario.world.readers.n == 500
    assert scenario.world.notes.video_share == 0.1


def test_load_raises_what_validate_returns():
    with pytest.raises(ScenarioError) as caught:
        load_scenario(BARE, parse_assignments(["seed=x"]))
    assert list(caught.value.findings) == validate(BARE, parse_assignments(["seed=x"]))
