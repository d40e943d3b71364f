"""Power before a test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.frames import experiment_plan as plans
from dashboard.frames.power import Planned, Spread, curve, detectable, growth, outlook, spreads
from dashboard.workspace import Workspace
from simulator.app.loading import load_scenario
from simulator.results.folder import MANIFEST

CTR = Spread("ctr", "reader", 0.10, 0.2, 1_000)


def test_four_times_the_units_see_half_the_effect() -> None:
    once, often = Planned(1.0, 0.5), Planned(4.0, 0.5)
    assert detectable(CTR, once) == pytest.approx(2.0 * detectable(CTR, often))
    # (1.960 + 0.842) · 0.2 · sqrt(2 / 500) / 0.1, from the formula by hand
    assert detectable(CTR, once) == pytest.approx(2.8016 * 0.2 * (2 / 500) ** 0.5 / 0.1, rel=1e-3)


def test_an_even_split_sees_most() -> None:
    assert detectable(CTR, Planned(1.0, 0.1)) > detectable(CTR, Planned(1.0, 0.5))


def test_the_curve_passes_four_fifths_at_the_detectable_effect() -> None:
    planned = Planned(1.0, 0.5)
    frame = curve(CTR, planned, {"as planned": 1.0, "double": 2.0})
    one = frame[frame["size"] == "as planned"]
    near = one.iloc[(one["effect"] - detectable(CTR, planned)).abs().argmin()]
    assert near["power"] == pytest.approx(0.8, abs=0.03)
    assert one["power"].is_monotonic_increasing
    assert one["power"].iloc[0] == pytest.approx(0.05)


def test_notes_grow_with_days_and_readers_do_not() -> None:
    assert growth((100, 3), (200, 9), "reader") == 2.0
    assert growth((100, 3), (200, 9), "note") == 8.0
    assert growth((100, 3), (200, 1), "note") == 0.0
    assert detectable(CTR, Planned(0.0, 0.5)) != detectable(CTR, Planned(0.0, 0.5))  # NaN


def test_a_run_tells_the_spread_of_its_readers(full_workspace: Path) -> None:
    place = Workspace(full_workspace)
    card = place.run_cards()[0]
    folder = place.runs / card.id
    found = spreads(folder, (folder / MANIFEST).stat().st_mtime, 2)
    by_name = {spread.metric: spread for spread in found}
    readers = place.open_run(card.id).readers
    ctr = readers["clicks"].sum() / readers["impressions"].sum()
    assert by_name["ctr"].level == pytest.approx(ctr, rel=0.2)
    assert by_name["ctr"].units == readers["reader_id"].nunique()
    table = outlook(found, {"reader": Planned(10.0, 0.5)})
    assert set(table["metric"]) <= {s.metric for s in found if s.side == "reader"}
    assert (table["detectable"] > 0).all()


def test_runs_of_the_same_world_come_first_and_tell_the_cost(full_workspace: Path) -> None:
    place = Workspace(full_workspace)
    card = next(card for card in place.run_cards() if card.facts.policies)
    scenario = load_scenario(
        place.runs / card.id / "scenario.resolved.yaml", {"world.readers.n": 240}
    )
    found = plans.sources(place, scenario)
    assert found[0].label == card.id
    assert found[0].is_control
    assert all(source.is_same_world for source in found)
    cheapest = min(source.cpu_s for source in found)
    assert plans.cost_s(found, scenario, 3) == pytest.approx(3 * 2 * cheapest)
    other = load_scenario("quickstart")
    assert not any(source.is_same_world for source in plans.sources(place, other))
    assert plans.cost_s(plans.sources(place, other), other, 3) is None


def test_knobs_are_those_that_can_be_tuned() -> None:
    knobs = {knob.name: knob for knob in plans.knobs_of("boost")}
    assert set(knobs) == {"coefficient", "until_impressions", "max_age"}
    assert (knobs["coefficient"].kind, knobs["coefficient"].low) == ("number", 0.1)
    assert knobs["until_impressions"].default is None
    assert (knobs["max_age"].kind, knobs["max_age"].default) == ("text", "1d")


def test_metrics_are_those_that_every_design_reads() -> None:
    block = {"type": "user_side", "share": 0.3}
    assert "ctr" in plans.read_by_all(["user_side", "plan2"], block)
    assert plans.read_by_all(["user_side", "author_side"], block) == []


def test_buckets_and_shared_notes_shrink_the_test() -> None:
    block = {"buckets": (0.2, 0.6), "both": 0.5}
    assert plans.inside_share(block, "reader") == pytest.approx(0.4)
    assert plans.inside_share(block, "note") == pytest.approx(0.2)
