import numpy as np
import pytest

from simulator.contracts.errors import RunError
from simulator.results import MetricParams, Query
from tests.support.run_tables import new_run, published, seen, write_rows

PARAMS = MetricParams(measured_days=1)
NOTE = published(PARAMS, 0, 1, 0.0)
EVENTS = [seen(PARAMS, NOTE, float(t), t) for t in range(30)]


@pytest.mark.parametrize("name", ["plain", "it's [1] * ?", "日本 {a,b}", "a;b -- c"])
def test_any_folder_name_works(tmp_path, name):
    with new_run(tmp_path / name, PARAMS) as run:
        write_rows(run, EVENTS, [NOTE], rows_per_part=7)
        with Query(run.path, ["events"]) as query:
            found = query.columns("SELECT reader_id FROM events")["reader_id"]
            query.store("metrics", "SELECT 'x' AS metric, NULL AS day, 2 AS value")
            query.offer("metrics")
            stored = query.columns("SELECT * FROM metrics")
    assert found.tolist() == list(range(30))
    assert stored["metric"].tolist() == ["x"]
    assert np.isnan(stored["day"][0])
    assert stored["value"].tolist() == [2.0]


def test_empty_tables_have_their_types(tmp_path):
    with new_run(tmp_path / "r") as run, Query(run.path, ["events", "notes"]) as query:
        found = query.columns("SELECT * FROM events")
        assert found["t"].dtype == np.float64
        assert found["p_click"].dtype == np.float32
        assert query.frame("SELECT title FROM notes").empty


def test_a_truncated_part_is_named(tmp_path):
    with new_run(tmp_path / "r", PARAMS) as run:
        write_rows(run, EVENTS, [NOTE], rows_per_part=10)
        victim = run.files("events")[2]
        victim.write_bytes(victim.read_bytes()[:100])
        with (
            pytest.raises(RunError, match=r"part-00002\.parquet is damaged or cut short"),
            Query(run.path, ["events"]) as query,
        ):
            query.columns("SELECT sum(reader_id) AS n FROM events")


def test_a_missing_table_is_named(tmp_path):
    with new_run(tmp_path / "r") as run, pytest.raises(RunError, match=r"metrics\.parquet is miss"):
        Query(run.path, ["metrics"])


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nothing FROM events", "SELECT * FROM nowhere"])
def test_a_wrong_query_is_one_line(tmp_path, sql):
    with new_run(tmp_path / "r") as run, Query(run.path, ["events"]) as query:
        with pytest.raises(RunError, match="The query is not valid") as raised:
            query.columns(sql)
        assert "\n" not in str(raised.value)


def test_a_failed_table_leaves_nothing(tmp_path):
    with new_run(tmp_path / "r") as run, Query(run.path, ["events"]) as query:
        with pytest.raises(RunError):
            query.store("metrics", "SELECT 'x' AS metric, 0 AS day, 'y' AS value")
        assert not list(run.path.glob("metrics*"))


def test_memory_is_bounded_by_spilling(tmp_path):
    scratch = tmp_path / "scratch"
    with (
        new_run(tmp_path / "r") as run,
        Query(run.path, [], memory_mb=40, scratch=scratch) as query,
    ):
        found = query.columns("""
            SELECT sum(place * (i % 7)) AS total FROM (
                SELECT i, row_number() OVER (ORDER BY hash(i)) AS place, repeat('x', 40) AS pad
                FROM range(1000000) t(i)
            ) WHERE length(pad) > 0""")
    assert found["total"][0] > 0
