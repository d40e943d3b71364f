"""Checkpoint files: whole or not at all, and refused in one sentence when they are not."""

import errno
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.app.cli.application import app
from simulator.app.cli.stop import StopFlag
from simulator.contracts.errors import RunError
from simulator.engine import checkpoint
from simulator.engine.checkpoint import CheckpointMeta
from tests.support.small_runs import simulate, tiny, write_tiny

META = CheckpointMeta(t=120.5, parts={"events": 3}, scenario_hash="abc", wall_s=1.5, cpu_s=1.25)
ARRAYS = {
    "a:counts": np.arange(6, dtype=np.int32).reshape(2, 3),
    "a:empty": np.empty((0, 4), np.float32),
    "b:flag": np.array([True]),
    "b:nan": np.array([np.nan, -0.0, np.inf]),
}


def write(path: Path, meta: CheckpointMeta = META, **arrays: np.ndarray) -> Path:
    checkpoint.save(path, meta, {**ARRAYS, **arrays})
    return path


def test_what_was_saved_comes_back(tmp_path):
    path = write(tmp_path / "new" / "state.npz")
    meta, arrays = checkpoint.load(path, "abc")
    assert meta == META
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert [p.name for p in path.parent.iterdir()] == ["state.npz"]


def test_prefixes_keep_owners_apart():
    mine = checkpoint.prefixed("a", {"x": np.array([1]), "b:y": np.array([2])})
    yours = checkpoint.prefixed("ab", {"x": np.array([3])})
    assert checkpoint.part_of("a", mine | yours) == {"x": [1], "b:y": [2]}
    assert checkpoint.part_of("ab", mine | yours) == {"x": [3]}


def test_a_failed_save_leaves_the_last_one(tmp_path, monkeypatch):
    path = write(tmp_path / "state.npz")

    def full(file, **arrays):
        file.write(b"beginning")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(RunError, match=r"No space left on device; free some space.*--resume"):
        write(path, x=np.arange(3))
    monkeypatch.undo()
    assert checkpoint.load(path, "abc")[1].keys() == ARRAYS.keys()
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]


def test_a_checkpoint_of_another_scenario_or_layout_is_refused(tmp_path):
    path = write(tmp_path / "state.npz")
    with pytest.raises(RunError, match="belongs to another scenario or version"):
        checkpoint.load(path, "abd")
    other = CheckpointMeta(t=0.0, parts={}, scenario_hash="abc", format=checkpoint.FORMAT + 1)
    with pytest.raises(RunError, match="belongs to another scenario or version"):
        checkpoint.load(write(path, other), "abc")


def truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def flipped(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    out[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(out)


def blanked(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    stop = min(len(data), start + 400)
    return data[:start] + bytes(stop - start) + data[stop:]


def replaced(data: bytes, rng: random.Random) -> bytes:
    return rng.choice([b"", b"PK\x05\x06" + bytes(18), b"not an archive", b"\x93NUMPY\x01\x00"])


@pytest.mark.parametrize("damage", [truncated, flipped, blanked, replaced])
def test_a_damaged_file_is_one_clear_error(tmp_path, damage):
    """Some flips hit bytes that nobody reads, such as dates: then the content must be right."""
    path = write(tmp_path / "state.npz")
    data = path.read_bytes()
    rng = random.Random(damage.__name__)
    errors = []
    for _ in range(150):
        path.write_bytes(damage(data, rng))
        try:
            meta, arrays = checkpoint.load(path, "abc")
        except RunError as error:
            errors.append(error)
        else:
            assert meta == META
            for name, array in ARRAYS.items():
                np.testing.assert_array_equal(arrays[name], array)
    assert len(errors) > 150 * (0.6 if damage is flipped else 0.95)
    assert all(str(path) in str(error) for error in errors)
    assert {error.stage for error in errors} == {"resume"}


def test_the_command_line_refuses_a_damaged_checkpoint_with_one_sentence(tmp_path, monkeypatch):
    scenario = write_tiny(tmp_path / "tiny.yaml")
    call = ["run", str(scenario), "--out", str(tmp_path / "runs"), "--quiet"]
    with monkeypatch.context() as patch:
        asked = iter(range(40))
        patch.setattr(StopFlag, "__call__", lambda _: next(asked, None) is None)
        assert CliRunner().invoke(app, call).exit_code == 130
    path = tmp_path / "runs" / f"tiny-{tiny().hash8}" / "checkpoints" / "state.npz"
    data = path.read_bytes()
    simulate(tmp_path / "other", {"seed": 2}, checkpoint_every_s=40_000)
    cases = {
        "cannot be read": data[: len(data) // 2],
        "belongs to another": (tmp_path / "other" / "checkpoints" / "state.npz").read_bytes(),
    }
    for sentence, content in cases.items():
        path.write_bytes(content)
        result = CliRunner().invoke(app, [*call, "--resume"])
        assert result.exit_code == 1
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"error: the checkpoint {path} ")
        assert sentence in line
    path.write_bytes(data)
    assert CliRunner().invoke(app, [*call, "--resume"]).exit_code == 0
    shutil.rmtree(tmp_path / "runs")
