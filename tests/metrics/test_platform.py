"""Platform metrics of small tables, worked out by hand."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S
from simulator.metrics import compute
from simulator.results import MetricParams, build_unit_tables
from tests.support.run_tables import new_run, published, seen, write_rows

PARAMS = MetricParams(warm_up_days=1, measured_days=2)
NOTE = published(PARAMS, 0, 1, 0.0)
EVENTS = [
    seen(PARAMS, NOTE, 0.2 * DAY_S, 1, view_s=100),
    seen(PARAMS, NOTE, 1.1 * DAY_S, 1, view_s=20, click=1, dwell_s=60),
    seen(PARAMS, NOTE, 1.2 * DAY_S, 2, view_s=10),
    seen(PARAMS, NOTE, 1.3 * DAY_S, 2, view_s=30),
    seen(PARAMS, NOTE, 2.1 * DAY_S, 1, view_s=60, click=1),
]


def visits(days_by_reader):
    return [
        {"day": day, "reader_id": reader, "sessions": 1, "requests": 1}
        for reader, days in days_by_reader.items()
        for day in days
    ]


def test_ratios_per_active_reader(measured):
    # Reader 3 comes on day 0 without an impression and counts as active all the same.
    activity = visits({1: (-1, 0, 1), 2: (0,), 3: (0,)})
    found = measured(PARAMS, EVENTS, [NOTE], activity)
    assert found.daily["dau"].tolist() == [3, 1]
    assert found.totals["dau"] == 2
    assert found.daily["impressions_per_dau"].tolist() == [1, 1]
    assert found.totals["impressions_per_dau"] == 1
    assert found.daily["time_spent_min_per_dau"] == pytest.approx([120 / 60 / 3, 1])
    assert found.totals["time_spent_min_per_dau"] == pytest.approx(180 / 60 / 4)
    assert found.daily["ctr"].tolist() == [1 / 3, 1]
    assert found.totals["ctr"] == 2 / 4


def test_mau_looks_back_thirty_days(measured):
    params = MetricParams(warm_up_days=2, measured_days=40)
    # Reader 1 leaves after day 0, reader 2 was last seen in warm-up, reader 3 comes back.
    found = measured(params, [], [], visits({1: (0,), 2: (-2,), 3: (5, 36), 4: (41,)}))
    daily = found.daily["mau"]
    assert daily[0] == 2
    assert daily[5] == 3
    assert (daily[27], daily[28]) == (3, 2)
    assert (daily[29], daily[30]) == (2, 1)
    assert (daily[34], daily[35], daily[36]) == (1, 0, 1)
    assert found.totals["mau"] == daily[39] == 1


def test_lt7_counts_active_days_of_a_week(measured):
    params = MetricParams(warm_up_days=1, measured_days=9)
    found = measured(params, [], [], visits({1: (-1, 0, 3, 6, 7), 2: (2, 8), 3: (3,), 4: (1,)}))
    # Only days 0 to 2 have six days after them.
    expected = [3, 1, 2, *[np.nan] * 6]
    np.testing.assert_array_equal(found.daily["lt7"], expected)
    assert found.totals["lt7"] == (3 + 1 + 2) / 3
    # Days 4 and 5 without a visitor count in the mean.
    assert found.daily["dau"].tolist() == [1, 1, 1, 2, 0, 0, 1, 1, 1]
    assert found.totals["dau"] == 8 / 9


def test_lt7_is_not_defined_in_a_short_run(measured):
    found = measured(PARAMS, [], [], visits({1: (0, 1)}))
    assert found.totals["lt7"] is None
    assert "null" in found.remarks["lt7"]


def test_nobody_came(measured):
    found = measured(PARAMS, [], [])
    assert found.totals["dau"] == 0
    assert found.totals["mau"] == 0
    assert found.totals["ctr"] is None


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sets(st.tuples(st.integers(0, 4), st.integers(-3, 39)), min_size=1, max_size=40))
def test_mau_and_lt7_agree_with_their_definitions(tmp_path_factory, came):
    params = MetricParams(warm_up_days=3, measured_days=40)
    path = tmp_path_factory.mktemp("runs") / "r"
    with new_run(path, params) as run:
        rows = visits({reader: sorted(d for r, d in came if r == reader) for reader in range(5)})
        write_rows(run, [], [], sorted(rows, key=lambda row: row["day"]))
        build_unit_tables(run, params)
        found = compute(run, params)
    mau = [len({r for r, d in came if day - 29 <= d <= day}) for day in range(40)]
    assert found.daily["mau"].tolist() == mau
    lives = [sum((r, d + k) in came for k in range(7)) for r, d in came if 0 <= d <= 33]
    expected = np.mean(lives) if lives else None
    assert found.totals["lt7"] == (pytest.approx(expected) if lives else None)
