"""Replay rings, training loops, arrays of networks, fixed-order layers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.learning.dense_kernels import dense, unit_rows
from simulator.learning.fitting import fit_batches
from simulator.learning.networks import adam_arrays, arrays_of, load_adam, load_arrays, torch_alone
from simulator.learning.replay import Replay

COLUMNS = {"x": ("float32", (2,)), "y": ("int32", ())}


def rows(first, n):
    number = np.arange(first, first + n)
    return {"x": np.stack([number, -number], axis=1).astype(np.float32), "y": number}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 50), st.integers(0, 200))
def test_replay_keeps_the_latest_examples_in_order(sizes, capacity, since):
    replay, n = Replay(capacity, COLUMNS), 0
    for size in sizes:
        replay.append(**rows(n, size))
        n += size
    first = max(0, n - capacity, min(since, n))
    found = replay.latest(since)
    np.testing.assert_array_equal(found["y"], np.arange(first, n))
    np.testing.assert_array_equal(found["x"][:, 1], -np.arange(first, n, dtype=np.float32))
    copy = Replay(capacity, COLUMNS)
    copy.load_state(replay.state_arrays())
    for ring in (replay, copy):
        ring.append(**rows(n, 7))
    np.testing.assert_array_equal(copy.latest()["y"], replay.latest()["y"])
    assert copy.serial == replay.serial


def line(seed=0):
    torch = torch_alone()
    torch.manual_seed(seed)
    module = torch.nn.Linear(3, 1)
    return torch, module, torch.optim.Adam(module.parameters(), lr=0.05)


def squares(torch, module, x, y):
    def loss_of(chosen):
        predicted = module(torch.from_numpy(x[chosen]))[:, 0]
        return ((predicted - torch.from_numpy(y[chosen])) ** 2).mean()

    return loss_of


def test_fitting_finds_a_line_and_repeats_to_the_bit():
    x = np.random.default_rng(1).standard_normal((512, 3)).astype(np.float32)
    y = x @ np.array([1, -2, 0.5], np.float32) + 3
    weights = []
    for _ in range(2):
        torch, module, optimizer = line()
        report = fit_batches(
            module, optimizer, squares(torch, module, x, y), 512, (1, "t", 0),
            batch_size=64, epochs=40,
        )  # fmt: skip
        assert report.status == "ok"
        assert report.loss < 0.01
        weights.append(arrays_of(module))
    for name, array in weights[0].items():
        np.testing.assert_array_equal(array, weights[1][name])


def test_a_checkpoint_of_network_and_optimizer_continues_to_the_bit():
    x = np.random.default_rng(1).standard_normal((128, 3)).astype(np.float32)
    y = x.sum(axis=1)

    def step(torch, module, optimizer, number):
        loss = squares(torch, module, x, y)
        fit_batches(module, optimizer, loss, 128, (1, "t", number), batch_size=32)

    torch, module, optimizer = line()
    step(torch, module, optimizer, 0)
    _, other, other_optimizer = line(seed=9)
    load_arrays(other, arrays_of(module))
    load_adam(other_optimizer, adam_arrays(optimizer))
    step(torch, module, optimizer, 1)
    step(torch, other, other_optimizer, 1)
    np.testing.assert_array_equal(arrays_of(module)["weight"], arrays_of(other)["weight"])


def test_a_loss_that_is_not_finite_stops_training():
    x = np.ones((64, 3), np.float32)
    y = np.full(64, np.nan, np.float32)
    torch, module, optimizer = line()
    before = arrays_of(module)
    report = fit_batches(
        module, optimizer, squares(torch, module, x, y), 64, (1, "t", 0), batch_size=16
    )
    assert report.status == "diverged"
    assert "nan" in report.detail
    np.testing.assert_array_equal(arrays_of(module)["weight"], before["weight"])


def test_nothing_to_learn_from_is_said():
    _, module, optimizer = line()
    report = fit_batches(module, optimizer, lambda _: None, 0, (1, "t", 0), batch_size=16)
    assert (report.status, report.rows) == ("empty", 0)
    assert np.isnan(report.loss)


def test_arrays_of_another_shape_are_refused():
    torch, module, _ = line()
    with pytest.raises(RuntimeError, match="weight"):
        load_arrays(torch.nn.Linear(4, 1), arrays_of(module))


@pytest.mark.parametrize("is_relu", [False, True])
def test_dense_agrees_with_matrices_and_ignores_the_batch(is_relu):
    rng = np.random.default_rng(3)
    x, w = (rng.standard_normal(s).astype(np.float32) for s in ((33, 17), (17, 9)))
    b = rng.standard_normal(9).astype(np.float32)
    out, part = np.empty((33, 9), np.float32), np.empty((5, 9), np.float32)
    dense(x, w, b, is_relu, out)
    expected = x @ w + b
    np.testing.assert_allclose(out, np.maximum(expected, 0) if is_relu else expected, atol=1e-5)
    dense(x[7:12], w, b, is_relu, part)
    np.testing.assert_array_equal(part, out[7:12])


def test_unit_rows():
    x = np.array([[3, 4], [0, 0]], np.float32)
    unit_rows(x)
    np.testing.assert_allclose(x, [[0.6, 0.8], [0, 0]], rtol=1e-6)
