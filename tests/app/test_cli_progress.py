"""Progress: speed and time left from a clock of our own; a bar, lines, or silence."""

import pytest

from simulator.app.cli import progress
from simulator.contracts.events import DAY_S


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_pace_tells_day_speed_and_time_left(clock):
    pace = progress.Pace(4 * DAY_S, warm_up_days=1, clock=clock)
    assert pace.text(0.0, 0) == "warm-up day 1 of 1 · 0 impressions"
    clock.now += 10
    assert (
        pace.text(DAY_S, 5_000)
        == "day 1 of 3 · 5,000 impressions · 500/s · 30 s left, then metrics"
    )
    clock.now += 10
    text = pace.text(4 * DAY_S, 10_000)
    assert text == "day 3 of 3 · 10,000 impressions · 500/s · 0.0 s left, then metrics"


def test_a_resumed_run_counts_from_where_it_went_on(clock):
    pace = progress.Pace(10 * DAY_S, warm_up_days=0, clock=clock)
    pace.text(8 * DAY_S, 800_000)
    clock.now += 60
    text = pace.text(9 * DAY_S, 860_000)
    assert text == "day 10 of 10 · 860,000 impressions · 1,000/s · 1.0 min left, then metrics"


def test_off_a_terminal_there_is_one_line_a_minute_at_most(clock, capsys):
    lines = progress.LogLines(progress.Pace(DAY_S, 0, clock), clock)
    for step in range(200):
        clock.now += 1
        lines(step * 100.0, step)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert said[0] == " 7% · day 1 of 1 · 60 impressions · 1/s · 13.4 min left, then metrics"


@pytest.mark.parametrize(
    ("quiet", "forced", "kind"),
    [
        (True, True, progress.Silence),
        (False, False, progress.LogLines),
        (False, True, progress.LiveBar),
    ],
)
def test_the_reporter_suits_the_terminal(quiet, forced, kind, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if forced:
        monkeypatch.setenv("FORCE_COLOR", "1")
    assert type(progress.reporter(progress.Pace(DAY_S, 0), quiet=quiet)) is kind


def test_the_bar_shows_the_day_and_goes_away(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.LiveBar(progress.Pace(DAY_S, 0)) as bar:
        bar(DAY_S / 2, 1_234)
        bar(DAY_S / 2 + 1, 5_678)
    said = capsys.readouterr().err
    assert "creating the world" in said
    assert "1,234 impressions" in said
    assert "5,678" not in said
