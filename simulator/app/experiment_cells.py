"""Parts of an experiment's report that come from event logs: leaks, and the four cells."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from simulator.app import experiment_words as words
from simulator.experiments.scorecard import Reading, scores
from simulator.experiments.two_sides import GLOBAL
from simulator.reports.page import Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.app.experiment_logs import Logged
    from simulator.experiments.leaks import Leaks
    from simulator.experiments.scorecard import Score
    from simulator.experiments.two_sides import CellEstimate, TwoSidesRead

NAMES: Final = {
    "cr": "CR: treated readers less control readers",
    "lr": "LR: treated notes less control notes",
    "tsrn": "TSRN: treated pairs less all others",
    "tsri_1": "TSRI-1: corrected for competition once",
    "tsri_2": "TSRI-2: corrected for competition twice",
    "total": "total: treated pairs less pairs of controls",
    "direct": "direct: what only a treated pair shows",
    "user_spillover": "spillover on notes: treated readers, control notes",
    "item_spillover": "spillover on readers: control readers, treated notes",
}
"""What each estimator compares."""

_OUTCOMES: Final = {
    "new_note_impressions": "impressions of the test's notes in their first 24 h",
    "new_note_clicks": "clicks on the test's notes in their first 24 h",
}


def leaks_table(leaks: Leaks) -> Table:
    """Return the table of impressions that break the design."""
    rows = [
        ["notes that the reader's arm must not be shown", f"{leaks.hidden:,}"],
        ["untreated pairs helped by the treatment's policies", f"{leaks.treated_control:,}"],
        ["treated pairs helped by control's policies", f"{leaks.untreated_treatment:,}"],
    ]
    caption = f"Of {leaks.impressions:,} impressions of the test. All must be 0."
    return Table("Impressions that the design forbids", ["impressions", "number"], rows, caption)


def cells_sections(logged: Mapping[int, Logged]) -> list[Section]:
    """Return the section on the four cells of a test, if it has them.

    Args:
        logged: seed -> what the log says, first seed first.
    """
    reads = {seed: told.two_sides for seed, told in logged.items() if told.two_sides}
    if not reads:
        return []
    first = next(iter(reads.values()))
    tables = [_totals(first), *_estimates(first)]
    if len(reads) > 1:
        tables.append(_over_seeds(cell_scores(reads)))
    return [Section("The four cells", _about(first), tables=tables)]


def _about(read: TwoSidesRead) -> list[str]:
    a_c, a_l = read.rule
    cells = (
        "Readers and creators are both split, so impressions fall into four cells. Estimators that "
        "use all of them can tell a gain from what an arm takes from the other. Totals are of the "
        "whole platform over the test."
    )
    scarcity = (
        f"How scarce is support? Over its first hours a new note lacks its target for "
        f"{read.measured:.0%} of the time: a balance of {read.measured:.2f} (1: readers' attention "
        f"is scarce, 0: notes run out of promised impressions). The corrected estimators use "
        f"b = {read.balance:.2f}. For that the allocation rule asks for {a_c:.0%} of readers and "
        f"{a_l:.0%} of creators in treatment; the test had {read.a_c:.0%} and {read.a_l:.0%}."
    )
    return [cells, scarcity]


def _totals(read: TwoSidesRead) -> Table:
    rows = []
    for outcome, cells in read.totals.items():
        (c00, c01), (c10, c11) = cells
        rows.append([_OUTCOMES[outcome], *(words.number(c) for c in (c00, c01, c10, c11))])
    columns = ["total", "control reader\ncontrol note", "control reader\ntreated note",
               "treated reader\ncontrol note", "treated reader\ntreated note"]  # fmt: skip
    return Table("Cells", columns, rows)


def _estimates(read: TwoSidesRead) -> list[Table]:
    tables = []
    for outcome, title in _OUTCOMES.items():
        base = read.base[outcome]
        rows = [_row(e, base) for e in read.estimates if e.outcome == outcome]
        columns = ["estimator", "estimate\n95 % interval", "relative", "p", "truth",
                   "estimate less truth"]  # fmt: skip
        caption = (
            f"Nobody treated: {words.number(base)}. Errors are clustered both by reader and by "
            "creator. Contrasts below the total have no truth of their own."
        )
        tables.append(Table(f"Effect of a launch on {title}", columns, rows, caption))
    return tables


def _row(e: CellEstimate, base: float) -> list[str]:
    ends = f"{words.signed(e.low)}\u00a0…\u00a0{words.signed(e.high)}"
    return [
        NAMES[e.name],
        f"{words.signed(e.value)}\n{ends}",
        f"{e.value / base:+.1%}".replace("-", "−") if base else "",
        words.p_value(e.p),
        words.signed(e.truth),
        words.signed(e.value - e.truth),
    ]


def cell_scores(reads: Mapping[int, TwoSidesRead]) -> list[Score]:
    """Return the record of each estimator over seeds; `design` is the outcome.

    Args:
        reads: seed -> what the four cells say.
    """
    readings = []
    for seed, read in reads.items():
        for e in read.estimates:
            if e.name not in GLOBAL:
                continue
            base = read.base[e.outcome]
            readings.append(
                Reading(
                    seed, e.outcome, e.name, e.value, e.se, e.low, e.high, e.p, e.truth, base,
                    e.value / base, e.low / base, e.high / base,
                )
            )  # fmt: skip
    return scores(readings)


def _over_seeds(found: list[Score]) -> Table:
    rows = [
        [
            f"{score.design}\n{NAMES[score.metric]}",
            words.signed(score.truth),
            words.signed(score.estimate),
            words.bias_of(score),
            words.number(score.rmse),
            f"{score.coverage:.0%}",
            f"{score.power:.0%}",
        ]
        for score in found
    ]
    columns = ["outcome, estimator", "truth", "mean estimate", "bias ± Monte-Carlo error", "RMSE",
               "coverage", "power"]  # fmt: skip
    return Table(f"Estimators over {found[0].n} worlds", columns, rows)


def logged_json(logged: Mapping[int, Logged]) -> dict[str, Any]:
    """Return what event logs say in terms of JSON, by seed."""
    return {str(seed): asdict(told) for seed, told in logged.items()}
