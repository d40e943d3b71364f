"""Plug-ins are found by walking packages; doubles and malformed ones are refused."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.app.registry import BASES, LABELS, Registry, discover, registry
from simulator.contracts.errors import PluginError
from simulator.contracts.plugins import PluginConfig

ROOT = Path(__file__).resolve().parents[2]
POLICY = '''
    """A module."""
    from typing import Literal
    from simulator.contracts.config import knob
    from simulator.contracts.plugins import PluginConfig, TrafficPolicy

    class {name}Config(PluginConfig):
        """Knobs."""
        type: Literal["{type}"] = "{type}"
        strength: float = knob(1.0, "How strong.", ge=0, le=3)

    class {name}(TrafficPolicy[{name}Config]):
        """Does {type} things.

        At length.
        """
        Config = {name}Config
'''


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """Return a function that writes modules into a package of its own and returns its name."""
    name = f"package_of_{abs(hash(request.node.nodeid))}"
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")

    def write(**modules):
        for module, text in modules.items():
            path = tmp_path.joinpath(name, *module.split("_")).with_suffix(".py")
            path.parent.mkdir(exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(dedent(text))
        return name

    return write


def policy(name, type_):
    return POLICY.format(name=name, type=type_)


def test_what_is_installed():
    found = registry()
    assert found.kinds == tuple(LABELS) == tuple(base.kind for base in BASES)
    assert {"boost", "forced_insertion", "none"} <= set(found.plugins("policies"))
    assert {"category", "lookalike", "vector_pool", "item_cf"} <= set(found.plugins("recall"))
    assert "light" in found.plugins("pre_rank")
    assert "online_logistic" in found.plugins("rank")
    assert "mmr" in found.plugins("rerank")
    assert "synthetic" in found.plugins("content")
    assert registry() is found


@pytest.mark.parametrize("kind", LABELS)
def test_every_plugin_is_documented_and_builds(kind):
    for name, cls in registry().plugins(kind).items():
        assert registry().summary(kind, name)
        schema = registry().config_schema(kind, name)
        assert schema["properties"]["type"]["const"] == name
        undescribed = [
            field
            for field, info in cls.Config.model_fields.items()
            if field != "type" and not (info.description or info.annotation.__doc__)
        ]
        assert not undescribed, (kind, name, undescribed)
        if not any(info.is_required() for info in cls.Config.model_fields.values()):
            assert type(registry().build(kind, cls.Config())) is cls


def test_importing_everything_stays_light():
    code = (
        "from simulator.app.registry import registry; registry(); import sys; print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"torch", "open_clip", "streamlit"} & set(result.stdout.split())


def test_a_new_file_is_a_new_plugin(package):
    name = package(one=policy("One", "one"), deep_two=policy("Two", "two"))
    found = Registry(discover([name]))
    assert list(found.plugins("policies")) == ["one", "two"]
    assert found.plugins("recall") == {}
    assert found.summary("policies", "one") == "Does one things."
    assert found.config_schema("policies", "two")["properties"]["strength"]["maximum"] == 3
    cls = found.get("policies", "one")
    built = found.build("policies", cls.Config(strength=2))
    assert (type(built), built.config.strength) == (cls, 2.0)


def test_imported_private_and_unbound_classes_are_no_plugins(package):
    name = package(
        one=policy("One", "one"),
        other=f"""
            from {package()}.one import One, OneConfig
            from simulator.contracts.plugins import TrafficPolicy
            class Helper(TrafficPolicy[OneConfig]):
                "No Config."
            class _Hidden(TrafficPolicy[OneConfig]):
                Config = OneConfig
        """,
    )
    assert [cls.__name__ for cls in discover([name])] == ["One"]


def test_doubles_name_both_files(package):
    name = package(one=policy("One", "same"), two=policy("Two", "same"))
    with pytest.raises(PluginError, match=r"policy 'same': One in .*one\.py and Two in .*two\.py"):
        Registry(discover([name]))


def test_one_name_may_serve_two_kinds(package):
    text = policy("Two", "same").replace("TrafficPolicy", "Reranker")
    found = Registry(discover([package(one=policy("One", "same"), two=text)]))
    assert list(found.plugins("policies")) == list(found.plugins("rerank")) == ["same"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Literal["odd"]', "str"),
        ('Literal["odd"]', 'Literal["odd", "even"]'),
        ('Literal["odd"] = "odd"', 'Literal["Odd one"] = "Odd one"'),
        ("Config = OddConfig", "Config = dict"),
    ],
)
def test_malformed_configs_are_refused(package, old, new):
    text = policy("Odd", "odd")
    assert old in text
    with pytest.raises(
        PluginError, match=r'odd\.py: its Config must .* `type: Literal\["a_name"\]'
    ):
        Registry(discover([package(odd=text.replace(old, new))]))


def test_a_module_that_does_not_import_is_named(package):
    with pytest.raises(PluginError, match=r"\.bad cannot be imported: no such luck"):
        list(discover([package(bad="raise RuntimeError('no such luck')")]))


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.inner", "recall.missing"])
def test_a_missing_package_is_passed_over(name):
    assert list(discover([name])) == []


def entry(value):
    return EntryPoint(name="extra", value=value, group="notesim.plugins")


def test_entry_points_name_classes_or_modules(package):
    name = package(one=policy("One", "one"), two=policy("Two", "two"))
    entries = [entry(f"{name}.one:One"), entry(f"{name}.two"), entry(f"{name}.two:Two")]
    assert [cls.__name__ for cls in discover([], entries)] == ["One", "Two"]
    assert len(list(discover([name], entries))) == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{}.one:OneConfig", "names neither a plug-in class nor a module"),
        ("{}.one:Missing", "cannot be loaded"),
        ("{}.missing", "cannot be loaded"),
    ],
)
def test_bad_entry_points_are_named(package, value, message):
    name = package(one=policy("One", "one"))
    with pytest.raises(PluginError, match=rf"the entry point 'extra' .*{message}"):
        list(discover([], [entry(value.format(name))]))


def test_unknown_names_get_a_suggestion():
    with pytest.raises(PluginError, match=r"no policy 'bost'\. Did you mean 'boost'"):
        registry().get("policies", "bost")
    with pytest.raises(PluginError, match=r"no kind of plug-in 'policy'\. Did you mean 'policies'"):
        registry().plugins("policy")


def test_building_an_unknown_type_is_refused():
    class StrangeConfig(PluginConfig):
        type: str = "strange"

    with pytest.raises(PluginError, match="there is no recall channel 'strange'"):
        registry().build("recall", StrangeConfig())
