"""The experiment lab: planning with power, reading beside the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard import jobs, task
from dashboard.experiment_cards import experiment_cards
from dashboard.frames import experiment as frames
from dashboard.panels.experiment_files import command
from dashboard.workspace import Workspace
from simulator.app import experiment_files, experiments
from simulator.app.loading import load_scenario
from tests.dashboard.conftest import Opened

EFFECT = {
    "metric": "ctr", "control": 0.10, "treatment": 0.11, "difference": 0.01,
    "difference_low": 0.004, "difference_high": 0.016, "relative": 0.1, "relative_low": 0.04,
    "relative_high": 0.16, "se": 0.003, "p": 0.001, "p_adjusted": 0.002, "n_units_control": 60,
    "n_units_treatment": 70, "variance_reduction": 0.1,
}  # fmt: skip
SRM = {"side": "reader_id", "counts": [60, 70], "expected": [65.0, 65.0], "p": 0.38,
       "flagged": False}  # fmt: skip
GUARD = {"metric": "time_min_per_reader", "margin": 0.02, "harm_low": -0.01, "harm_high": 0.01,
         "non_inferior": True, "violated": False}  # fmt: skip
VERDICT = {"decision": "SHIP", "guardrails": [GUARD],
           "reason": "ctr is significantly better and every guardrail holds"}  # fmt: skip


def reading(seed: int, design: str, estimate: float) -> dict[str, Any]:
    return {"seed": seed, "design": design, "metric": "ctr", "estimate": estimate,
            "low": estimate - 0.006, "high": estimate + 0.006, "truth": 0.002,
            "base": 0.1}  # fmt: skip


def score(design: str, bias: float) -> dict[str, Any]:
    return {"design": design, "metric": "ctr", "n": 2, "truth": 0.002, "estimate": 0.002 + bias,
            "bias": bias, "bias_se": 0.0005, "rmse": abs(bias), "coverage": 0.5, "power": 1.0,
            "wrong_sign": None}  # fmt: skip


def write_report(root: Path, **changes: object) -> Path:
    """Write the report of an experiment with two designs and two seeds, and return its folder."""
    test = {"design": {"type": "user_side"}, "primary": "ctr", "verdict": VERDICT,
            "effects": {"ctr": EFFECT}, "srm": [SRM], "remarks": ["a <b>remark</b>"]}  # fmt: skip
    report = {
        "name": "ab", "question": "Who <i>pays</i>?", "seeds": [1, 2],
        "tests": {"user_side": test, "quota_split": {**test, "srm": [{**SRM, "flagged": True}]}},
        "scores": [score("user_side", 0.008), score("quota_split", 0.001)],
        "advice": {"ctr": "quota_split"},
        "readings": [reading(seed, design, 0.01) for seed in (1, 2)
                     for design in ("user_side", "quota_split")],
        "runs": [{"world": "user_side", "seed": 1, "run": "runs/ab-1"}],
        **changes,
    }  # fmt: skip
    folder = root / "experiments" / "ab-0123abcd"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    (folder / "report.html").write_text("<html></html>", encoding="utf-8")
    return folder


def test_an_empty_workspace_plans_a_test(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("experiment", tmp_path)
    assert page.selectbox(key="plan-scenario").value == "ab_user_side_quota"
    assert any("No finished run has this world" in box.value for box in page.info)
    page = open_page("experiment", tmp_path, view="read")
    assert any("No experiment is finished" in box.value for box in page.info)


def test_power_is_told_from_a_finished_run(full_workspace: Path, open_page: Opened) -> None:
    page = open_page(
        "experiment", full_workspace, view="plan", scenario="quickstart", policy="boost",
        knobs='{"coefficient": 6.5, "nonsense": 1}', readers="20000", days="7", primary="ctr",
    )  # fmt: skip
    told = [box.value for box in page.markdown if "four times in five" in box.value]
    assert told
    assert "20,000 readers" in told[0]
    assert "7 day(s)" in told[0]
    assert page.number_input(key="knob-boost-coefficient").value == 6.5
    assert any("order of magnitude" in box.value for box in page.caption)


def test_a_planned_test_is_queued_as_it_was_agreed(
    full_workspace: Path, tmp_path: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ensure_worker", lambda _place: None)
    page = open_page(
        "experiment", tmp_path, view="plan", scenario="smoke", policy="boost", design="user_side",
        knobs='{"coefficient": 6.5}', readers="90", days="2", seeds="3", also="quota_split",
        primary="ctr", guard="time_min_per_reader", margin="25",
    )  # fmt: skip
    start = next(button for button in page.button if button.label == "Start the experiment")
    start.click().run()
    assert not page.exception
    (job,) = jobs.jobs(Workspace(tmp_path))
    asked = {key: job.options[key] for key in ("designs", "seeds", "primary", "guardrails")}
    assert asked == {"designs": ["user_side", "quota_split"], "seeds": 3, "primary": "ctr",
                     "guardrails": {"time_min_per_reader": 0.025}}  # fmt: skip
    scenario = load_scenario(job.folder / jobs.SCENARIO)
    assert scenario.treatment[0].model_dump()["coefficient"] == 6.5
    assert (scenario.world.readers.n, scenario.horizon_s) == (90, 2 * 86_400)


def test_the_job_hands_over_what_was_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ensure_worker", lambda _place: None)
    seen: list[Any] = []
    monkeypatch.setattr(experiments, "run_study", lambda *_args: None)
    monkeypatch.setattr(experiment_files, "write_experiment", lambda *args: seen.append(args[2]))
    text = load_scenario("ab_user_side_quota").dump_yaml()
    place = Workspace(tmp_path)
    options = {"designs": ["user_side"], "seeds": 1, "primary": "ctr", "guardrails": {"ctr": 0.02}}
    job = jobs.submit(place, "experiment", "ab", text, options)
    task.perform(place, job)
    assert (seen[0].primary, seen[0].guardrails) == ("ctr", {"ctr": 0.02})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_truth_is_shown_behind_the_switch_only(
    tmp_path: Path, open_page: Opened, lang: str
) -> None:
    write_report(tmp_path)
    words = {"en": "misses the truth", "zh": "没有包含真值"}[lang]
    page = open_page("experiment", tmp_path, lang=lang)
    assert not any(words in box.value for box in page.markdown)
    page = open_page("experiment", tmp_path, lang=lang, see="truth", design="quota_split")
    assert any(words in box.value for box in page.markdown)


def test_a_report_is_read_with_its_checks(tmp_path: Path, open_page: Opened) -> None:
    write_report(tmp_path)
    page = open_page("experiment", tmp_path, design="quota_split")
    assert any("Significantly better" in box.value for box in page.info)
    assert [card.value for card in page.metric][-1] == "broken"
    assert not any("<b>" in box.value.replace("\\<b\\>", "") for box in page.caption)


def test_reports_of_other_versions_and_broken_ones_do_no_harm(
    tmp_path: Path, open_page: Opened
) -> None:
    folder = write_report(tmp_path, readings=None, scores=None, advice=None, seeds=None, runs=None,
                          tests={"user_side": {}})  # fmt: skip
    broken = folder.parent / "broken"
    broken.mkdir()
    (broken / "report.json").write_text("[]", encoding="utf-8")
    assert [card.id for card in experiment_cards(Workspace(tmp_path))] == ["ab-0123abcd"]
    for see in ("platform", "truth"):
        open_page("experiment", tmp_path, view="read", see=see)


def test_nonsense_in_the_address_is_ignored(full_workspace: Path, open_page: Opened) -> None:
    page = open_page(
        "experiment", full_workspace, view="plan", scenario="none", policy="x", design="y",
        share="many", readers="-4", days="1e9", seeds="", knobs="{", primary="z", margin="a",
    )  # fmt: skip
    assert page.selectbox(key="plan-scenario").index == 0
    write = {"view": "no", "experiment": "../../etc", "see": "all"}
    open_page("experiment", full_workspace, **write)


def test_frames_hold_what_the_report_says(tmp_path: Path) -> None:
    write_report(tmp_path)
    (card,) = experiment_cards(Workspace(tmp_path))
    row = frames.effects(card.report, "user_side").iloc[0]
    assert (row["difference"], row["truth"], row["n_control"]) == (0.01, 0.002, 60)
    assert row["truth_relative"] == pytest.approx(0.02)
    assert not row["covered"]
    check = frames.checks(card.report, "user_side").iloc[0]
    assert (check["share"], check["expected"]) == (pytest.approx(70 / 130), 0.5)
    assert frames.guardrails(card.report, "user_side")["state"].tolist() == ["holds"]
    table = frames.scorecard(card.report, "ctr")
    assert table["best"].tolist() == [False, True]
    assert table["bias_share"].tolist() == pytest.approx([4.0, 0.5])
    assert len(frames.by_seed(card.report, "ctr")) == 4
    assert "--designs user_side,quota_split --seeds 2 --primary ctr" in command(card)
