"""Labels to integers: arms, units and clusters, with the defects of an assignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.errors import AnalysisError

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Units:
    """Randomised units of a table.

    Attributes:
        code: unit of each row, int64[n], or None when every row is its own unit.
        n: units in each arm, int64[K].
        n_contaminated: units seen in more than one arm.
        clean: rows of uncontaminated units, bool[n], or None when all are.
    """

    code: Ints | None
    n: Ints
    n_contaminated: int
    clean: NDArray[np.bool_] | None


def column_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, or say which one is missing and what there is.

    Raises:
        AnalysisError: no such column.
    """
    if name not in table.columns:
        known = ", ".join(map(str, table.columns))
        raise AnalysisError(f"the table has no column {name!r}; it has {known}")
    return table[name]


def numeric(table: pd.DataFrame, name: str) -> NDArray[np.generic]:
    """Return a numeric column as an array.

    Raises:
        AnalysisError: no such column, or it does not hold numbers.
    """
    series = column_of(table, name)
    if not (pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)):
        raise AnalysisError(f"column {name!r} does not hold numbers (dtype {series.dtype})")
    values = series.to_numpy()
    if values.dtype == np.bool_:
        return values.astype(np.int8)
    if values.dtype == object:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values)


def codes_of(series: pd.Series, what: str) -> tuple[Ints, list[object]]:
    """Return a code for each row and the labels in order of appearance.

    Args:
        series: labels of any hashable kind.
        what: how an error names them.

    Raises:
        AnalysisError: a label is missing.
    """
    codes, uniques = pd.factorize(series)
    if (codes < 0).any():
        raise AnalysisError(f"{int((codes < 0).sum())} rows have no {what}")
    return codes.astype(np.int64), list(uniques)


def encode(series: pd.Series, what: str) -> tuple[Ints | NDArray[np.int8], list[object]]:
    """Return a code for each row and the labels in sorted order; see `codes_of`."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iub" and len(series):
        values = series.to_numpy()
        low, high = int(values.min()), int(values.max())
        if low == 0 and high <= 1:
            labels = [low, high] if high else [low]
            return values.astype(np.int8), [values.dtype.type(x).item() for x in labels]
    codes, found = codes_of(series, what)
    kinds = {type(label) for label in found}
    plain = len(kinds) == 1 or kinds <= {int, float, bool}
    order = sorted(range(len(found)), key=lambda k: found[k] if plain else str(found[k]))  # type: ignore[arg-type,return-value]
    place = np.empty(len(found), np.int64)
    place[order] = np.arange(len(found))
    return place[codes], [found[k] for k in order]


def arms_of(
    table: pd.DataFrame, arm: str, control: object | None
) -> tuple[Ints | NDArray[np.int8], list[object]]:
    """Return the arm of each row and the labels, control first.

    Raises:
        AnalysisError: fewer than two arms, an arm declared by the column's categories without rows,
            or a control that is not there.
    """
    series = column_of(table, arm)
    codes, labels = encode(series, "arm")
    if isinstance(series.dtype, pd.CategoricalDtype):
        empty = [str(x) for x in series.cat.categories if x not in set(labels)]
        if empty:
            raise AnalysisError(f"no rows in arm {', '.join(map(repr, empty))}")
    if len(labels) < 2:
        raise AnalysisError(f"needs two arms, found {labels!r} in column {arm!r}")
    first = _control(labels, control)
    if first == 0:
        return codes, labels
    order = [first, *(k for k in range(len(labels)) if k != first)]
    place = np.empty(len(labels), np.int64)
    place[order] = np.arange(len(labels))
    return place[codes], [labels[k] for k in order]


def _control(labels: list[object], control: object | None) -> int:
    if control is None:
        return labels.index("control") if "control" in labels else 0
    if control not in labels:
        raise AnalysisError(f"no rows in control arm {control!r}; arms: {labels!r}")
    return labels.index(control)


def units_of(
    table: pd.DataFrame,
    unit: str,
    arm: Ints | NDArray[np.int8],
    n_arms: int,
    on_contamination: Literal["error", "drop"],
) -> Units:
    """Find the randomised units, count them by arm and look for units in several arms.

    Raises:
        AnalysisError: a unit is in several arms and `on_contamination` is `error`.
    """
    series = column_of(table, unit)
    if _all_distinct(series):
        return Units(None, np.bincount(arm, minlength=n_arms), 0, None)
    codes, labels = codes_of(series, "unit")
    seen = np.zeros((len(labels), n_arms), np.bool_)
    seen[codes, arm] = True
    mixed = seen.sum(axis=1) > 1
    n_mixed = int(mixed.sum())
    if n_mixed and on_contamination == "error":
        example = labels[int(np.flatnonzero(mixed)[0])]
        raise AnalysisError(
            f"{n_mixed} of {len(labels)} units are in several arms, for example {example!r}: the "
            "assignment leaks (on_contamination='drop' leaves them out and reports them)"
        )
    counts = seen[~mixed].sum(axis=0)
    return Units(codes, counts, n_mixed, ~mixed[codes] if n_mixed else None)


def _all_distinct(series: pd.Series) -> bool:
    if not isinstance(series.dtype, np.dtype) or series.dtype.kind not in "iu" or not len(series):
        return bool(series.is_unique)
    values = series.to_numpy()
    if bool(np.all(values[1:] > values[:-1])):
        return True
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * values.size + 1_000:
        return bool(series.is_unique)
    return int(np.bincount(values - low).max()) == 1
