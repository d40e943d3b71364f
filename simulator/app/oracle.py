"""What only the simulator knows of a finished run, for those who ask for it by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.results.result import Result


def oracle_quality(run: Result, note_ids: Sequence[int]) -> NDArray[np.float64]:
    """Return the true quality of notes of a run, in standard deviations.

    Args:
        run: a finished run.
        note_ids: notes of it.

    Returns:
        float64[len(note_ids)], NaN where it cannot be told, as for the copies of a surge.

    Raises:
        ScenarioError: the run's scenario no longer loads.
        RunError: a table is damaged.
    """
    from simulator.app.loading import load_scenario
    from simulator.results.folder import SCENARIO
    from simulator.results.query import Query
    from simulator.world.replay import oracle_note_quality

    scenario = load_scenario(run.folder / SCENARIO, None)
    with Query(run.folder, ["ticks"]) as query:
        ticks = query.columns("SELECT max(registered_readers) AS n FROM ticks")
    published = run.notes.set_index("note_id").loc[list(note_ids), "published_t"]
    start_day = -run.manifest.params.warm_up_days
    return oracle_note_quality(
        scenario.world, scenario.seed, start_day, published.to_numpy(float), int(ticks["n"][0])
    )
