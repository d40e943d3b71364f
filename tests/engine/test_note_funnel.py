"""How far new notes came: counts agree with the log, narrow from stage to stage, survive a stop."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S
from simulator.engine.note_funnel import STAGES
from simulator.engine.replication import Hooks
from tests.support.small_runs import logged, prepare, simulate

WORLD = {"horizon": "2d", "world.readers.n": 150}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    prepare(folder, WORLD).run(Hooks())
    return {name: logged(folder, name) for name in ("note_funnel", "events", "notes")}


def test_every_note_that_grew_old_has_one_row(run):
    published = run["notes"].set_index("note_id")["published_t"]
    grown = published[(published > -DAY_S) & (published < 0.9 * DAY_S)].index
    found = run["note_funnel"]["note_id"]
    assert found.is_monotonic_increasing
    assert found.is_unique
    assert set(grown) <= set(found)


def test_stages_only_narrow(run):
    counts = run["note_funnel"][list(STAGES)].to_numpy()
    assert (np.diff(counts, axis=1) <= 0).all()
    assert counts[:, 0].sum() > counts[:, -1].sum() > 0


def test_examined_is_the_impressions_of_the_window(run):
    events, notes = run["events"], run["notes"]
    # A window of requests sees one view, so a note counts as new until its window ends.
    certain = notes.query(f"0 <= published_t < {0.9 * DAY_S}")["note_id"]
    new = events[events["note_age_s"] < DAY_S].groupby("note_id").size()
    counted = run["note_funnel"].set_index("note_id")["examined"]
    difference = counted.reindex(certain) - new.reindex(certain).fillna(0)
    assert (difference.abs() <= 1).all()
    assert (difference == 0).mean() > 0.9


def test_counts_survive_a_stop(tmp_path):
    whole = simulate(tmp_path / "whole", WORLD)
    stops = iter([False] * 150 + [True] * 1_000)
    with pytest.raises(Exception, match="stopped"):
        simulate(tmp_path / "part", WORLD, hooks=Hooks(should_stop=lambda: next(stops)))
    assert simulate(tmp_path / "part", WORLD, resume=True) == whole
