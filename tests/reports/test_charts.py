"""Charts: what the specification holds, and that it draws."""

import math

import pandas as pd
import pytest

from simulator.reports.charts import CONTROL, SHADES, Axes, intervals, lines, records, shades

AXES = Axes("age", "rate", "age, hours", "click rate", ".1%", log_x=True)
FRAME = pd.DataFrame(
    {
        "boost": ["1×", "1×", "4×", "4×"],
        "age": [1.0, 2.0, 1.0, 2.0],
        "rate": [0.1, 0.2, 0.3, math.nan],
        "low": [0.1, 0.2, 0.2, math.nan],
        "high": [0.1, 0.2, 0.4, math.nan],
    }
)


def datasets(spec):
    """Return the rows of every layer."""
    inside = spec.get("datasets", {})
    every = []
    for layer in spec["layer"]:
        data = layer.get("data", spec.get("data", {}))
        every.append(data["values"] if "values" in data else inside[data["name"]])
    return every


def marks(spec):
    return [layer["mark"]["type"] for layer in spec["layer"]]


def drawn(spec):
    import vl_convert

    return vl_convert.vegalite_to_svg(spec)


def test_lines_hold_their_rows_and_a_missing_number_is_null():
    spec = lines(FRAME, AXES, "boost")
    rows = datasets(spec)[0]
    assert len(rows) == 4
    assert rows[0] == {"boost": "1×", "age": 1.0, "rate": 0.1, "low": 0.1, "high": 0.1}
    assert rows[3]["rate"] is None
    assert rows[3]["high"] is None


def test_intervals_are_shown_where_they_are_known():
    assert marks(lines(FRAME, AXES, "boost")) == ["area", "line"]
    assert marks(lines(FRAME.drop(columns=["low", "high"]), AXES, "boost")) == ["line"]


def test_marks_get_a_rule_each():
    spec = lines(FRAME, AXES, "boost", (1.5, 1.8))
    assert marks(spec)[2:] == ["rule", "rule"]
    assert [rows[0]["age"] for rows in datasets(spec)[2:]] == [1.5, 1.8]


def test_the_control_is_grey_and_others_grow_darker():
    assert shades(["1×"]) == [CONTROL]
    assert shades(["1×", "4×"]) == [CONTROL, SHADES[-1]]
    assert shades(["1×", "1.5×", "2×", "4×"]) == [CONTROL, SHADES[0], SHADES[2], SHADES[3]]
    assert len(set(shades([str(i) for i in range(5)]))) == 5
    scale = lines(FRAME, AXES, "boost")["layer"][1]["encoding"]["color"]["scale"]
    assert scale == {"domain": ["1×", "4×"], "range": [CONTROL, SHADES[-1]]}


def test_colours_may_be_given():
    spec = lines(FRAME, AXES, "boost", (), ["#111111", "#222222"])
    assert spec["layer"][1]["encoding"]["color"]["scale"]["range"] == ["#111111", "#222222"]


def test_points_have_rules_and_a_line_at_zero():
    frame = FRAME.drop_duplicates("boost").drop(columns="age")
    spec = intervals(frame, Axes("boost", "rate", "boost", "difference"))
    assert marks(spec) == ["rule", "rule", "point"]
    assert datasets(spec)[0] == [{"zero": 0}]
    assert spec["layer"][2]["encoding"]["x"]["sort"] == ["1×", "4×"]


@pytest.mark.parametrize("rows", [FRAME, FRAME[:0]])
def test_every_chart_draws(rows):
    assert "<svg" in drawn(lines(rows, AXES, "boost", (1.5,)))
    points = Axes("boost", "rate", "boost", "difference")
    assert "<svg" in drawn(intervals(rows.drop_duplicates("boost"), points))


def test_records_are_plain_numbers():
    frame = pd.DataFrame({"n": pd.array([1, 2], "int64"), "x": [math.inf, 0.5]})
    assert records(frame) == [{"n": 1, "x": None}, {"n": 2, "x": 0.5}]
    assert type(records(frame)[0]["n"]) is int
