"""Processes of one instant run in phase order, whatever the order in which they were started."""

from __future__ import annotations

import random

import pytest

from simulator.engine.clock import PHASE_TEXT, Clock, Phase


@pytest.mark.parametrize("shuffle_seed", range(5))
def test_phase_order_does_not_depend_on_start_order(shuffle_seed: int) -> None:
    seen: list[tuple[float, str]] = []
    phases = list(Phase)
    random.Random(shuffle_seed).shuffle(phases)
    clock = Clock(0.0, resumed=False)
    for phase in phases:
        clock.every(60, phase, lambda now, name=phase.name: seen.append((now, name)))
    clock.run(181.0)
    expected = [(t, p.name) for t in (0.0, 60.0, 120.0, 180.0) for p in sorted(Phase)]
    assert seen == expected


def test_resumed_clock_starts_after_what_is_done() -> None:
    times: list[float] = []
    clock = Clock(120.0, resumed=True)
    clock.every(60, Phase.PUBLISH, times.append)
    clock.run(300.0)
    assert times == [180.0, 240.0]


def test_every_phase_is_explained() -> None:
    assert set(PHASE_TEXT) == {phase.name for phase in Phase}
