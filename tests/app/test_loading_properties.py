"""Any scenario survives being written and read; any text is loaded or refused, never worse."""

import pytest
from annotated_types import Ge, Le
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.app.loading import load_scenario, validate
from simulator.app.model import scenario_model
from simulator.app.overrides import apply_overrides, parse_assignments
from simulator.app.spots import Shape
from simulator.app.tree import from_python, merge
from simulator.app.yaml_source import core_value, parse_mapping
from simulator.contracts.errors import ScenarioError

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXT,
    st.sampled_from(["1e999", "0x1", "2d", "~", "1_0", ".nan", "null", "category", "boost"]),
)
TREE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FRAGMENTS = st.sampled_from(
    [
        *("name: a\n", "horizon: 2d\n", "policies:\n", "- type: boost\n", "  ", "\t", "\n", ": "),
        *("- ", "[", "]", "{", "}", ",", "&a ", "*a", "!!str ", "!x ", "'", '"', "|\n", ">\n"),
        *("#", "%YAML 1.1\n", "---\n", "...\n", "<<: ", "? ", "\\", "\\x", "world", "readers"),
        *("\r", "\u2028", "\x85", "\ufeff", "\x00", "1e999", ".inf", "~", "extends: x\n", "@", "`"),
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(FRAGMENTS, max_size=25).map("".join))


def number_knobs(shape, path=()):
    """Yield the path and a strategy for every number with a range in a block, at any depth."""
    for name in shape.model.model_fields:
        field = shape.field(name)
        if field.model is not None:
            yield from number_knobs(field, (*path, name))
            continue
        low = next((m.ge for m in field.metadata if isinstance(m, Ge)), None)
        high = next((m.le for m in field.metadata if isinstance(m, Le)), None)
        if None in (low, high) or field.is_duration:
            continue
        if field.annotation is int:
            yield ".".join((*path, name)), st.integers(int(low), int(high))
        elif field.annotation is float:
            yield ".".join((*path, name)), st.floats(low, high)


WORLD = dict(number_knobs(Shape(scenario_model()).field("world"), ("world",)))
BASE = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
        "question": TEXT,
        "seed": st.integers(0, 2**63 - 1),
        "horizon": st.integers(1, 3_650).map("{}d".format),
        "warm_up": st.integers(0, 365).map("{}d".format),
        "serving_window_s": st.integers(0, 600),
        "thresholds": st.fixed_dictionaries({"scale": st.floats(1e-4, 10)}),
        "metrics": st.lists(st.sampled_from(["ctr", "dau", "mau"]), max_size=3),
        "policies": st.lists(
            st.fixed_dictionaries({"type": st.just("boost"), "coefficient": st.floats(0.1, 100)}),
            max_size=3,
        ),
    }
)
KNOBS = st.lists(st.sampled_from(sorted(WORLD)), max_size=5, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: WORLD[name] for name in names})
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("scenarios") / "any.yaml"


def test_there_are_knobs_to_turn():
    assert len(WORLD) > 40


@settings(QUICK, max_examples=20)
@given(base=BASE, knobs=KNOBS)
def test_what_is_dumped_loads_to_the_same(path, base, knobs):
    scenario = load_scenario(base, knobs)
    path.write_bytes(scenario.dump_yaml().encode())
    again = load_scenario(path)
    assert again == scenario
    assert again.hash8 == scenario.hash8
    assert load_scenario(scenario.to_mapping()) == scenario
    assert scenario.seed == base["seed"]
    for name, value in knobs.items():
        at = scenario
        for part in name.split("."):
            at = getattr(at, part)
        assert at == value


@pytest.mark.parametrize("text", ["\x85", "a\u2028b", "\u2029 ", "\ufeffa", "\r", "a\nb: \t"])
def test_line_breaks_of_every_kind_survive_a_dump(path, text):
    scenario = load_scenario({"name": "a", "horizon": "1d", "question": text})
    path.write_bytes(scenario.dump_yaml().encode())
    assert load_scenario(path).question == scenario.question == text


@settings(QUICK, max_examples=250)
@given(text=TEXTS)
def test_any_text_is_loaded_or_refused(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for finding in validate(path):
        assert finding.file == str(path)
        assert finding.line is None or 1 <= finding.line <= text.count("\n") + 1 + text.count("\r")


@QUICK
@given(data=st.binary(max_size=100))
def test_any_bytes_are_loaded_or_refused(path, data):
    path.write_bytes(data)
    assert validate(path)


@settings(QUICK, max_examples=150)
@given(key=st.sampled_from(sorted(scenario_model().model_fields)), value=TREE)
def test_any_value_anywhere_is_loaded_or_refused(key, value):
    base = {"name": "a", "horizon": "1d"} | {key: value}
    for finding in validate(base):
        assert finding.path.startswith(key)
        assert finding.message


@settings(QUICK, max_examples=150)
@given(texts=st.lists(TEXTS, max_size=3))
def test_any_override_is_applied_or_refused(texts):
    tree = from_python({"name": "a", "horizon": "1d", "policies": [{"type": "boost"}]})
    try:
        apply_overrides(tree, parse_assignments(texts), {"recall": [{"type": "category"}]})
    except ScenarioError as error:
        findings = error.findings
    else:
        return
    assert findings


@QUICK
@given(old=st.dictionaries(TEXT, TREE, max_size=4), new=st.dictionaries(TEXT, TREE, max_size=4))
def test_merging_is_idempotent_and_keeps_the_child(old, new):
    parent, child = from_python(old), from_python(new)
    merged = merge(parent, child)
    assert merge(merged, child) == merged
    assert set(merged.value) == old.keys() | new.keys()
    assert merge(child, child) == child


@QUICK
@given(value=st.one_of(st.integers(-(10**400), 10**400), st.floats(allow_nan=False)))
def test_numbers_read_as_python_writes_them(value):
    assert core_value(str(value).replace("inf", ".inf")) == value


@pytest.mark.parametrize("text", ["yes", "on", "1_000", "0b1", "1:30", "2001-01-01", "0o8", "1e"])
def test_only_core_values_are_special(text):
    assert core_value(text) == text
    assert parse_mapping(f"a: {text}", "x").plain() == {"a": text}
