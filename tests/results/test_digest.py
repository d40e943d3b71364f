import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.contracts.errors import RunError
from simulator.metrics import measure
from simulator.results import TABLES, MetricParams, run_digest
from tests.support.run_tables import drawn_columns, new_run, published, seen, write_rows

PARAMS = MetricParams(warm_up_days=1, measured_days=3, threshold_scale=0.05)
GROWING = [name for name, spec in TABLES.items() if spec.in_parts]


def drawn_run(path, seed=1, rows_per_part=500_000):
    with new_run(path, PARAMS) as run:
        for name, columns in drawn_columns(PARAMS, 8_000, 200, seed).items():
            writer = run.writers(rows_per_part)[name]
            writer.append(columns)
            writer.flush()
        measure(run, PARAMS)
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return drawn_run(tmp_path_factory.mktemp("whole") / "r")


def test_neither_part_boundaries_nor_a_rerun_change_anything(tmp_path, whole):
    cut = drawn_run(tmp_path / "r", rows_per_part=977)
    assert len(cut.files("events")) > len(whole.files("events"))
    assert run_digest(cut.path) == run_digest(whole.path)


def test_another_seed_changes_the_digest(tmp_path, whole):
    assert run_digest(drawn_run(tmp_path / "r", seed=2).path) != run_digest(whole.path)


def test_the_file_encoding_does_not_matter(tmp_path, whole):
    before = run_digest(whole.path, GROWING)
    copy = drawn_run(tmp_path / "r")
    for path in copy.files("events"):
        table = pq.read_table(path)
        pq.write_table(table, path, compression="snappy", row_group_size=500, use_dictionary=True)
    assert run_digest(copy.path, GROWING) == before


BASE = [published(PARAMS, note, 1, 0.0) | {"title": f"t{note}"} for note in range(3)]


def notes_digest(path, notes):
    with new_run(path, PARAMS) as run:
        write_rows(run, [], notes)
        return run_digest(run.path, ["notes"])


@pytest.mark.parametrize(
    "changed",
    [
        [BASE[0], BASE[2], BASE[1]],
        BASE[:2],
        [*BASE[:2], BASE[2] | {"published_t": 1e-9}],
        [*BASE[:2], BASE[2] | {"title": "t3"}],
        [BASE[0] | {"title": "t0t"}, BASE[1] | {"title": "1"}, BASE[2]],
        [*BASE[:2], BASE[2] | {"is_video": 1}],
    ],
)
def test_every_value_and_its_place_count(tmp_path, changed):
    assert notes_digest(tmp_path / "b", changed) != notes_digest(tmp_path / "a", BASE)


def test_zero_and_nan_have_one_form(tmp_path):
    def digest(name, value):
        return notes_digest(tmp_path / name, [BASE[0] | {"published_t": value}])

    assert digest("a", 0.0) == digest("b", -0.0)
    assert digest("c", float("nan")) == digest("d", -float("nan"))
    assert digest("c2", float("nan")) != digest("a2", 0.0)


def test_a_null_is_not_a_zero_and_its_place_counts(tmp_path):
    digests = set()
    for number, values in enumerate(([0.0, None], [None, 0.0], [0.0, 0.0])):
        with new_run(tmp_path / str(number), PARAMS) as run:
            columns = [pa.array(["a", "b"]), pa.array([1, 2], pa.int16()), pa.array(values)]
            columns[2] = columns[2].cast(pa.float64())
            table = pa.Table.from_arrays(columns, ["metric", "day", "value"])
            pq.write_table(table, run.path / "metrics.parquet")
            digests.add(run_digest(run.path, ["metrics"]))
    assert len(digests) == 3


def test_a_truncated_part_is_named(tmp_path):
    note = published(PARAMS, 0, 1, 0.0)
    with new_run(tmp_path / "r", PARAMS) as run:
        write_rows(run, [seen(PARAMS, note, t, 1) for t in range(50)], [note], rows_per_part=20)
        victim = run.files("events")[1]
        victim.write_bytes(victim.read_bytes()[:-30])
        with pytest.raises(RunError, match=r"part-00001\.parquet is damaged or cut short"):
            run_digest(run.path, GROWING)


def test_a_missing_table_is_named(tmp_path):
    with new_run(tmp_path / "r") as run, pytest.raises(RunError, match=r"\.parquet is missing"):
        run_digest(run.path)
