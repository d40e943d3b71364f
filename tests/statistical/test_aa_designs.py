"""A/A tests of whole designs on one simulated world: rejections, p-values, coverage of nothing.

A treatment that is no change leaves the world as it is, to the bit, whoever is in which arm (the
engine's tests hold that). So one run stands for every randomisation of it: arms are drawn again by
other salts, and each draw is a test of no effect. With its table:
`python -m pytest -m "slow and statistical" -s tests/statistical/test_aa_designs.py`
"""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import simulator
from simulator.app import build
from simulator.app.loading import load_scenario
from simulator.app.registry import registry
from simulator.contracts.events import DAY_S
from simulator.contracts.spec import PlatformSpec
from simulator.experiments.reading import read

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

N_DRAWS = 400
SPEC = PlatformSpec(1, n_categories=20, n_keywords=400, keywords_per_note=3, embedding_dim=8)
DESIGNS = {
    "user_side": {},
    "author_side": {},
    "author_side by note": {"unit": "note"},
    "two_sided": {},
    "interleaving": {},
    "reader_clusters": {},
    "creator_clusters": {},
}
"""Name -> knobs. Plans 2, 3 and 4 hide notes from readers, so their arms do change the world."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    changes = {
        "policies": [], "treatment": [], "experiment": {"type": "two_sided"},
        "world.readers.n": 1_500, "warm_up": "3d",
    }  # fmt: skip
    return simulator.run(
        load_scenario("quickstart", changes), out=tmp_path_factory.mktemp("aa"), keep_events=False
    )


def grouped(world, design):
    """Put units into 24 groups that differ: by what they did before the test, or by topic."""
    if not hasattr(design, "label"):
        return None
    if "reader" in design.sides:
        before = world.readers[world.readers["day"] < 0].groupby("reader_id")["clicks"].sum()
        unit = before.sort_values(kind="stable").index.to_numpy()
        label = np.arange(unit.size) * 24 // unit.size
    else:
        first = world.notes.drop_duplicates("creator_id")
        unit, label = first["creator_id"].to_numpy(), first["category"].to_numpy()
    design.label = np.full(unit.max() + 1, -1, np.int32)
    design.label[unit] = np.unique(label, return_inverse=True)[1]
    drawn = design.groups()
    side = int(drawn.side == "creator")
    return pd.DataFrame(
        {"side": side, "unit_id": drawn.unit, "cluster": drawn.cluster, "arm": drawn.arm}
    )


def relabelled(world, design):
    """The same run with the arms of another draw."""
    clusters = grouped(world, design)
    readers, notes = world.readers, world.notes
    start_t = world.manifest.params.warm_up_days * DAY_S
    ids = notes["note_id"].to_numpy(np.int32)
    creators = notes["creator_id"].to_numpy(np.int32)
    is_new = (notes["published_t"] >= start_t).to_numpy()
    arms = design.note_arms(ids, creators, notes["category"].to_numpy(np.int16), is_new)
    met = world.meetings
    of_notes = relabelled_creators(design, met)
    return SimpleNamespace(
        meetings=met.assign(
            reader_arm=design.reader_arms(met["reader_id"].to_numpy()), note_arm=of_notes
        ),
        readers=readers.assign(reader_arm=design.reader_arms(readers["reader_id"].to_numpy())),
        notes=notes.assign(note_arm=arms),
        manifest=world.manifest,
        clusters=clusters,
    )


def relabelled_creators(design, met):
    """Arms of the notes that were met; those from before the start stay outside."""
    creators = met["creator_id"].to_numpy(np.int32)
    is_new = (met["note_arm"] != 2).to_numpy()
    return design.note_arms(creators, creators, np.zeros(creators.size, np.int16), is_new)


def draws(world, name):
    """Return the p-values and interval ends of every draw, one row a draw and metric."""
    cls = registry().plugins("experiment")[name.split()[0]]
    rows = []
    for k in range(N_DRAWS):
        design = cls(cls.Config(salt=f"draw{k}", **DESIGNS[name]))
        design.setup(SPEC)
        for metric, effect in read(relabelled(world, design), design).effects.items():
            rows.append(
                (name, metric, effect.p, effect.difference_low <= 0 <= effect.difference_high,
                 effect.relative_low <= 0 <= effect.relative_high)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=["design", "metric", "p", "covers", "covers_relative"])


def test_no_effect_is_found_as_often_as_stated(world):
    """Rejections at 5 % lie in the 99 % binomial band, Holm over cells; p-values are uniform."""
    table = summarised(pd.concat([draws(world, name) for name in DESIGNS], ignore_index=True))
    assert (table["p_rate"] > 0.01 / len(table)).all()
    assert (table["p_uniform"] > 0.01 / len(table)).all()


def summarised(found):
    """Return and print one row a design and metric: rejections, uniformity, coverage."""
    rows = []
    for (design, metric), cell in found.groupby(["design", "metric"], sort=False):
        n, rejected = len(cell), int((cell["p"] < 0.05).sum())
        binomial = stats.binomtest(rejected, n, 0.05).pvalue
        uniform = stats.kstest(cell["p"], "uniform").pvalue
        rows.append((design, metric, n, rejected / n, binomial, uniform, cell["covers"].mean(),
                     cell["covers_relative"].mean()))  # fmt: skip
    names = ["design", "metric", "n", "rejected", "p_rate", "p_uniform", "covers", "covers_rel"]
    table = pd.DataFrame(rows, columns=names)
    sys.stdout.write(f"\n{table.round(3).to_string(index=False)}\n")
    return table


HIDING = {"plan2": {}, "plan2 full": {"pool": "full"}, "plan3": {}, "plan4": {}}
"""Designs whose arms change the world: each draw is a run of its own."""

N_WORLDS = 40
SMALL = {"world.readers.n": 400, "horizon": "2d", "warm_up": "1d", "serving_window_s": 600}


def test_no_effect_is_not_found_too_often_where_arms_change_the_world(tmp_path):
    """A null treatment under arms of their own notes: intervals do not cover too seldom."""
    boost = [{"type": "boost", "coefficient": 2}]
    rows = []
    for name, knobs in HIDING.items():
        for k in range(N_WORLDS):
            test = {"type": name.split()[0], "salt": f"draw{k}", **knobs}
            changes = {**SMALL, "policies": boost, "treatment": boost, "experiment": test}
            scenario = load_scenario("quickstart", changes)
            run = simulator.run(scenario, out=tmp_path, keep_events=False)
            design = build.plugin("experiment", scenario.experiment)
            design.setup(build.platform_spec(scenario, 8))
            for metric, e in read(run, design).effects.items():
                rows.append((name, metric, e.p, e.difference_low <= 0 <= e.difference_high,
                             e.relative_low <= 0 <= e.relative_high))  # fmt: skip
    columns = ["design", "metric", "p", "covers", "covers_relative"]
    table = summarised(pd.DataFrame(rows, columns=columns))
    too_often = stats.binom.sf(np.round(table["rejected"] * table["n"]) - 1, table["n"], 0.05)
    assert (too_often > 0.01 / len(table)).all()
