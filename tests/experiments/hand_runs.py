"""Hand-made runs with arms: what experiments are read from, without an engine."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd

from simulator.app.registry import registry
from simulator.contracts.events import DAY_S
from simulator.contracts.spec import PlatformSpec

SPEC = PlatformSpec(3, n_categories=4, n_keywords=40, keywords_per_note=3, embedding_dim=8)
N_READERS, N_CREATORS = 400, 120


@dataclass
class Run:
    """What the code reads of a finished run."""

    readers: pd.DataFrame
    notes: pd.DataFrame
    meetings: pd.DataFrame | None = None
    clusters: pd.DataFrame | None = None
    manifest: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            params=SimpleNamespace(
                warm_up_days=2, measured_days=3, hot_clicks=5, scaled=lambda threshold: threshold
            )
        )
    )


def design(name, **knobs):
    cls = registry().plugins("experiment")[name]
    out = cls(cls.Config(**knobs))
    out.setup(SPEC)
    return out


def run_of(found, *, gain=0.0, seed=1, more_notes=0.0):
    """Make a run: treated readers click more by `gain`, treated notes are seen `10·gain` more."""
    rng = np.random.default_rng(seed)
    readers = np.arange(N_READERS, dtype=np.int32)
    arm = found.reader_arms(readers)
    taste = rng.uniform(0.05, 0.15, N_READERS)
    rows = []
    for day in (-2, -1, 0, 1, 2):
        shown = rng.integers(20, 60, N_READERS)
        lift = gain * ((arm == 1) & (day >= 0))
        clicks = rng.binomial(shown, taste + lift)
        rows.append(
            pd.DataFrame(
                {
                    "day": day, "reader_id": readers, "reader_arm": arm, "impressions": shown,
                    "clicks": clicks, "new_impressions": shown // 10,
                    "new_clicks": rng.binomial(shown // 10, taste), "time_spent_s": shown * 20.0,
                    "sessions": 2,
                }
            )
        )  # fmt: skip
    creator = np.tile(np.arange(N_CREATORS, dtype=np.int32), 5)
    day = np.repeat([-1, -1, 0, 1, 1], N_CREATORS)
    published = (day + 2) * DAY_S + rng.uniform(0, DAY_S / 2, creator.size)
    published[:N_CREATORS] = 0.25 * DAY_S
    is_new = published >= 2 * DAY_S
    arms = found.note_arms(
        np.arange(creator.size, dtype=np.int32), creator, np.zeros(creator.size, np.int16), is_new
    )
    skill = rng.gamma(2.0, 5.0, N_CREATORS)
    shown = rng.poisson(skill[creator] + 100 * gain * (arms == 1))
    notes = pd.DataFrame(
        {
            "note_id": np.arange(creator.size), "creator_id": creator, "category": creator % 4,
            "published_t": published, "published_day": day, "note_arm": arms,
            "impressions_24h": shown, "clicks_24h": rng.binomial(shown, 0.1),
            "clicks": shown // 4,
            "reached_target_t": np.where(shown >= 10, published + 60.0, np.nan),
        }
    )  # fmt: skip
    drop = (arms == 0) & (rng.uniform(size=creator.size) < more_notes)
    return Run(pd.concat(rows, ignore_index=True), notes[~drop].reset_index(drop=True))
