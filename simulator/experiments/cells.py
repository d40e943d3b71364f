"""The 2×2 table of a test: what readers of an arm did with new notes of an arm, unit by unit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, N_ARMS, Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import TwoSided

if TYPE_CHECKING:
    from simulator.results.result import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OUTCOMES: Final = ("new_note_impressions", "new_note_clicks")
"""Outcomes of a pair of a reader and a creator: what his notes of the test got in 24 hours."""

N_LISTS: Final = 3
"""Last axis of `Cells.log`: impressions, those helped by control's policies, by treatment's."""

_COLUMNS: Final = (
    "day", "reader_id", "reader_arm", "note_arm", "note_id", "creator_id", "granted_by",
    "note_age_s", "click",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cells:
    """What the event log says by pairs of arms; small, and enough without the log.

    Attributes:
        log: impressions by measured day, arm of reader, arm of note, and list of policies that
            acted on them (see `N_LISTS`), int64[days, 3, 3, 3].
        users: outcome of each reader in the test by arm of note, float64[outcomes, U, 2].
        user_arm: their arms, int64[U].
        items: outcome of each creator in the test by arm of reader, float64[outcomes, I, 2].
        item_arm: their arms, int64[I].
        squares: squared outcomes of pairs by arms, summed, float64[outcomes, 2, 2].
        inside: shares of readers and of creators that are in the test, float64[2].
    """

    log: Ints
    users: Floats
    user_arm: Ints
    items: Floats
    item_arm: Ints
    squares: Floats
    inside: Floats

    @property
    def is_crossed(self) -> bool:
        """Return whether each of the four cells has impressions, so that they can be compared."""
        return bool((self.totals()[0] > 0).all())

    def totals(self) -> Floats:
        """Return float64[outcomes, 2, 2], outcomes by arm of reader and arm of note."""
        arms = np.stack([self.user_arm == 0, self.user_arm == 1]).astype(np.float64)
        return np.asarray(np.einsum("ru,oua->ora", arms, self.users))

    def shares(self) -> tuple[float, float]:
        """Return the treated shares of the readers and of the creators in the test."""
        return float((self.user_arm == 1).mean()), float((self.item_arm == 1).mean())

    def outcome(self, name: str) -> TwoSided:
        """Return one of `OUTCOMES`, scaled up from the traffic of the test to the platform."""
        k = OUTCOMES.index(name)
        scale = 1.0 / float(self.inside.prod())
        return TwoSided(
            self.totals()[k] * scale, self.users[k] * scale, self.user_arm,
            self.items[k] * scale, self.item_arm, self.squares[k] * scale**2,
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as plain arrays, to be written to a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def cells_of(result: Result, design: ExperimentDesign[Any], n_control: int) -> Cells:
    """Sum the event log of a test by arms, readers and creators.

    Args:
        result: a finished run of the design that still has its event log. Units are summed where
            readers and creators are both randomised; otherwise they are left empty.
        design: the design, set up; it draws the arms of creators.
        n_control: number of control's policies; later bits of `granted_by` are treatment's.
    """
    events = result.events(_COLUMNS, where="day >= 0")
    log = _log(events, n_control, result.manifest.params.measured_days)
    start_t = result.manifest.params.warm_up_days * DAY_S
    notes = result.notes
    of_test = notes.loc[notes["published_t"] >= start_t, "note_id"]
    young = events[(events["note_age_s"] < DAY_S) & events["note_id"].isin(of_test)]
    pairs = {"reader", "note"} <= set(design.sides)
    readers = np.sort(result.readers["reader_id"].unique()).astype(np.int32)
    creators = np.sort(notes["creator_id"].unique()).astype(np.int32)
    if not pairs:
        young, readers, creators = young[:0], readers[:0], creators[:0]
    user_arm = np.asarray(design.reader_arms(readers), np.int64)
    item_arm = _creator_arms(design, creators)
    inside = np.array(
        [(arm != Arm.OUTSIDE).mean() if arm.size else 0.0 for arm in (user_arm, item_arm)]
    )
    users, items, squares = _outcomes(young, readers, creators, user_arm, item_arm)
    kept_users, kept_items = user_arm != Arm.OUTSIDE, item_arm != Arm.OUTSIDE
    return Cells(
        log, users[:, kept_users], user_arm[kept_users], items[:, kept_items],
        item_arm[kept_items], squares, inside,
    )  # fmt: skip


def _creator_arms(design: ExperimentDesign[Any], creators: NDArray[np.int32]) -> Ints:
    none = np.zeros(creators.size, np.int32)
    new = np.ones(creators.size, np.bool_)
    return np.asarray(design.note_arms(none, creators, none.astype(np.int16), new), np.int64)


def _log(events: pd.DataFrame, n_control: int, n_days: int) -> Ints:
    granted = events["granted_by"].to_numpy(np.int64)
    control = (1 << n_control) - 1
    lists = np.stack([np.ones_like(granted), granted & control, granted & ~control]) != 0
    shape = (n_days, N_ARMS, N_ARMS)
    place = tuple(events[name].to_numpy(np.int64) for name in ("day", "reader_arm", "note_arm"))
    cell = np.ravel_multi_index(place, shape)
    sums = [np.bincount(cell[rows], minlength=int(np.prod(shape))) for rows in lists]
    return np.stack(sums, axis=-1).reshape(*shape, N_LISTS).astype(np.int64)


def _outcomes(
    young: pd.DataFrame,
    readers: NDArray[np.int32],
    creators: NDArray[np.int32],
    user_arm: Ints,
    item_arm: Ints,
) -> tuple[Floats, Floats, Floats]:
    """Return outcomes of readers by arm of note, of creators by arm of reader, and squares."""
    user = np.searchsorted(readers, young["reader_id"].to_numpy())
    item = np.searchsorted(creators, young["creator_id"].to_numpy())
    both = (user_arm[user] != Arm.OUTSIDE) & (item_arm[item] != Arm.OUTSIDE)
    user, item = user[both], item[both]
    row, column = user_arm[user], item_arm[item]
    pair, where = np.unique(user.astype(np.int64) * creators.size + item, return_inverse=True)
    cell = 2 * user_arm[pair // creators.size] + item_arm[pair % creators.size]
    users, items, squares = [], [], []
    for y in (np.ones(user.size), young["click"].to_numpy(np.float64)[both]):
        users.append(np.bincount(2 * user + column, y, 2 * readers.size).reshape(-1, 2))
        items.append(np.bincount(2 * item + row, y, 2 * creators.size).reshape(-1, 2))
        per_pair = np.bincount(where, y, pair.size)
        squares.append(np.bincount(cell, per_pair**2, 4).reshape(2, 2))
    return np.array(users), np.array(items), np.array(squares)
