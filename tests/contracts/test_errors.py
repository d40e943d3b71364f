"""Errors survive being handed on: between processes, and through the simulated clock."""

import pickle

import pytest

from simulator.contracts.errors import Finding, PluginError, RunError, ScenarioError
from simulator.engine.clock import Clock, Phase
from simulator.engine.replication import InterruptedRunError

FINDINGS = (Finding("wrong type", file="a.yaml", line=3, path="seed"), Finding("unknown field"))
ERRORS = (
    RunError("The disk is full.", "write"),
    ScenarioError(FINDINGS),
    PluginError("no such plug-in"),
    InterruptedRunError("stopped at day 2, as asked"),
)
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@each_error
def test_an_error_can_be_pickled(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@each_error
def test_an_error_leaves_the_clock_as_it_was(error):
    def fail(_now: float) -> None:
        raise error

    clock = Clock(0.0, resumed=False)
    clock.every(60, Phase.PUBLISH, fail)
    with pytest.raises(type(error)) as caught:
        clock.run(100.0)
    assert str(caught.value) == str(error)
    assert vars(caught.value) == vars(error)


def test_what_the_texts_say():
    assert str(ERRORS[0]) == "The disk is full. (stage: write)"
    assert ERRORS[0].stage == "write"
    assert str(ERRORS[1]) == "a.yaml:3  seed: wrong type\nunknown field"
    assert ERRORS[1].findings == FINDINGS
