"""Part of an experiment's report that comes first: can its numbers be trusted?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.app import experiment_words as words
from simulator.app.experiment_cells import leaks_table
from simulator.app.experiment_strata import pools_of, pools_table
from simulator.app.experiments import design_of
from simulator.experiments.analysis.srm import SRM_ALPHA
from simulator.experiments.balance import Balance, balance
from simulator.reports.page import Section, Table

if TYPE_CHECKING:
    from simulator.app.experiments import Found
    from simulator.experiments.reading import Read

_NAMES: Final = {"reader_id": "readers", "creator_id": "creators", "note_id": "notes"}


def checks_section(found: Found, name: str, read: Read) -> Section:
    """Return the section on sample ratio, contamination, leaks, balance and pools.

    Args:
        found: the study's findings.
        name: the design.
        read: what its first test says.
    """
    text = [
        _judged(found, name, read),
        f"Units in both arms: {read.n_contaminated:,}.",
        *(words.sentence(remark) for remark in read.remarks),
    ]
    logged = list(found.logged.get(name, {}).values())[:1]
    if not logged:
        text.append("The event log was not kept, so serving was not held against the design.")
    tables = [
        *_ratio(read),
        *(leaks_table(told.leaks) for told in logged),
        *_balance(balances_of(found, name)),
        pools_table(pools_of(found, name)),
    ]
    return Section("Can the numbers be trusted?", text, tables=tables)


def _judged(found: Found, name: str, read: Read) -> str:
    """Say in one sentence whether a check failed."""
    failed = [f"the sample ratio of {_side(check.side)}" for check in read.srm if check.flagged]
    failed += ["units in both arms"] if read.n_contaminated else []
    failed += ["impressions that the design forbids"] if found.n_leaks(name) else []
    if not failed:
        return "Every check that can make a test invalid holds."
    return f"No: {', '.join(failed)}."


def _side(name: str) -> str:
    return _NAMES.get(name, name)


def _ratio(read: Read) -> list[Table]:
    rows = [
        [_side(check.side), " / ".join(f"{n:,}" for n in check.counts),
         " / ".join(f"{n:,.0f}" for n in check.expected), words.p_value(check.p),
         "broken" if check.flagged else "holds"]
        for check in read.srm
    ]  # fmt: skip
    columns = ["randomised side", "control / treatment", "expected", "p", "sample ratio"]
    caption = f"Broken below p = {SRM_ALPHA}."
    return [Table("Sizes of arms", columns, rows, caption)] if rows else []


def balances_of(found: Found, name: str) -> list[Balance]:
    """Return how alike the arms of a design were before the test, at the first seed."""
    design = design_of(found.study, found.study.designs[name], found.study.seeds[0])
    return balance(found.worlds[name], design)


def _balance(rows: list[Balance]) -> list[Table]:
    cells = [
        [f"{row.covariate}, {row.side}", words.number(row.control), words.number(row.treatment),
         f"{words.p_value(row.p)}\n{words.p_value(row.p_adjusted)}"]
        for row in rows
    ]  # fmt: skip
    columns = ["before the test", "control", "treatment", "p\nadjusted (Holm)"]
    return [Table("Were the arms alike?", columns, cells)] if cells else []
