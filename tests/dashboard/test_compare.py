"""The page that compares runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.metrics import platform
from simulator.results.result import Result
from tests.dashboard.conftest import Opened


def test_an_empty_workspace_says_so(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("compare", tmp_path)
    assert any("no finished run" in box.value for box in page.info)


def test_two_runs_are_compared(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("compare", full_workspace, runs=_names(full_workspace))
    assert len(page.metric) == 5
    assert all(card.delta for card in page.metric)
    assert any("Paired:" in box.value for box in page.caption)
    assert any("no confidence interval for another world" in box.value for box in page.caption)
    table = page.dataframe[0].value
    assert {"Metric", "Baseline", "Difference", "Judgement"} <= set(table.columns)
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 4


def test_one_run_has_no_differences(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("compare", full_workspace, runs=_names(full_workspace)[:1])
    assert any("Choose a second run" in box.value for box in page.info)
    assert not any(card.delta for card in page.metric)


def test_runs_of_other_seeds_are_called_not_paired(
    full_workspace: Path, other_seed: Result, open_page: Opened
) -> None:
    root = other_seed.folder.parents[1]
    page = open_page("compare", root, runs=sorted(p.name for p in (root / "runs").iterdir()))
    assert any("Not paired" in box.value for box in page.warning)
    assert any("different numbers of days" in box.value for box in page.warning)
    names = [run.name for run in (root / "runs").iterdir()]
    page.selectbox(key="pick-against").select(max(names)).run()
    assert not page.exception
    assert page.query_params["against"] == max(names)


def test_axes_and_metric_stand_in_the_address(full_workspace: Path, open_page: Opened) -> None:
    page = open_page(
        "compare", full_workspace, runs=_names(full_workspace), metric="dau", y="quota_fulfilment"
    )
    assert page.selectbox(key="metric-metric").value == "dau"
    assert page.selectbox(key="metric-y").value == "quota_fulfilment"
    page.selectbox(key="metric-x").select("ctr").run()
    page.toggle(key="gap").set_value(True).run()
    assert not page.exception
    assert page.query_params["x"] == "ctr"
    assert page.query_params["gap"] == "1"


def test_nonsense_in_the_address_is_passed_over(full_workspace: Path, open_page: Opened) -> None:
    page = open_page(
        "compare", full_workspace, runs="../..", x="nothing", family="<b>", inspect="who"
    )
    assert page.selectbox(key="metric-x").value == "time_spent_min_per_dau"
    assert len(page.metric) == 5


def test_a_family_narrows_the_table(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("compare", full_workspace, runs=_names(full_workspace), family="platform")
    table: pd.DataFrame = page.dataframe[0].value
    assert set(table["Name"]) == {metric.name for metric in platform.METRICS}


def test_the_page_speaks_chinese(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("compare", full_workspace, lang="zh", runs=_names(full_workspace))
    assert page.title[0].value == "运行对比"
    assert page.metric[0].label == "新笔记曝光占比"


def _names(root: Path) -> list[str]:
    """Return the runs of the workspace, the one without a policy first."""
    return sorted((path.name for path in (root / "runs").iterdir()), reverse=True)
