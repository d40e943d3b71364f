"""The JSON Schema that editors use, and how the model follows the plug-ins."""

import json
from typing import Literal

import pytest
from pydantic import ValidationError

from simulator.app.loading import json_schema, load_scenario
from simulator.app.model import build_model
from simulator.app.registry import Registry, registry
from simulator.app.schema import DIALECT
from simulator.contracts.config import Config, knob
from simulator.contracts.errors import PluginError
from simulator.contracts.plugins import ExperimentDesign, PluginConfig, TrafficPolicy

BARE = {"name": "bare", "horizon": "2d"}


class PushConfig(PluginConfig):
    """Knobs of a policy that exists in this test alone."""

    type: Literal["push"] = "push"
    strength: float = knob(..., "How strong.", ge=0, le=3)


class Push(TrafficPolicy[PushConfig]):
    """Pushes."""

    Config = PushConfig


class CoinConfig(PluginConfig):
    """Knobs of a design that exists in this test alone."""

    type: Literal["coin"] = "coin"


class Coin(ExperimentDesign[CoinConfig]):
    """Tosses a coin."""

    Config = CoinConfig


class TinyWorld(Config):
    """A world of one knob."""

    n: int = knob(3, "How many.", ge=1)


@pytest.fixture(scope="module")
def schema():
    return json_schema()


def test_it_is_plain_json_of_the_right_dialect(schema):
    assert schema["$schema"] == DIALECT
    assert schema["title"] == "notesim scenario"
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_top_level(schema):
    assert set(schema["required"]) == {"name", "horizon"}
    assert schema["additionalProperties"] is False
    assert "extends" in schema["properties"]
    assert schema["properties"]["warm_up"]["default"] == "3d"
    assert "ctr" in schema["properties"]["metrics"]["items"]["enum"]
    assert all("description" in field for field in schema["properties"].values())


def test_plugin_blocks_require_their_type(schema):
    union = schema["properties"]["policies"]["items"]
    assert union["discriminator"]["propertyName"] == "type"
    assert set(union["discriminator"]["mapping"]) == set(registry().plugins("policies"))
    for reference in union["discriminator"]["mapping"].values():
        block = schema["$defs"][reference.rpartition("/")[2]]
        assert "type" in block["required"]


def test_valid_scenarios_satisfy_it(schema):
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    assert check.is_valid(BARE)
    assert check.is_valid(load_scenario(BARE, {"policies": [{"type": "boost"}]}).to_mapping())
    broken = [
        {"seed": "x"},
        {"policies": [{"coefficient": 2}]},
        {"policies": [{"type": "boost", "coefficient": 1000}]},
        {"polices": []},
        {"metrics": ["ctrr"]},
        {"recall": []},
    ]
    assert [check.is_valid(BARE | change) for change in broken] == [False] * len(broken)


def all_plugins(*more):
    found = registry()
    return Registry([cls for kind in found.kinds for cls in found.plugins(kind).values()] + [*more])


def test_a_new_plugin_needs_no_other_change():
    model = build_model(all_plugins(Push), TinyWorld, ["ctr"])
    scenario = model.model_validate(BARE | {"policies": [{"type": "push", "strength": 2}]})
    assert scenario.policies == (PushConfig(strength=2),)
    assert scenario.world == TinyWorld(n=3)
    assert "PushConfig" in json_schema(model)["$defs"]
    with pytest.raises(ValidationError, match="strength"):
        model.model_validate(BARE | {"policies": [{"type": "push"}]})


def test_designs_make_experiments_possible():
    with_coin = build_model(all_plugins(Coin), TinyWorld, [])
    assert with_coin.model_validate(BARE).experiment is None
    scenario = with_coin.model_validate(BARE | {"experiment": {"type": "coin"}})
    assert scenario.experiment == CoinConfig()


def test_a_missing_default_is_named():
    found = registry()
    others = [c for k in found.kinds if k != "rank" for c in found.plugins(k).values()]
    with pytest.raises(PluginError, match="the ranker 'online_logistic', which scenarios use by"):
        build_model(Registry(others), TinyWorld, [])
