"""Bad tables get a clear error or a warning, never a silent number."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.errors import NotesimError
from simulator.experiments.analysis import (
    Gini,
    Mean,
    Plan,
    Quantile,
    Ratio,
    Settings,
    aggregate,
    analyze,
    decide,
    srm,
)
from tests.experiments.tables import clustered, readers

TABLE = readers(400)


def run(table=TABLE, metrics=("minutes",), unit="reader", **options):
    return analyze(table, metrics, unit, "arm", **options)


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t[t["arm"] == "control"], "needs two arms"),
    (lambda t: t.iloc[:0], "no rows"),
    (lambda t: t.drop(columns="minutes"), "no column 'minutes'"),
    (lambda t: t.drop(columns="arm"), "no column 'arm'"),
    (lambda t: t.assign(minutes="many"), "does not hold numbers"),
    (lambda t: t.assign(minutes=t.minutes.where(t.reader > 3)), "4 missing or infinite"),
    (lambda t: t.assign(minutes=t.minutes.where(t.reader > 0, np.inf)), "1 missing or infinite"),
    (lambda t: t.assign(arm=t["arm"].where(t.reader > 1)), "2 rows have no arm"),
    (lambda t: t.groupby("arm").head(1), "at least two"),
    (lambda t: t.assign(reader=t.reader // 2), "units are in several arms"),
    (
        lambda t: t.assign(arm=pd.Categorical(t["arm"], ["control", "treatment", "holdout"])),
        "no rows in arm 'holdout'",
    ),
])  # fmt: skip
def test_refuses_with_a_reason(change, message):
    with pytest.raises(NotesimError, match=message):
        run(change(TABLE))


@pytest.mark.parametrize(("options", "message"), [
    ({"settings": Settings(control="off")}, "no rows in control arm 'off'"),
    ({"covariate": {"minute": "minutes_before"}}, "unknown metric: minute"),
    ({"metrics": {}}, "no metric"),
    ({"metrics": {"m": Quantile("minutes", 1.5)}}, "level in"),
    ({"metrics": {"g": Gini("minus")}}, "not negative"),
    ({"metrics": {"r": Ratio("minutes", "zero")}}, "sums to zero"),
    ({"settings": Settings(shares={"control": 0.5})}, "every arm"),
    ({"cluster": "one"}, "1 cluster"),
])  # fmt: skip
def test_refuses_options_with_a_reason(options, message):
    table = TABLE.assign(zero=0, minus=-1.0, one=(TABLE["arm"] == "control").astype(int))
    with pytest.raises(NotesimError, match=message):
        run(table, **options)


def test_a_metric_that_is_zero_everywhere():
    effect = run(TABLE.assign(minutes=0.0))["minutes"]
    assert effect.difference == 0.0
    assert np.isnan(effect.p)
    assert np.isnan(effect.relative)
    assert any("does not vary" in text for text in effect.warnings)
    assert any("zero in total" in text for text in effect.warnings)


@pytest.mark.parametrize("constant", [0.0, 3.7])
def test_a_constant_covariate_changes_nothing(constant):
    effect = run(TABLE.assign(before=constant), covariate="before")["minutes"]
    assert effect.se == run()["minutes"].se
    assert effect.variance_reduction == 0.0
    assert any("'before' is constant" in text for text in effect.warnings)


def test_a_missing_pre_period_is_zero_with_an_indicator():
    known = TABLE.minutes_before.where(TABLE.reader % 4 > 0)
    effect = run(TABLE.assign(minutes_before=known), covariate="minutes_before")["minutes"]
    assert any("missing for some" in text for text in effect.warnings)
    full = run(covariate="minutes_before")["minutes"]
    assert full.se < effect.se < run()["minutes"].se


def test_a_pre_period_missing_for_everyone_is_as_none():
    table = TABLE.assign(minutes_before=np.nan)
    effect = run(table, covariate="minutes_before")["minutes"]
    assert effect.se == pytest.approx(run()["minutes"].se)


def test_a_ratio_whose_pre_period_is_empty_is_read_without_it():
    table = TABLE.assign(days=1.0 + TABLE.reader % 3, nothing=0.0)
    plain = run(table, {"m": Ratio("minutes", "days")})["m"]
    effect = run(table, {"m": Ratio("minutes", "days", ("nothing", "nothing"))})["m"]
    assert effect.difference == plain.difference
    assert effect.se == plain.se
    assert any("nothing of a covariate" in text for text in effect.warnings)


def test_missing_values_may_be_dropped():
    table = TABLE.assign(minutes=TABLE.minutes.where(TABLE.reader > 3))
    found = run(table, settings=Settings(missing="drop"))
    assert found.n_dropped == 4
    assert found["minutes"] == run(TABLE[TABLE.reader > 3])["minutes"]


def test_contaminated_units_may_be_dropped_and_invalidate():
    extra = TABLE.iloc[:3].assign(
        arm=np.where(TABLE["arm"][:3] == "control", "treatment", "control")
    )
    found = run(pd.concat([TABLE, extra]), settings=Settings(on_contamination="drop"))
    assert found.n_contaminated == 3
    assert found["minutes"].difference == pytest.approx(run(TABLE.iloc[3:])["minutes"].difference)
    assert decide(found, Plan("minutes")).decision == "INVALID"


def test_arm_names_with_markup_are_kept_and_escaped_in_print():
    name = "<b>new|bold</b>"
    found = run(TABLE.assign(arm=np.where(TABLE["arm"] == "control", "control", name)))
    assert found["minutes"].arm == name
    assert any("markup" in text for text in found.warnings)
    assert "&lt;b&gt;new&#124;bold&lt;/b&gt;" in found.to_markdown()
    assert "<b>" not in found.to_markdown()


def test_a_cluster_in_both_arms_is_said():
    table = clustered()
    table["arm"] = table.note % 2
    found = analyze(table, ["views"], "note", "arm", cluster="creator")
    assert any("not randomised whole" in text for text in found.warnings)


def test_aggregate_refuses_one_cluster():
    table = clustered()
    with pytest.raises(NotesimError, match="at least two"):
        aggregate(table.assign(creator=table["arm"]), {"v": Mean("views")}, "arm", "creator")


def test_srm():
    assert not srm([5_000, 5_100]).flagged
    assert srm([5_000, 5_600], side="reader").flagged
    assert srm([90, 910], [0.1, 0.9]).p == pytest.approx(0.2918, abs=1e-3)
    assert srm([0, 4]).p == pytest.approx(0.125)
    with pytest.raises(NotesimError):
        srm([10])


def test_srm_on_every_randomised_side():
    table = clustered()
    table["reader"] = np.arange(len(table)) // 4
    table["reader_arm"] = (table.reader % 10 == 0).astype(int)
    settings = Settings(sides={"reader": ("reader", "reader_arm")})
    found = analyze(table, ["views"], "creator", "arm", settings=settings)
    assert [(check.side, check.flagged) for check in found.srm] == [
        ("creator", False), ("reader", True),
    ]  # fmt: skip
