"""Guarantees: progress, what is lacking, help that came too late, promises kept."""

import numpy as np
import pytest

from simulator.contracts.columns import QUOTAS
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.quotas import QuotaEvent
from simulator.metrics import measure
from simulator.results import MetricParams
from tests.support.run_tables import columns_of, new_run, published, seen

PARAMS = MetricParams(warm_up_days=1, measured_days=3, threshold_scale=0.1)
START = PARAMS.warm_up_days * DAY_S
FIRST, SECOND = (published(PARAMS, i, 100 + i, START + 60.0 * i) for i in (1, 2))


def views(note, hours, granted=()):
    rows = [seen(PARAMS, note, note["published_t"] + h * HOUR_S, i) for i, h in enumerate(hours)]
    return [{**row, "granted_by": int(i in granted)} for i, row in enumerate(rows)]


def promise(note, t, event, stage=0):
    return {
        "t": START + t,
        "day": int(t // DAY_S),
        "note_id": note,
        "event": int(event),
        "stage": stage,
        "target": 10.0,
        "deadline_t": START + DAY_S,
    }


@pytest.fixture
def values(tmp_path):
    early = [1.0, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    events = views(FIRST, [*early, 13, 14, 15, 30], granted={0, 11, 12, 13})
    events += views(SECOND, [1.0, 2.0, 30.0])
    events.sort(key=lambda row: row["t"])
    quotas = [
        promise(1, 60, QuotaEvent.START),
        promise(2, 60, QuotaEvent.START),
        promise(1, 12 * HOUR_S, QuotaEvent.MET),
        promise(2, 20 * HOUR_S, QuotaEvent.STOPPED),
        promise(2, 25 * HOUR_S, QuotaEvent.EXPIRED, 1),
    ]
    with new_run(tmp_path / "r", PARAMS) as run:
        for name, rows in (("events", events), ("notes", [FIRST, SECOND]), ("quotas", quotas)):
            writer = run.writers(100)[name]
            from simulator.results.tables import TABLES

            writer.append(columns_of(rows, TABLES[name].columns))
            writer.flush()
        return measure(run, PARAMS)


def test_progress_is_the_share_of_the_target_so_far(values):
    assert values.totals["quota_progress_quarter"] == pytest.approx((0.5 + 0.2) / 2)
    assert values.totals["quota_progress_half"] == pytest.approx((1.0 + 0.2) / 2)
    assert np.isnan(values.daily["quota_progress_half"][1])


def test_what_is_lacking_and_what_is_too_much(values):
    assert values.totals["quota_under_delivery"] == pytest.approx((0.0 + 0.8) / 2)
    # Two supported impressions inside the window came after the tenth, one came after the window.
    assert values.totals["quota_over_delivery"] == pytest.approx((2 / 10 + 0) / 2)


def test_promises_that_ended(values):
    assert values.totals["promise_fulfilment"] == pytest.approx(1 / 3)
    assert values.daily["promise_fulfilment"][:2].tolist() == [0.5, 0.0]


def test_supported_share(values):
    assert values.totals["supported_share"] == pytest.approx(4 / 17)


def test_the_columns_of_promises_are_all_written():
    assert {c.name for c in QUOTAS} >= {"t", "policy", "note_id", "event", "target", "impressions"}
