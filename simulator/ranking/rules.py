"""Rules of a slate: what comes before diversity, as knobs and as compiled kernels read them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Config, knob


class SlateRules(Config):
    """Rules that come before diversity; the source's values are from course slides on reranking.

    Where no candidate keeps all rules, they are given up in this order until one does: cluster
    gap, category gap, run of one type, supported gap, promoted gap, shopping cards. The supported
    gap caps support: a note that begins to be supported comes under it, so with this rule, and
    only with it, a little support may show a note less than none.
    """

    longest_type_run: int = knob(
        5, "Most consecutive notes of one type, image or video; 0 for any.", unit="notes", ge=0,
        le=1_000,
    )  # fmt: skip
    promoted_gap: int = knob(
        9, "At most one promoted note in any so many consecutive slots; 0 for any.", unit="slots",
        ge=0, le=1_000,
    )  # fmt: skip
    supported_gap: int = knob(
        0,
        "At most one note placed by traffic support in any so many consecutive slots; 0 for any."
        " A slot for insertion asks for its note before it asks for this rule.",
        unit="slots", ge=0, le=1_000, tunable=True,
    )  # fmt: skip
    slots_without_card: int = knob(
        1, "First slots without a shopping card.", unit="slots", ge=0, le=1_000
    )
    first_screen: int = knob(4, "Slots of the first screen.", unit="slots", ge=0, le=1_000)
    cards_on_first_screen: int = knob(
        1, "Most shopping cards on the first screen.", unit="notes", ge=0, le=1_000
    )
    same_category_gap: int = knob(
        0, "Next slots that may not repeat a note's category; 0 for none. The slides say 5.",
        unit="slots", ge=0, le=1_000,
    )  # fmt: skip
    same_cluster_gap: int = knob(
        0, "Next slots that may not repeat a note's content cluster; 0 for none. The slides say"
        " 10.", unit="slots", ge=0, le=1_000,
    )  # fmt: skip
    n_clusters: int = knob(
        200,
        "Content clusters for that rule; the slides say 1,000, for a platform of full size.",
        unit="clusters", ge=2, le=10_000,
    )  # fmt: skip

    def as_array(self) -> NDArray[np.int64]:
        """Return int64[8] as compiled kernels read the rules; see `rule_level`."""
        return np.array(
            [
                self.longest_type_run,
                self.promoted_gap,
                self.slots_without_card,
                self.first_screen,
                self.cards_on_first_screen,
                self.same_category_gap,
                self.same_cluster_gap,
                self.supported_gap,
            ],
            np.int64,
        )
