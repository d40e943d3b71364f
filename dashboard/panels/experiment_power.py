"""What a planned experiment could see, from a run that is finished."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import jobs, state
from dashboard import outcome_words as says
from dashboard.charts.experiment import power_curve
from dashboard.frames import experiment_plan as plans
from dashboard.frames import power as powers
from dashboard.words import escaped, t
from dashboard.workspace import workspace
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.events import DAY_S

_FACTORS = {"as_planned": 1.0, "half": 0.5, "double": 2.0, "ten": 10.0}


def power_panel(scenario: ResolvedScenario, found: list[plans.Source], primary: str) -> None:
    """Draw what the experiment could see.

    Args:
        scenario: the experiment.
        found: runs that power can be measured on.
        primary: metric that decides.
    """
    st.subheader(t("experiment.power"), anchor=False)
    block: dict[str, Any] = (
        scenario.experiment.model_dump(mode="json") if scenario.experiment else {}
    )
    if "day" in plans.sides_of(str(block.get("type"))):
        st.info(t("experiment.power_days"), icon=":material/calendar_month:")
        return
    source = _pick(scenario, found)
    if source is None:
        return
    days = scenario.horizon_s // DAY_S
    spreads = powers.spreads(source.folder, source.changed, days)
    planned = _planned(scenario, block, source)
    spread = next((s for s in spreads if s.metric == primary and s.side in planned), None)
    if spread is None:
        st.warning(t("experiment.power_too_small", metric=says.outcome(primary)))
    else:
        _told(scenario, spread, planned[spread.side])
    _table(powers.outlook(spreads, planned))
    note = "experiment.power_same" if source.is_same_world else "experiment.power_other"
    st.caption(t(note, run=escaped(source.label), readers=f"{source.readers:,}"))


def _pick(scenario: ResolvedScenario, found: list[plans.Source]) -> plans.Source | None:
    near = [source for source in found if source.is_same_world]
    if not near:
        st.info(t("experiment.power_none"), icon=":material/hourglass_empty:")
        if st.button(t("experiment.power_measure"), icon=":material/straighten:"):
            jobs.submit(workspace(), "run", f"{scenario.name}_small", plans.small_run(scenario))
            st.rerun()
    if not found:
        return None
    by_label = {source.label: source for source in found}
    names = list(by_label)
    chosen = st.selectbox(
        t("experiment.power_run"),
        names,
        index=state.index_of(names, state.read("from")),
        format_func=lambda name: _label(by_label[name]),
        key=f"power-from-{scenario.name}",
        help=t("experiment.power_run_help"),
    )
    state.write(**{"from": chosen})
    return by_label[chosen]


def _label(source: plans.Source) -> str:
    world = t("experiment.same_world" if source.is_same_world else "experiment.other_world")
    size = t("start.size", readers=f"{source.readers:,}", days=source.days)
    return f"{source.label} · {size} · {world}"


def _planned(
    scenario: ResolvedScenario, block: dict[str, Any], source: plans.Source
) -> dict[str, powers.Planned]:
    days = scenario.horizon_s // DAY_S
    wanted = scenario.world.readers.n, days
    run = source.readers, min(days, source.days)
    share = float(block.get("share", 0.5))
    sides = [side for side in powers.SIDES if side in plans.sides_of(str(block["type"]))]
    return {
        side: powers.Planned(
            powers.growth(run, wanted, side, plans.inside_share(block, side)), share
        )
        for side in sides
    }


def _told(scenario: ResolvedScenario, spread: powers.Spread, planned: powers.Planned) -> None:
    least = powers.detectable(spread, planned)
    if not math.isfinite(least):
        st.warning(t("experiment.power_too_small", metric=says.outcome(spread.metric)))
        return
    st.markdown(
        t(
            "experiment.power_says",
            readers=f"{scenario.world.readers.n:,}",
            days=scenario.horizon_s // DAY_S,
            least=says.plain_percent(least),
            metric=says.outcome(spread.metric),
            level=says.level(spread.metric, spread.level),
        )
    )
    if least > 1.0:
        st.warning(t("experiment.power_weak"), icon=":material/visibility_off:")
    names = {t(f"experiment.size_{name}"): factor for name, factor in _FACTORS.items()}
    frame = powers.curve(spread, planned, names)
    titles = [t(f"experiment.{key}") for key in ("curve_effect", "curve_power", "curve_size")]
    st.altair_chart(power_curve(frame, *titles), width="stretch")


def _table(table: pd.DataFrame) -> None:
    rows = [
        {
            t("experiment.col_metric"): says.outcome(str(row["metric"])),
            t("experiment.col_level"): says.level(str(row["metric"]), row["level"]),
            t("experiment.units"): f"{int(row['units']):,}",
            t("experiment.detectable"): says.plain_percent(row["detectable"]),
        }
        for row in table.to_dict(orient="records")
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content")
