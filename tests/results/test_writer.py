import errno
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts.columns import EVENTS, NOTES, Column
from simulator.contracts.errors import InvariantError, RunError
from simulator.results import TableWriter

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = (Column("a", "int32", "whole"), Column("b", "float32", "real"), Column("c", "str", "x"))


def rows(start: int, n: int) -> dict:
    a = np.arange(start, start + n, dtype=np.int32)
    return {"a": a, "b": a / np.float32(2), "c": [f"n{i}" for i in a]}


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def content(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in parts(folder)])


def test_rows_come_back_in_order_with_declared_types(tmp_path):
    writer = TableWriter(tmp_path / "t", COLUMNS, rows_per_part=10)
    for start in range(0, 24, 3):
        writer.append(rows(start, 3))
    assert (writer.parts, writer.buffered) == (2, 4)
    writer.flush()
    assert (writer.parts, writer.buffered) == (3, 0)
    table = content(tmp_path / "t")
    assert [str(t) for t in table.schema.types] == ["int32", "float", "string"]
    assert table["a"].to_pylist() == list(range(24))
    assert table["b"].to_pylist() == [i / 2 for i in range(24)]
    assert table["c"].to_pylist() == [f"n{i}" for i in range(24)]


@pytest.mark.parametrize("columns", [EVENTS, NOTES])
def test_every_declared_type_survives(tmp_path, columns):
    given = {
        c.name: ["é", "笔记"] if c.dtype == "str" else np.array([1, 2], c.dtype) for c in columns
    }
    writer = TableWriter(tmp_path, columns, rows_per_part=8)
    writer.append(given)
    writer.flush()
    table = content(tmp_path)
    for c in columns:
        found = table[c.name].to_numpy()
        assert found.tolist() == list(given[c.name])
        if c.dtype != "str":
            assert found.dtype == c.dtype


def test_flush_without_rows_writes_nothing(tmp_path):
    writer = TableWriter(tmp_path, COLUMNS)
    writer.append(rows(0, 0))
    writer.flush()
    assert parts(tmp_path) == []


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 25), max_size=5), st.integers(4, 20))
def test_chunks_never_change_the_content(tmp_path_factory, sizes, rows_per_part):
    folder = tmp_path_factory.mktemp("t")
    writer = TableWriter(folder, COLUMNS, rows_per_part)
    start = 0
    for size in sizes:
        writer.append(rows(start, size))
        start += size
    writer.flush()
    found = [pq.read_table(path) for path in parts(folder)]
    assert [table.num_rows for table in found[:-1]] == [rows_per_part] * (len(found) - 1)
    assert [x for table in found for x in table["a"].to_pylist()] == list(range(start))
    assert [x for table in found for x in table["c"].to_pylist()] == [f"n{i}" for i in range(start)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": np.zeros(2, np.float32)}, "b has 2 rows, not 3"),
        ({"a": np.zeros(3, np.float64)}, "a: Cannot cast"),
        ({"c": ["x"]}, "c has 1 rows, not 3"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, change, message):
    writer = TableWriter(tmp_path, COLUMNS)
    with pytest.raises(InvariantError, match=message):
        writer.append(rows(0, 3) | change)
    assert writer.buffered == 0


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InvariantError, match="lacks column 'b'"):
        TableWriter(tmp_path, COLUMNS).append({"a": np.zeros(1, np.int32), "c": ["x"]})


def test_truncate_drops_later_parts_and_buffered_rows(tmp_path):
    writer = TableWriter(tmp_path, COLUMNS, rows_per_part=4)
    writer.append(rows(0, 14))
    writer.truncate_to(1)
    assert (writer.parts, writer.buffered) == (1, 0)
    writer.append(rows(100, 4))
    assert content(tmp_path)["a"].to_pylist() == [0, 1, 2, 3, 100, 101, 102, 103]
    with pytest.raises(RunError, match="holds 2 parts, but 5 are needed"):
        writer.truncate_to(5)


def test_a_new_writer_goes_on_after_existing_parts(tmp_path):
    first = TableWriter(tmp_path, COLUMNS, rows_per_part=4)
    first.append(rows(0, 6))
    second = TableWriter(tmp_path, COLUMNS, rows_per_part=4)
    assert second.parts == 1
    second.append(rows(4, 4))
    assert content(tmp_path)["c"].to_pylist() == [f"n{i}" for i in range(8)]


def test_a_gap_between_parts_is_found(tmp_path):
    TableWriter(tmp_path, COLUMNS, rows_per_part=2).append(rows(0, 6))
    (tmp_path / "part-00001.parquet").unlink()
    with pytest.raises(RunError, match=r"part-00001\.parquet is missing"):
        TableWriter(tmp_path, COLUMNS)


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_full_disk_is_one_clear_error_and_loses_no_row(tmp_path, monkeypatch):
    writer = TableWriter(tmp_path, COLUMNS, rows_per_part=5)
    writer.append(rows(0, 5))
    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full_disk)
        with pytest.raises(RunError, match=r"disk is full.*part-00001") as raised:
            writer.append(rows(5, 5))
    assert raised.value.stage == "write"
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]
    writer.flush()
    assert content(tmp_path)["a"].to_pylist() == list(range(10))


def test_an_unwritable_place_is_one_clear_error(tmp_path):
    (tmp_path / "t").write_text("in the way")
    with pytest.raises(RunError, match=r"Cannot write .*File exists"):
        TableWriter(tmp_path / "t", COLUMNS)


def run_script(body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    head = """
        import os, resource, signal, sys
        from pathlib import Path
        import numpy as np
        from simulator.contracts.errors import RunError
        from tests.results.test_writer import COLUMNS, rows
        from simulator.results import TableWriter
        writer = TableWriter(Path(sys.argv[1]), COLUMNS, rows_per_part=50_000)
        writer.append(rows(0, 50_000))
    """
    code = textwrap.dedent(head) + textwrap.dedent(body)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_limit_of_the_system_leaves_whole_parts_only(tmp_path):
    done = run_script(
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            writer.append(rows(50_000, 50_000))
        except RunError as error:
            print(error)
        """,
        str(tmp_path),
    )
    assert "The disk is full" in done.stdout, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


def test_kill_between_writing_and_renaming_leaves_whole_parts_only(tmp_path):
    done = run_script(
        """
        Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
        writer.append(rows(50_000, 50_000))
        """,
        str(tmp_path),
    )
    assert done.returncode == -signal.SIGKILL
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["part-00000.parquet", "part-00001.parquet.tmp"]
    writer = TableWriter(tmp_path, COLUMNS, rows_per_part=50_000)
    assert writer.parts == 1
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


@pytest.mark.benchmark
def test_speed_of_append(tmp_path, benchmark):
    writer = TableWriter(tmp_path, EVENTS)
    chunk = {c.name: np.ones(160, c.dtype) for c in EVENTS}
    benchmark(writer.append, chunk)
