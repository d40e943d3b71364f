"""`--set`: paths, values in YAML, defaults that a path reaches into, and mistakes."""

import pytest

from simulator.app.loading import load_scenario, validate
from simulator.app.overrides import parse_assignments, parse_path
from simulator.contracts.errors import ScenarioError

BARE = {"name": "bare", "horizon": "2d"}


def loaded(*texts, base=None):
    return load_scenario(base or BARE, parse_assignments(texts))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("seed", ("seed",)),
        ("world.readers.n", ("world", "readers", "n")),
        ("policies[0].coefficient", ("policies", 0, "coefficient")),
        ("policies.0.coefficient", ("policies", 0, "coefficient")),
        ("a[1][2].b", ("a", 1, 2, "b")),
    ],
)
def test_paths(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["policies[0].coefficient=3", "policies.0.coefficient=3"])
def test_a_value_inside_of_a_list(text):
    base = BARE | {"policies": [{"type": "boost", "coefficient": 2}, {"type": "none"}]}
    scenario = loaded(text, base=base)
    assert [policy.type for policy in scenario.policies] == ["boost", "none"]
    assert scenario.policies[0].coefficient == 3.0
    assert base["policies"][0]["coefficient"] == 2


def test_values_are_yaml():
    scenario = loaded(
        "seed=0x10",
        "question='what = if: not'",
        "warm_up=1d",
        "metrics=[ctr, dau]",
        "policies=[{type: boost, coefficient: 1.5}]",
        "world.retention.arrivals_per_day=null",
    )
    assert scenario.seed == 16
    assert scenario.warm_up_s == 86_400
    assert scenario.metrics == ("ctr", "dau")
    assert scenario.policies[0].coefficient == 1.5


def test_a_path_into_a_default_keeps_its_type():
    scenario = loaded("rank.keep=50", "recall[0].k=7", "recall.9.k=8")
    assert (scenario.rank.type, scenario.rank.keep) == ("online_logistic", 50)
    assert scenario.recall[0].type == "category"
    assert (scenario.recall[0].k, scenario.recall[9].k) == (7, 8)
    assert len(scenario.recall) == len(load_scenario(BARE).recall)


def test_a_type_goes_before_fields_of_its_block():
    base = BARE | {"policies": [{"type": "forced_insertion"}]}
    scenario = loaded("policies[0].coefficient=3", "policies[0].type=boost", base=base)
    assert (scenario.policies[0].type, scenario.policies[0].coefficient) == ("boost", 3.0)


def test_a_later_override_wins():
    assert loaded("seed=1", "seed=2").seed == 2


ONE_MISTAKE = [
    ("seed=x", "seed", "wrong type", None),
    ("seed=.nan", "seed", "must be a finite number", None),
    ("seed=", "seed", "wrong type", None),
    ("seed.x=3", "seed", "wrong type", None),
    ("name.x=3", "name.x", "a single value has nothing inside", None),
    ("sedd=3", "sedd", "unknown field", "seed"),
    ("world.raeders.n=5", "world.raeders", "unknown field", "readers"),
    ("world.readers.m=5", "world.readers.m", "unknown field", None),
    ("world.readers=3", "world.readers", "wrong type", None),
    ("world.readers.n=1e999", "world.readers.n", "the number is too large", None),
    ("world[0]=3", "world[0]", "a block has keys, not indexes", None),
    ("policies[0].coefficient=2", "policies[0]", "there is no such entry in the list", None),
    ("recall[99].k=2", "recall[99]", "there is no such entry in the list", None),
    ("recall.k=2", "recall.k", "there is no such entry in the list", None),
    ("recall[1].kk=2", "recall[1].kk", "unknown field for recall channel 'keyword'", "k"),
    ("rank.type=online_logistc", "rank.type", "unknown ranker", "online_logistic"),
    ("policies=[{type: bost}]", "policies[0].type", "unknown policy", "boost"),
    ("extends=other.yaml", "extends", "the parent cannot be overridden", None),
    ("a..b=1", "", "not a path", None),
    ("recall.-1=1", "", "not a path", None),
    ("[0]=1", "", "not a path", None),
    ("=1", "", "not a path", None),
    ("seed", "", "an override reads path=value", None),
    ("seed=[1", "seed", "not valid YAML", None),
    ("seed=!!python/name:os.system x", "seed", "tags are not allowed", None),
    ("seed=1\n---\n2", "seed", "more than one document", None),
    ("seed=*x", "seed", "an alias names an anchor that is not there", None),
]


@pytest.mark.parametrize(("text", "path", "message", "suggestion"), ONE_MISTAKE)
def test_one_mistake_one_finding(text, path, message, suggestion):
    with pytest.raises(ScenarioError) as caught:
        loaded(text)
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.path) == ("--set", None, path)
    assert finding.message.startswith(message)
    assert finding.suggestion == suggestion


def test_all_mistakes_at_once():
    findings = validate(BARE, {"recall[99].k": 2, "a..b": 1, "name.x": 3})
    assert [finding.path for finding in findings] == ["recall[99]", "", "name.x"]
    with pytest.raises(ScenarioError) as caught:
        parse_assignments(["seed", "seed=[1", "seed=1"])
    assert len(caught.value.findings) == 2
