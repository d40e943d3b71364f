"""Stylised facts: bands, verdicts, and values on tables whose answer is known."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.metrics import measure
from simulator.metrics.realism import FACTS, check_run, curves_of, summarise
from simulator.metrics.realism.facts import Band
from simulator.reports.realism_charts import place_in
from simulator.results import MetricParams, Result
from tests.support.run_tables import drawn_columns, new_run

PARAMS = MetricParams(warm_up_days=1, measured_days=12, threshold_scale=0.05)
CHANNELS = ("category", "lookalike", "item_cf", "popular")


def write(folder, change=lambda tables: None, params=PARAMS):
    tables = drawn_columns(params, 30_000, 400, seed=3)
    events = tables["events"]
    rng = np.random.default_rng(5)
    events["channels"] = np.uint32(1) << rng.integers(0, 4, events["t"].size).astype(np.uint32)
    change(tables)
    with new_run(folder, params, channels=CHANNELS) as run:
        for name, columns in tables.items():
            writer = run.writers(20_000)[name]
            writer.append(columns)
            writer.flush()
        measure(run, params)
        run.finish()
    return Result.open(run.path)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return write(tmp_path_factory.mktemp("run") / "r")


def test_facts_are_well_formed():
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    for fact in FACTS:
        assert fact.bands
        assert all(band.low <= band.high for band in fact.bands)
        assert fact.source
        assert fact.text.endswith(".")


def test_a_band_holds_its_ends():
    band = Band("x", 1, 2)
    assert [band.holds(x) for x in (0.99, 1, 2, 2.01)] == [False, True, True, False]
    assert band.holds(math.nan) is None


def test_every_fact_has_its_values(result):
    values = check_run(result)
    for fact in FACTS:
        for band in fact.bands:
            assert band.value in values, band.value


def test_values_of_known_tables(result):
    values, events = check_run(result), result.events()
    measured = events[events["day"] >= 0]
    assert values["likes_a_click"] == pytest.approx(
        measured["like"].sum() / measured["click"].sum()
    )
    hour = measured["t"] % 86_400 / 3_600
    assert values["night_share"] == pytest.approx((hour < 6).mean())
    late = (hour >= 20) | (hour < 3 + 1 / 3)
    assert values["evening_share"] == pytest.approx(late.mean())
    sizes = measured.groupby(["day", "reader_id", "session_no"]).size()
    assert values["session_cv"] == pytest.approx(sizes.std(ddof=0) / sizes.mean())
    counts = measured["position"].value_counts().sort_index()
    assert values["seen_last_to_first"] == pytest.approx(counts.iloc[-1] / counts.iloc[0])
    notes = result.notes
    young = notes[(notes["published_t"] >= 0) & (notes["published_t"] < PARAMS.end_t - 7 * 86_400)]
    x = np.sort(young["impressions"].to_numpy(float))
    pairs = np.abs(x[:, None] - x[None]).sum() / (2 * x.size**2 * x.mean())
    assert values["lifetime_gini"] == pytest.approx(pairs)


def test_half_life_and_peak_of_a_planted_decay(tmp_path):
    def decay(tables):
        events = tables["events"]
        rng = np.random.default_rng(1)
        n_notes = 60
        note = np.repeat(np.arange(n_notes), 500)[: events["t"].size]
        age = rng.exponential(2 / math.log(2), note.size) * 86_400
        tables["notes"]["published_t"][:n_notes] = 600.0
        events["note_id"] = note.astype(np.int32)
        events["note_age_s"] = age.astype(np.float32)

    values = check_run(write(tmp_path / "r", decay))
    assert values["half_life_days"] == pytest.approx(2, abs=0.15)
    assert values["peak_within_week"] > 0.95


@pytest.mark.parametrize(("order", "expected"), [((0, 1, 2), 1.0), ((2, 1, 0), 0.0)])
def test_the_retrieval_chain_is_an_order(tmp_path, order, expected):
    def chain(tables):
        events = tables["events"]
        rng = np.random.default_rng(1)
        channel = rng.integers(0, 3, events["t"].size)
        events["channels"] = (1 << channel).astype(np.uint32)
        events["note_impressions"] = np.array([5.0, 50.0, 500.0], np.float32)[
            np.array(order)[channel]
        ]
        events["note_age_s"] = np.full(events["t"].size, 3_600, np.float32)

    assert check_run(write(tmp_path / "r", chain))["chain_order"] == expected


GOOD = {
    band.value: (band.low + min(band.high, band.low + 1)) / 2 for f in FACTS for band in f.bands
}


def verdicts(values, days=20, policies=()):
    return {item.fact.name: item for item in summarise(values, days, policies)}


def test_verdicts_follow_the_bands():
    found = verdicts([GOOD])
    assert {name for name, item in found.items() if item.verdict == "not judged"} == {
        "reach_with_quota"
    }
    found.pop("reach_without_quota")
    assert all(item.verdict != "fail" for item in found.values())
    found = verdicts([{**GOOD, "ctr": 0.5}])
    assert found["click_rate"].verdict == "fail"
    assert "ctr 0.5 is above 0.16" in found["click_rate"].reason


def test_facts_about_support_wait_for_their_kind_of_run():
    assert verdicts([GOOD], policies=["boost"])["natural_share"].verdict == "not judged"
    assert verdicts([GOOD], policies=["none"])["natural_share"].verdict == "pass"
    quota = {**GOOD, "quota_fulfilment": 0.8}
    assert verdicts([quota], policies=["quota"])["reach_with_quota"].verdict == "pass"
    assert verdicts([GOOD], days=3)["hot_notes"].verdict == "not judged"


def test_seeds_are_judged_by_their_mean():
    runs = [{**GOOD, "ctr": x} for x in (0.05, 0.13)]
    item = verdicts(runs)["click_rate"]
    assert item.verdict == "pass"
    assert item.values["ctr"] == pytest.approx(0.09)
    assert item.spread["ctr"] == pytest.approx(np.std([0.05, 0.13], ddof=1))
    missing = verdicts([GOOD, {**GOOD, "ctr": math.nan}])["click_rate"]
    assert missing.verdict == "not judged"


def test_the_command_prints_verdicts_and_json(result):
    run = CliRunner().invoke
    done = run(app, ["realism", str(result.folder)])
    assert done.exit_code == 0, done.output
    assert "facts hold" in done.stdout
    facts = json.loads(run(app, ["realism", str(result.folder), "--json"]).stdout)
    assert facts["judged"] == sum(f["verdict"] != "not judged" for f in facts["facts"])
    assert facts["passed"] <= facts["judged"] <= len(FACTS)


def test_curves_are_shares_of_what_was_measured(result):
    found = curves_of(result)
    assert found.hours["share"].sum() == pytest.approx(1)
    assert found.slots["seen"].max() == 1
    assert found.ages["day"].between(0, 9).all()
    assert found.lorenz["impressions"].is_monotonic_increasing
    assert (found.lorenz["impressions"] <= found.lorenz["notes"] + 1e-9).all()


def test_the_click_rate_over_the_predicted_one_is_flat_where_predictions_are_right(
    tmp_path_factory,
):
    def better_first(tables):
        events = tables["events"]
        rng = np.random.default_rng(1)
        rate = np.where(events["position"] < 2, 0.3, 0.1)
        events["p_click"] = rate.astype(np.float32)
        events["click"] = (rng.random(rate.size) < rate).astype(np.uint8)

    slots = curves_of(write(tmp_path_factory.mktemp("run") / "r", better_first)).slots
    assert slots["ctr"].iloc[0] > 2 * slots["ctr"].iloc[5]
    assert slots["adjusted"].between(0.7, 1.3).all()


def test_the_report_holds_the_values_and_says_what_fails(result, tmp_path):
    out = tmp_path / "deep" / "report"
    done = CliRunner().invoke(app, ["realism", str(result.folder), "--out", str(out)])
    assert done.exit_code == 0, done.output
    content = json.loads((out / "realism.json").read_text())
    failed = [fact for fact in content["facts"] if fact["verdict"] == "fail"]
    assert failed
    html, text = (out / "realism.html").read_text(), (out / "realism.md").read_text()
    for fact in failed:
        assert fact["reason"] in text
    assert f"{content['passed']} of {content['judged']} facts hold" in html
    assert "http://" not in html.split("<script", 1)[0]


@pytest.mark.parametrize(
    ("x", "place"), [(2.0, 0.0), (4.0, 1.0), (3.0, 0.5), (100.0, 2.0), (-100.0, -1.0)]
)
def test_places_in_a_band(x, place):
    assert place_in(Band("x", 2, 4), x) == place


def test_a_band_without_end_is_as_wide_as_its_low_end():
    assert place_in(Band("x", 2, math.inf), 3) == 0.5


def test_a_band_of_one_value_has_it_in_the_middle():
    assert [place_in(Band("x", 1, 1), x) for x in (0, 1, 2)] == [-0.5, 0.5, 1.5]
