"""Widgets of knobs: a slider and an exact entry for numbers, and what fits other values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import tuning
from dashboard.knobs import Group, Knob, seconds_of, step_of
from dashboard.words import escaped, known, t
from simulator.app.yaml_source import parse_value
from simulator.contracts.config import format_duration
from simulator.contracts.errors import ScenarioError

_BAD = "tune-bad"
"""Where the session keeps what somebody typed that cannot be read, by place."""


class Board:
    """Draws knobs.

    Args:
        tuned: the scenario and what is wrong with it.
        original: values of the file by place, of places that mean the same in the tuned scenario.
    """

    def __init__(self, tuned: tuning.Tuned, original: Mapping[str, object]) -> None:
        self._tuned = tuned
        self._original = original

    def group(self, group: Group, *, everything: bool) -> None:
        """Draw the knobs of a group: those meant to be tuned, or all."""
        for knob in group.shown(tuning.overrides(), everything=everything):
            self.knob(knob)
        self.wrong(group.path)

    def knob(self, knob: Knob) -> None:
        """Draw a knob, and what is wrong with it beneath."""
        draw: Mapping[str, Callable[[Knob], None]] = {
            "float": self._number,
            "int": self._number,
            "duration": self._duration,
            "choice": self._choice,
            "bool": self._switch,
            "rows": self._rows,
            "grid": self._grid,
            "text": self._text,
        }
        draw[knob.kind](knob)
        self.wrong(knob.path)

    def wrong(self, path: str) -> None:
        """Say what is wrong at a place."""
        bad = st.session_state.get(_BAD, {}).get(path)
        for text in dict.fromkeys([*([bad] if bad else []), *self._tuned.wrong_at(path)]):
            st.error(escaped(text), icon=":material/error:")

    def _number(self, knob: Knob) -> None:
        value = _value(knob)
        ends = _ends(knob, value) if knob.tunable else None
        if ends is None or ends[0] >= ends[1] or not isinstance(value, int | float):
            self._entry(knob, label_visibility="visible")
            return
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        convert: type = int if knob.kind == "int" else float
        step = step_of(*ends)
        key = f"slide|{knob.path}|{ends[0]:g}|{ends[1]:g}"
        st.session_state[key] = convert(min(max(value, ends[0]), ends[1]))
        with left:
            st.slider(
                _label(knob),
                convert(ends[0]),
                convert(ends[1]),
                step=max(1, int(step)) if knob.kind == "int" else step,
                format=None if knob.kind == "int" else "%.4g",
                help=_help(knob),
                key=key,
                on_change=self._take,
                args=(knob, key),
            )
        with right:
            self._entry(knob, label_visibility="collapsed")

    def _entry(self, knob: Knob, label_visibility: Any) -> None:  # noqa: ANN401
        convert: type = int if knob.kind == "int" else float
        value = _value(knob)
        key = f"exact|{knob.path}"
        is_number = isinstance(value, int | float)
        st.session_state[key] = convert(value) if is_number else None
        st.number_input(
            _label(knob),
            None if knob.low is None else convert(knob.low),
            None if knob.high is None else convert(knob.high),
            value=None,
            step=1 if knob.kind == "int" else _fine(knob, value if is_number else 1.0),
            format="%d" if knob.kind == "int" else "%.6g",
            help=_help(knob),
            placeholder=t("tune.empty_number"),
            label_visibility=label_visibility,
            key=key,
            on_change=self._take,
            args=(knob, key),
        )

    def _duration(self, knob: Knob) -> None:
        value = _value(knob)
        key = f"text|{knob.path}"
        st.session_state[key] = "" if value is None else str(value)
        if not knob.tunable or value is None:
            st.text_input(_label(knob), help=_help(knob), key=key, on_change=self._take,
                          args=(knob, key))  # fmt: skip
            return
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        slide = f"span|{knob.path}|{'|'.join(knob.spans)}"
        options = knob.spans
        st.session_state[slide] = value if value in options else knob.value
        with left:
            st.select_slider(_label(knob), options, help=_help(knob), key=slide,
                             on_change=self._take, args=(knob, slide))  # fmt: skip
        with right:
            st.text_input(_label(knob), label_visibility="collapsed", key=key,
                          on_change=self._take, args=(knob, key))  # fmt: skip

    def _choice(self, knob: Knob) -> None:
        key = f"pick|{knob.path}"
        st.session_state[key] = _value(knob)
        st.selectbox(_label(knob), knob.choices, help=_help(knob), key=key, on_change=self._take,
                     args=(knob, key))  # fmt: skip

    def _switch(self, knob: Knob) -> None:
        key = f"switch|{knob.path}"
        st.session_state[key] = bool(_value(knob))
        st.toggle(_label(knob), help=_help(knob), key=key, on_change=self._take, args=(knob, key))

    def _text(self, knob: Knob) -> None:
        key = f"text|{knob.path}"
        value = _value(knob)
        st.session_state[key] = value if isinstance(value, str) else json.dumps(value)
        st.text_input(_label(knob), help=_help(knob), key=key, on_change=self._take,
                      args=(knob, key))  # fmt: skip

    def _rows(self, knob: Knob) -> None:
        key = f"rows|{tuning.number()}|{knob.path}"
        first = f"first|{key}"
        if first not in st.session_state:
            st.session_state[first] = pd.DataFrame(_value(knob), columns=list(knob.columns))
        st.caption(_label(knob), help=_help(knob))
        edited = st.data_editor(
            st.session_state[first], num_rows="dynamic", hide_index=True, key=key, width="stretch"
        )
        found = rows_of(edited)
        if found != _value(knob):
            tuning.put(knob.path, found, self._original)
            st.rerun()

    def _grid(self, knob: Knob) -> None:
        key = f"grid|{tuning.number()}|{knob.path}"
        first = f"first|{key}"
        if first not in st.session_state:
            st.session_state[first] = grid_frame(_value(knob))
        st.caption(_label(knob), help=_help(knob))
        edited = st.data_editor(st.session_state[first], key=key, width="stretch")
        st.caption(t("tune.grid"))
        if edited.isna().to_numpy().any():
            st.error(t("tune.must_hold"), icon=":material/error:")
            return
        found = [[float(f"{cell:.6g}") for cell in row] for row in edited.to_numpy()]
        if found != _value(knob):
            tuning.change(knob.path, found)
            st.rerun()

    def _take(self, knob: Knob, key: str) -> None:
        """Lay what a widget holds over the scenario; called before the page is drawn anew."""
        st.session_state.setdefault(_BAD, {}).pop(knob.path, None)
        try:
            value = read(knob, st.session_state[key])
        except (ValueError, ScenarioError) as error:
            said = tuning.sentence(error.findings[0]) if isinstance(error, ScenarioError) else error
            st.session_state[_BAD][knob.path] = str(said)
            return
        tuning.put(knob.path, value, self._original)


def read(knob: Knob, value: Any) -> Any:  # noqa: ANN401  (a knob holds what its field declares)
    """Return what a file may hold for what a widget holds.

    Raises:
        ValueError: no duration, or nothing where something must stand.
        ScenarioError: text that is no YAML.
    """
    if value is None or (value == "" and knob.kind == "duration"):
        if not knob.optional:
            raise ValueError(t("tune.must_hold"))
        return None
    if knob.kind == "float":
        return float(f"{value:.10g}")
    if knob.kind == "duration":
        return format_duration(seconds_of(value))
    if knob.kind == "text" and not isinstance(knob.value, str):
        return parse_value(value, knob.path).plain()
    return value


def grid_frame(table: list[list[float]]) -> pd.DataFrame:
    """Return a table of boosts whose lines say which part of time and target they stand for."""
    n_rows, n_columns = len(table), len(table[0])
    rows = [f"≤ {(i + 1) / n_rows:.0%}" for i in range(n_rows)]
    columns = [f"≤ {(i + 1) / n_columns:.0%}" for i in range(n_columns)]
    frame = pd.DataFrame(table, index=rows, columns=columns, dtype=float)
    return frame.rename_axis(t("tune.grid_time"))


def rows_of(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a table as a file holds them; cells left empty are left out."""
    found = []
    for record in frame.to_dict(orient="records"):
        row = {str(k): _cell(v) for k, v in record.items() if v is not None and not _is_nan(v)}
        if row:
            found.append(row)
    return found


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124


def _cell(value: Any) -> object:  # noqa: ANN401
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isdigit() else text
    number = value.item() if hasattr(value, "item") else value
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _ends(knob: Knob, value: object) -> tuple[float, float] | None:
    """Return the ends of a slider, which stay while the value lies between them.

    They follow from the value: without a memory a slider would grow under the hand that moves it.
    """
    key = f"ends|{tuning.number()}|{knob.path}"
    now, before = knob.slider, st.session_state.get(key)
    if before is not None and now is not None and isinstance(value, int | float):
        low = before[0] if knob.low is None else max(before[0], knob.low)
        high = before[1] if knob.high is None else min(before[1], knob.high)
        if (low, high) == before and low <= value <= high:
            return low, high
    st.session_state[key] = now
    return now


def _value(knob: Knob) -> Any:  # noqa: ANN401
    return tuning.overrides().get(knob.path, knob.value)


def _is_set(knob: Knob) -> bool:
    return knob.path in tuning.overrides()


def _fine(knob: Knob, value: float) -> float:
    ends = knob.slider
    return step_of(*ends) if ends is not None and ends[0] < ends[1] else max(abs(value), 1.0) / 100


def _label(knob: Knob) -> str:
    field = knob.path.rpartition(".")[2]
    name = known(f"knobs.{field}", knob.name.replace("_", " "))
    mark = " ●" if _is_set(knob) else ""
    return f"{name} ({knob.unit}){mark}" if knob.unit else f"{name}{mark}"


def _help(knob: Knob) -> str:
    default = (
        ""
        if knob.default is None
        else t("tune.default", value=json.dumps(knob.default, default=str))
    )
    return f"{escaped(knob.help)} {escaped(default)}  \n`{knob.path}`"
