"""The page Tune: knobs, the address, the preview, what is kept."""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import jobs, preview
from dashboard.preview import Answer, Pool
from dashboard.workspace import Workspace
from simulator.app import api
from simulator.app.resolved import ResolvedScenario
from tests.dashboard.conftest import Opened

STRENGTH = "policies[0].coefficient"


class Instead(Pool):
    """A pool that answers at once, with metrics that follow from the coefficient and the seed."""

    def __init__(self, tmp: Path) -> None:
        super().__init__(0)
        self.place = tmp
        self.asked: list[ResolvedScenario] = []
        self.replies = answers

    def _start(self) -> None:
        return None

    def submit(self, scenario: ResolvedScenario, flag: Path) -> Future[Answer]:
        self.asked.append(scenario)
        future: Future[Answer] = Future()
        self.replies(scenario, future)
        return future


def answers(scenario: ResolvedScenario, future: Future[Answer]) -> None:
    boost = getattr(scenario.policies[0], "coefficient", 1.0) if scenario.policies else 1.0
    luck = 0.01 * scenario.seed
    names = ("new_note_impression_share", "quota_fulfilment", "ctr", "new_note_ctr", "hide_rate")
    future.set_result(Answer(dict.fromkeys(names, 0.1 * boost + luck * (1 + boost / 9))))


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instead:
    found = Instead(tmp_path)
    monkeypatch.setattr(preview, "pool", lambda: found)
    return found


def said(page: AppTest) -> str:
    boxes = [*page.caption, *page.info, *page.warning, *page.error, *page.markdown]
    return "\n".join(str(box.value) for box in boxes)


def assigned(page: AppTest) -> list[str]:
    found = page.query_params.get("set", [])
    return [found] if isinstance(found, str) else list(found)


def card(page: AppTest, label: str):
    return next(box for box in page.metric if box.label == label)


def test_an_empty_workspace_shows_the_levels_of_the_first_scenario(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path)
    assert page.selectbox(key="tune-pick").value == "quickstart"
    assert len(page.metric) == 5
    assert all(not box.delta for box in page.metric)
    assert "Nothing differs" in said(page)
    assert len(pool.asked) == len(preview.SEEDS)  # both sides are one


def test_a_slider_keeps_its_ends_while_it_is_moved(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path, scenario="strong_boost")
    slider = next(box for box in page.slider if f"slide|{STRENGTH}" in str(box.key))
    ends = (slider.min, slider.max)
    slider.set_value(slider.value + 10 * slider.step).run()
    again = next(box for box in page.slider if f"slide|{STRENGTH}" in str(box.key))
    assert not page.exception
    assert (again.min, again.max) == ends
    assert again.value > 4


def test_a_knob_moves_the_cards_the_address_and_only_the_tuned_side(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path)
    pool.asked.clear()
    page.number_input(key=f"exact|{STRENGTH}").set_value(3.0).run()
    assert not page.exception
    assert assigned(page) == [f"{STRENGTH}=3.0"]
    assert len(pool.asked) == len(preview.SEEDS)
    assert card(page, "CTR of the whole feed").delta.startswith("+")
    assert "95 %" in said(page)
    slider = next(box for box in page.slider if STRENGTH in box.key)
    assert slider.value == 3.0


def test_the_address_brings_the_view_back(tmp_path: Path, open_page: Opened, pool: Instead) -> None:
    page = open_page("tune", tmp_path, scenario="quickstart", set=[f"{STRENGTH}=7", "seed=9"])
    assert page.number_input(key=f"exact|{STRENGTH}").value == 7.0
    assert {s.policies[0].coefficient for s in pool.asked} == {1.5, 7.0}


def test_what_means_nothing_in_the_address_is_named_and_left_out(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page(
        "tune", tmp_path, scenario="no", block="x", set=["a.b=1", "seed", f"{STRENGTH}=4", "[=2"]
    )
    assert page.number_input(key=f"exact|{STRENGTH}").value == 4.0
    assert "left out" in said(page)
    assert assigned(page) == [f"{STRENGTH}=4"]


def test_policies_are_added_exchanged_and_removed(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path)
    page.selectbox(key="policy|new").set_value("quota").run()
    assert [page.selectbox(key=f"policy|{i}").value for i in (0, 1)] == ["boost", "quota"]
    page.selectbox(key="policy|1").set_value("forced_insertion").run()
    assert page.selectbox(key="policy|1").value == "forced_insertion"
    page.button(key="drop|1").click().run()
    page.button(key="drop|0").click().run()
    assert not page.exception
    assert "No policy" in said(page)
    assert assigned(page) == ["policies=[]"]
    page.button(key="tune-reset").click().run()
    assert page.selectbox(key="policy|0").value == "boost"
    assert assigned(page) == []


def test_a_wrong_value_is_a_sentence_beside_its_knob_and_stops_the_preview(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path)
    page.text_input(key="text|policies[0].max_age").set_value("soon").run()
    assert "whole number and a unit" in said(page)
    page.text_input(key="text|policies[0].max_age").set_value("60d").run()
    assert "Allowed" in said(page)
    assert not page.metric
    page.button(key="tune-reset").click().run()
    assert not page.error
    assert len(page.metric) == 5


@pytest.mark.slow
def test_every_block_can_be_drawn_whole(tmp_path: Path, open_page: Opened, pool: Instead) -> None:
    from dashboard.knobs import BLOCKS

    for block in BLOCKS:
        page = open_page("tune", tmp_path, block=block)
        page.toggle(key="tune-everything").set_value(True).run()
        assert not page.exception, block


def test_a_pinned_baseline_takes_the_place_of_the_file(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path, set=[f"{STRENGTH}=4"])
    page.button(key="tune-pin").click().run()
    assert "Nothing differs" in said(page)
    page.button(key="tune-unpin").click().run()
    assert "Nothing differs" not in said(page)


def test_a_running_preview_shows_progress_and_can_be_cancelled(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    pool.replies = lambda scenario, future: None
    page = open_page("tune", tmp_path, set=[f"{STRENGTH}=4"])
    assert not page.metric
    page.button(key="tune-cancel").click().run()
    assert "cancelled" in said(page)
    pool.replies = answers
    page.button(key="tune-again").click().run()
    assert len(page.metric) == 5


def test_an_error_of_the_simulation_is_a_sentence(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    pool.replies = lambda scenario, future: future.set_result(Answer(None, "no <b>room</b>"))
    page = open_page("tune", tmp_path, set=[f"{STRENGTH}=4"])
    assert "could not run: no" in said(page)
    assert "<b>" not in said(page)


def test_workers_that_die_are_replaced_and_then_named(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    pool.replies = lambda scenario, future: future.set_exception(OSError("gone"))
    page = open_page("tune", tmp_path)
    assert "died twice" in said(page)
    assert len(pool.asked) == 2 * len(preview.SEEDS) or len(pool.asked) > len(preview.SEEDS)


def test_the_page_speaks_chinese(tmp_path: Path, open_page: Opened, pool: Instead) -> None:
    page = open_page("tune", tmp_path, lang="zh")
    assert page.title[0].value.startswith("调一调")
    assert card(page, "新笔记曝光占比").value


def test_a_full_run_is_queued_with_the_tuned_text_and_its_baseline(
    tmp_path: Path, open_page: Opened, pool: Instead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ensure_worker", lambda _place: None)
    page = open_page("tune", tmp_path, set=[f"{STRENGTH}=4"])
    page.button(key="tune-both").click().run()
    assert not page.exception
    found = {job.title: job for job in jobs.jobs(Workspace(tmp_path))}
    assert set(found) == {"quickstart (tuned)", "quickstart (baseline)"}
    queued = api.resolve(found["quickstart (tuned)"].folder / jobs.SCENARIO)
    assert queued.hash8 == api.resolve("quickstart", {STRENGTH: 4}).hash8


def test_the_export_shows_a_diff_and_saves_under_a_checked_name(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path, set=[f"{STRENGTH}=4"])
    assert any("+  - {type: boost, coefficient: 4," in box.value for box in page.code)
    for name, reply in (("../x", "1 to 64"), ("mine", "Saved as"), ("mine", "already")):
        page.text_input(key="save-as|quickstart").set_value(name)
        page.button(key="FormSubmitter:tune-save-Save here").click().run()
        assert not page.exception
        assert reply in said(page) + "".join(box.value for box in page.success)
    saved = tmp_path / "tuned" / "mine.yaml"
    assert list(tmp_path.rglob("*.yaml")) == [saved]
    assert api.resolve(saved).hash8 == api.resolve("quickstart", {STRENGTH: 4}).hash8
    again = open_page("tune", tmp_path, scenario="mine")
    assert again.number_input(key=f"exact|{STRENGTH}").value == 4.0


def test_the_boost_table_is_a_grid_and_its_mistakes_are_sentences(
    tmp_path: Path, open_page: Opened, pool: Instead
) -> None:
    page = open_page("tune", tmp_path, scenario="quota", set=["policies[0].rule=table"])
    assert "Rows: share of the window" in said(page)
    cells = [[1.0, 1.0], [1000.0, 1.0]]
    wrong = f"policies[0].table={json.dumps(cells)}"
    page = open_page("tune", tmp_path, scenario="quota", set=["policies[0].rule=table", wrong])
    assert "left out" in said(page)
    right = "policies[0].table=[[2.0, 1.0], [4.0, 1.5]]"
    page = open_page("tune", tmp_path, scenario="quota", set=["policies[0].rule=table", right])
    assert assigned(page) == ['policies[0].rule="table"', right]
    assert {s.policies[0].table for s in pool.asked} == {None, ((2.0, 1.0), (4.0, 1.5))}
