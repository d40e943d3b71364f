"""Speed and memory of whole runs, as the benchmark of the command line measures them.

Each size runs in a process of its own. Ratios within one run are asserted; seconds only shown:
`python -m pytest -m benchmark tests/benchmarks/test_serving_speed.py -s`
"""

import sys

import pytest

from simulator.app.bench import FROM_H, Plan, SizeCost, growth, measure_apart

pytestmark = pytest.mark.benchmark

SMALL, LARGE = 10_000, 30_000
MOST_COST_RATIO = 1.5
"""Cost of an impression in the large world beside the small one."""

MOST_BYTES_PER_READER, MOST_BYTES_PER_NOTE = 2_048, 4_096
LEAST_SHARE_OF_FUNNEL = 0.5


@pytest.fixture(scope="module")
def costs() -> dict[int, SizeCost]:
    """Return the costs of both worlds, four hours of serving each."""
    out = {}
    for readers in (SMALL, LARGE):
        plan = Plan(readers=readers, from_h=FROM_H, until_h=FROM_H + 4)
        out[readers] = cost = measure_apart(plan)
        sys.stdout.write(
            f"\n{readers:,} readers: {cost.impressions_per_cpu_s:,.0f} impressions per CPU second, "
            f"{1e6 * cost.cpu_s / cost.impressions:.1f} µs each, "
            f"{cost.peak_rss_bytes / 1e6:,.0f} MB at most\n"
        )
    return out


def test_serving_is_fast(costs):
    """A floor that only a fault of an order of magnitude goes through; the figure is shown."""
    assert costs[SMALL].impressions > 10_000
    assert costs[SMALL].impressions_per_cpu_s > 4_000
    assert costs[SMALL].cpu_s <= 1.2 * costs[SMALL].wall_s


def test_the_cost_of_an_impression_hardly_grows_with_the_world(costs):
    small, large = (cost.cpu_s / cost.impressions for cost in costs.values())
    assert large <= MOST_COST_RATIO * small


def test_memory_grows_by_little(costs):
    found = growth(costs.values())
    assert found is not None
    sys.stdout.write(
        f"\n{found.bytes_per_reader:,.0f} bytes a reader, "
        f"{found.bytes_per_live_note:,.0f} a live note\n"
    )
    assert 100 < found.bytes_per_reader <= MOST_BYTES_PER_READER
    assert 100 < found.bytes_per_live_note <= MOST_BYTES_PER_NOTE


def test_stages_of_the_request_path_take_most_of_the_time(costs):
    stages = costs[LARGE].stages
    path = ("recall.", "merge", "pre_rank", "rank", "rerank", "respond", "commit", "observe")
    share = sum(s for name, s in stages.items() if name.startswith(path)) / sum(stages.values())
    assert share > LEAST_SHARE_OF_FUNNEL
