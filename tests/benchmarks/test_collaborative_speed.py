"""Cost of the collaborative channels with 20,000 readers: a rebuild, and a request.

With the figures: `python -m pytest -m benchmark tests/benchmarks/test_collaborative_speed.py -s`
"""

import dataclasses
import sys
import time

import numpy as np
import pytest

from recall.item_cf import ItemCF
from recall.swing import Swing
from recall.user_cf import UserCF
from tests.support.platform import freeze, make_requests, make_view, slice_requests

pytestmark = pytest.mark.benchmark

N_READERS, N_NOTES, BATCH = 20_000, 18_000, 20
MOST_REFRESH_S, MOST_REQUEST_US = 1.0, 40.0
"""Several times what was measured: red means a fault, not a busy machine."""


@pytest.fixture(scope="module")
def view():
    """Return a platform whose readers have full histories of notes of heavy-tailed popularity."""
    view = make_view(N_NOTES, N_READERS, seed=8, span_s=30 * 86_400, unknown_share=1.0)
    rng = np.random.default_rng(8)
    pull = np.cumsum(rng.permutation(rng.lognormal(0, 1.8, N_NOTES)))
    recent = np.searchsorted(pull, rng.random((N_READERS, 30)) * pull[-1]).astype(np.int32)
    return dataclasses.replace(
        view, readers=freeze(dataclasses.replace(view.readers, recent=recent))
    )


def cheapest(action, times: int) -> float:
    """Return the least processor time of an action, seconds."""
    spent = []
    for _ in range(times):
        begin = time.process_time()
        action()
        spent.append(time.process_time() - begin)
    return min(spent)


@pytest.mark.parametrize("kind", [ItemCF, Swing, UserCF])
def test_a_rebuild_and_a_request_have_a_bounded_cost(kind, view):
    channel = kind(kind.Config())
    channel.setup(view.spec)
    channel.refresh(view)
    refresh_s = cheapest(lambda: channel.refresh(view), 5)
    requests = make_requests(view, 100 * BATCH)
    batches = [slice_requests(requests, slice(i, i + BATCH)) for i in range(0, 100 * BATCH, BATCH)]
    found = np.concatenate([channel.recall(batch, view) for batch in batches])
    request_us = 1e6 / requests.n * cheapest(lambda: [channel.recall(b, view) for b in batches], 5)
    sys.stdout.write(
        f"\n{kind.Config().type}: {refresh_s:.3f} s a rebuild, {request_us:.1f} µs a request of "
        f"{(found >= 0).sum(axis=1).mean():.0f} notes\n"
    )
    assert (found >= 0).any(axis=1).mean() > 0.9
    if kind is not ItemCF:
        assert refresh_s < MOST_REFRESH_S
    assert request_us < MOST_REQUEST_US
