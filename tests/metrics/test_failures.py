"""Why notes missed their quota: each factor planted alone is found, and terms add up."""

import numpy as np
import pandas as pd
import pytest

from simulator.metrics.failures import REASONS, STAGES, _explain, find_failures
from simulator.results.params import MetricParams

COUNTS = np.array([2_000, 800, 300, 60, 40])


def scene(n_good=20, n_bad=10, **weak):
    """Notes that reached the quota, and others that are alike but for one stage onwards."""
    rng = np.random.default_rng(1)
    rows = np.tile(COUNTS, (n_good + n_bad, 1)) * rng.uniform(0.9, 1.1, (n_good + n_bad, 1))
    early, demand = np.full(n_good + n_bad, 500.0), np.full(n_good + n_bad, 900.0)
    bad = slice(n_good, None)
    for stage, factor in weak.items():
        if stage in STAGES:
            rows[bad, STAGES.index(stage) :] *= factor
        else:
            {"early": early, "demand": demand}[stage][bad] *= factor
            rows[bad] *= factor
    notes = pd.DataFrame(np.round(rows), columns=list(STAGES))
    notes.insert(0, "reached", np.arange(n_good + n_bad) < n_good)
    return notes, early, demand


@pytest.mark.parametrize(
    ("weak", "reason"),
    [
        ("early", "night"),
        ("demand", "category"),
        ("recalled", "recall"),
        ("passed_pre_rank", "pre_rank"),
        ("passed_rank", "rank"),
        ("placed", "rerank"),
        ("examined", "view"),
    ],
)
def test_the_planted_reason_is_found(weak, reason):
    found = _explain(*scene(**{weak: 0.1}))
    failed = found.notes[~found.notes["reached"]]
    assert (failed["reason"] == reason).all()
    row = found.reasons.set_index("reason").loc[reason]
    assert (row["notes"], row["share"]) == (10, 1.0)
    assert row["mean_lag"] == pytest.approx(np.log(10), abs=0.25)
    assert (found.notes.loc[found.notes["reached"], "reason"] == "").all()


def test_terms_add_up_to_the_logarithm_of_the_shortfall():
    notes, early, demand = scene(passed_rank=0.3, demand=0.5)
    found = _explain(notes, early, demand)
    total = found.notes[[f"lag_{name}" for name in REASONS]].sum(axis=1)
    seen = np.log(notes["examined"] + 0.5)
    expected = seen[notes["reached"]].mean() - seen
    np.testing.assert_allclose(total, expected, atol=1e-9)


def test_without_enough_fulfilled_notes_the_best_are_the_yardstick():
    notes, early, demand = scene(n_good=3, n_bad=30, passed_rank=0.2)
    found = _explain(notes, early, demand)
    assert "most impressions" in found.reference
    assert (found.notes["reason"] == "").sum() == 3


def test_notes_that_no_channel_found_are_named(tmp_path):
    notes, early, demand = scene(recalled=0.0)
    found = _explain(notes, early, demand)
    assert (found.notes.loc[~found.notes["reached"], "reason"] == "recall").all()


def test_no_notes_at_all():
    notes, early, demand = scene(0, 0)
    found = _explain(notes, early, demand)
    assert found.notes.empty
    assert (found.reasons["notes"] == 0).all()


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    import simulator
    from tests.support.small_runs import TINY

    world = {**TINY, "horizon": "3d", "thresholds": {"scale": 0.02}}
    world["world"] = {**TINY["world"], "readers": {"n": 150}}
    return simulator.run(world, out=tmp_path_factory.mktemp("runs"))


def test_a_run_is_explained_note_by_note(result):
    params: MetricParams = result.manifest.params
    found = find_failures(result.folder, params)
    outcomes = result.notes.set_index("note_id")
    assert len(found.notes) > 20
    reached = outcomes.loc[found.notes["note_id"], "reached_target_t"].notna().to_numpy()
    assert (found.notes["reached"].to_numpy() == reached).all()
    assert ((found.notes["reason"] == "") == reached).all()
    assert found.reasons["notes"].sum() == (~reached).sum()
    assert (found.funnel.loc["recalled"] >= found.funnel.loc["examined"]).all()


def test_a_run_whose_notes_all_have_time_left_has_nothing_to_explain(result):
    longer = result.manifest.params.model_copy(update={"quota_window_s": 4 * 86_400})
    found = find_failures(result.folder, longer)
    assert found.notes.empty
    assert (found.reasons["notes"] == 0).all()


def test_the_command_prints_a_table_and_json(result, tmp_path):
    import json

    from typer.testing import CliRunner

    from simulator.app.cli.application import app

    out = tmp_path / "notes.csv"
    done = CliRunner().invoke(app, ["failures", str(result.folder), "--out", str(out)])
    assert done.exit_code == 0
    assert "missed their quota" in done.stdout
    assert "lost at rank" in done.stdout
    assert len(pd.read_csv(out)) > 20
    facts = json.loads(CliRunner().invoke(app, ["failures", str(result.folder), "--json"]).stdout)
    assert sum(row["notes"] for row in facts["reasons"]) == facts["missed"]
