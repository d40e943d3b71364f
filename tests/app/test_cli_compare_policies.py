"""`notesim compare-policies`: one command from policies to a report, and what the report says."""

import json
import re

import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from tests.support.small_runs import write_tiny

CASES = """\
name: s
question: Which <b>policy</b> is best?
scenario: tiny.yaml
seeds: 2
set: {horizon: 4d, shocks: [{type: publishing, at: 2d, factor: 3}], thresholds: {scale: 0.02}}
cases:
  - {name: none}
  - {name: boosted, set: {policies: [{type: boost, coefficient: 4}]}}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    write_tiny(folder / "tiny.yaml", question="Is it quick?")
    (folder / "s.yaml").write_text(CASES, encoding="utf-8")
    arguments = ["compare-policies", str(folder / "s.yaml"), "--out", str(folder / "o")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    (found,) = (folder / "o").iterdir()
    return result, found


@pytest.fixture(scope="module")
def facts(done):
    return json.loads((done[1] / "report.json").read_text(encoding="utf-8"))


def test_three_files_from_one_model(done, facts):
    result, folder = done
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    page = (folder / "report.html").read_text(encoding="utf-8")
    for sentence in facts["verdicts"]:
        assert sentence in result.stdout
        assert sentence in markdown
    assert "2 seeds, the same for every policy" in facts["verdicts"][0]
    assert page.count('<div class="chart"') == 6
    assert "new_note_ctr" in page


def test_the_page_needs_no_network_and_escapes_text(done):
    page = (done[1] / "report.html").read_text(encoding="utf-8")
    head = page[: page.index("<script>")]
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?https?:", head)
    assert "<b>policy</b>" not in head
    assert "&lt;b&gt;policy" in head


def test_differences_are_paired_and_their_noise_is_known(facts):
    rows = {(r["variant"], r["metric"]): r for r in facts["differences"]}
    pair = rows["boosted", "new_note_impression_share"]
    assert pair["n"] == 2
    assert pair["difference"] > 0
    assert pair["difference"] == pytest.approx(pair["value"] - pair["baseline"])
    assert 0 < facts["noise_removed"] <= 1


def test_curves_are_distributions(facts):
    for policy in ("none", "boosted"):
        curve = [row["share"] for row in facts["fulfilment"] if row["variant"] == policy]
        assert len(curve) == 25
        assert curve == sorted(curve)
        assert 0 <= curve[0] <= curve[-1] <= 1
        seen = [row["impressions"] for row in facts["exposure"] if row["variant"] == policy]
        assert seen == sorted(seen)


def test_the_front_holds_whoever_is_best_at_one_thing(facts):
    means = {row["variant"]: row for row in facts["means"]}
    for metric in ("quota_fulfilment", "time_spent_min_per_dau"):
        best = max(row[metric] for row in means.values())
        assert any(means[name][metric] == best for name in facts["front"])


def test_shocks_are_followed(facts):
    rows = {row["variant"]: row for row in facts["recovery"]}
    assert set(rows) == {"none", "boosted"}
    for row in rows.values():
        assert 0 < row["before"] <= 1
        assert 0 < row["lowest"] <= 1


def test_a_sweep_without_a_finished_run_has_no_report(tmp_path, monkeypatch):
    from simulator.app import api
    from simulator.contracts.errors import RunError

    def fail(*_: object):
        raise RunError("a plug-in broke", "rank")

    monkeypatch.setattr(api, "_simulate_and_measure", fail)
    write_tiny(tmp_path / "tiny.yaml", question="Is it quick?")
    (tmp_path / "s.yaml").write_text(CASES, encoding="utf-8")
    arguments = ["compare-policies", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "o")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "nothing to compare" in result.output
