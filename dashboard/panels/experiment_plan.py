"""An experiment before it runs: what is changed, for whom, how large, and what it could see."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import jobs, state
from dashboard import outcome_words as says
from dashboard.frames import experiment_plan as plans
from dashboard.frames.experiment_plan import OWN, Picked
from dashboard.gallery import Offer, offers
from dashboard.panels.experiment_power import power_panel
from dashboard.panels.knobs import knob_inputs
from dashboard.words import escaped, known, t
from dashboard.workspace import workspace
from simulator.app import present
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.errors import NotesimError

_FIRST = "ab_user_side_quota"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is agreed before the test, and how often it runs.

    Attributes:
        others: further designs on the same worlds.
        seeds: number of worlds.
        primary: metric that must get better.
        guardrails: metric -> tolerated relative harm.
    """

    others: tuple[str, ...]
    seeds: int
    primary: str
    guardrails: Mapping[str, float]


def plan_panel() -> None:
    """Let the user plan an experiment, tell its power and cost, and start it."""
    offer = _scenario()
    is_new = state.read("scenario", offer.name) != offer.name
    state.write(scenario=offer.name)
    left, right = st.columns(2, gap="large")
    with left:
        policy, knobs = _treatment(offer, is_new=is_new)
    with right:
        design, share, salt = _design(offer, is_new=is_new)
    readers, days, seeds = _size(offer, is_new=is_new)
    picked = Picked(offer.path, policy, knobs, design, share, salt, readers, days)
    try:
        scenario = plans.compose(picked)
    except NotesimError as error:
        st.error(str(error), icon=":material/error:")
        return
    _arms(scenario)
    agreed = _agree(scenario, seeds, is_new=is_new)
    found = plans.sources(workspace(), scenario)
    power_panel(scenario, found, agreed.primary)
    _start(scenario, agreed, found)


def _scenario() -> Offer:
    found = {offer.name: offer for offer in reversed(offers(workspace()))}
    names = sorted(found, key=lambda name: (not found[name].is_experiment, name))
    chosen = st.selectbox(
        t("experiment.scenario"),
        names,
        index=state.index_of(names, state.read("scenario", _FIRST)),
        key="plan-scenario",
        help=t("experiment.scenario_help"),
    )
    offer = found[chosen]
    st.caption(known(f"scenarios.{offer.name}", escaped(offer.question)))
    return offer


def _treatment(offer: Offer, *, is_new: bool) -> tuple[str, dict[str, object]]:
    st.subheader(t("experiment.treatment"), anchor=False)
    names = [OWN, *plans.policy_names()] if offer.is_experiment else plans.policy_names()
    before = names[0] if offer.is_experiment else "quota"
    policy = st.selectbox(
        t("experiment.policy"),
        names,
        index=state.index_of(names, before if is_new else state.read("policy", before, names)),
        format_func=lambda name: name or t("experiment.own_treatment"),
        key=f"plan-policy-{offer.name}",
    )
    state.write(policy=policy)
    if policy == OWN:
        state.write(knobs=None)
        return policy, {}
    knobs = knob_inputs(policy, {} if is_new else _told())
    state.write(knobs=json.dumps(knobs, separators=(",", ":")) if knobs else None)
    return policy, knobs


def _told() -> dict[str, Any]:
    try:
        told = json.loads(state.read("knobs", "{}"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _design(offer: Offer, *, is_new: bool) -> tuple[str, float, str]:
    st.subheader(t("experiment.design"), anchor=False)
    names = plans.design_names()
    own = plans.own_design(offer.path)
    before = str(own.get("type", "user_side"))
    design = st.selectbox(
        t("experiment.design_pick"),
        names,
        index=state.index_of(names, before if is_new else state.read("design", before, names)),
        format_func=says.design_name,
        key=f"plan-design-{offer.name}",
    )
    left, right = st.columns(2)
    default = round(100 * float(own.get("share", 0.5)))
    share = left.number_input(
        t("experiment.share"),
        min_value=1,
        max_value=99,
        value=default if is_new else _whole("share", default, 1, 99),
        key=f"plan-share-{offer.name}",
        help=t("experiment.share_help"),
    )
    salt = right.text_input(
        t("experiment.salt"),
        value=str(own.get("salt", "a"))
        if is_new
        else state.read("salt", str(own.get("salt", "a"))),
        key=f"plan-salt-{offer.name}",
        help=t("experiment.salt_help"),
    )
    state.write(design=design, share=str(share), salt=salt)
    st.markdown(says.design_says(design))
    st.caption(says.design_beware(design))
    return design, share / 100.0, salt


def _size(offer: Offer, *, is_new: bool) -> tuple[int, int, int]:
    st.subheader(t("experiment.size"), anchor=False)
    fields = (("readers", offer.readers, 10, 100_000_000), ("days", offer.days, 1, 3_650),
              ("seeds", 1, 1, 200))  # fmt: skip
    values = []
    for column, (name, before, low, high) in zip(st.columns(3), fields, strict=True):
        value = column.number_input(
            t(f"experiment.{name}"),
            min_value=low,
            max_value=high,
            value=before if is_new else _whole(name, before, low, high),
            key=f"plan-{name}-{offer.name}",
            help=t(f"experiment.{name}_help"),
        )
        values.append(int(value))
    readers, days, seeds = values
    state.write(readers=str(readers), days=str(days), seeds=str(seeds))
    return readers, days, seeds


def _whole(name: str, before: int, low: int, high: int) -> int:
    text = state.read(name)
    return min(max(int(text), low), high) if text.isdecimal() else before


def _arms(scenario: ResolvedScenario) -> None:
    block = _block(scenario)
    share = float(block.get("share", 0.5))
    nothing = t("experiment.no_policy")
    control = ", ".join(config.type for config in scenario.policies) or nothing
    treatment = ", ".join(config.type for config in scenario.treatment) or nothing
    sides = ", ".join(t(f"experiment.side_{side}") for side in plans.sides_of(str(block["type"])))
    st.markdown(
        t(
            "experiment.arms",
            sides=sides,
            share=f"{share:.0%}",
            treatment=escaped(treatment),
            rest=f"{1 - share:.0%}",
            control=escaped(control),
        )
    )


def _block(scenario: ResolvedScenario) -> dict[str, Any]:
    return scenario.experiment.model_dump(mode="json") if scenario.experiment else {}


def _agree(scenario: ResolvedScenario, seeds: int, *, is_new: bool) -> Agreed:
    block = _block(scenario)
    design = str(block["type"])
    left, right = st.columns(2, gap="large")
    names = [name for name in plans.design_names() if name != design]
    others = left.multiselect(
        t("experiment.others"),
        names,
        default=[] if is_new else state.read_many("also", names),
        format_func=says.design_name,
        key=f"plan-others-{scenario.name}-{design}",
        help=t("experiment.others_help"),
        placeholder=t("experiment.choose"),
    )
    metrics = plans.read_by_all([design, *others], block)
    if not metrics:
        raise plans.PlanError(t("experiment.no_common_metric"))
    first = next((m for m in ("fulfilled", "ctr") if m in metrics), metrics[0])
    key = f"{scenario.name}-{design}-{'-'.join(others)}"
    primary = right.selectbox(
        t("experiment.primary"),
        metrics,
        index=state.index_of(metrics, state.read("primary", first, metrics)),
        format_func=says.outcome,
        key=f"plan-primary-{key}",
        help=t("experiment.primary_help"),
    )
    rest = [metric for metric in metrics if metric != primary]
    guards = left.multiselect(
        t("experiment.guardrails"),
        rest,
        default=state.read_many("guard", rest),
        format_func=says.outcome,
        key=f"plan-guards-{key}-{primary}",
        help=t("experiment.guardrails_help"),
        placeholder=t("experiment.choose"),
    )
    margin = right.number_input(
        t("experiment.margin"),
        min_value=0.1,
        max_value=100.0,
        value=_whole("margin", 20, 1, 1000) / 10.0,
        step=0.5,
        key="plan-margin",
        disabled=not guards,
    )
    state.write(also=others, primary=primary, guard=guards, margin=str(round(10 * margin)))
    return Agreed(tuple(others), seeds, primary, dict.fromkeys(guards, margin / 100.0))


def _start(scenario: ResolvedScenario, agreed: Agreed, found: list[plans.Source]) -> None:
    st.subheader(t("experiment.run"), anchor=False)
    designs = [str(_block(scenario)["type"]), *agreed.others]
    n_runs = agreed.seeds * (len(designs) + 2)
    cost = plans.cost_s(found, scenario, n_runs)
    took = t("experiment.cost", took=present.span(cost)) if cost else t("experiment.cost_unknown")
    st.markdown(t("experiment.n_runs", n=n_runs) + " " + took)
    text = scenario.dump_yaml()
    command = _command(scenario.name, designs, agreed)
    left, right = st.columns(2)
    options = {
        "designs": designs,
        "seeds": agreed.seeds,
        "primary": agreed.primary,
        "guardrails": dict(agreed.guardrails),
        "command": command,
    }
    if left.button(t("experiment.start"), type="primary", icon=":material/play_arrow:"):
        jobs.submit(workspace(), "experiment", scenario.name, text, options)
        st.toast(t("experiment.started", name=escaped(scenario.name)))
        st.rerun()
    right.download_button(
        t("experiment.yaml"),
        data=text,
        file_name=f"{scenario.name}.yaml",
        mime="application/yaml",
        icon=":material/download:",
        on_click="ignore",
    )
    st.code(command, language="bash", wrap_lines=True)


def _command(name: str, designs: list[str], agreed: Agreed) -> str:
    words = ["notesim", "experiment", f"{name}.yaml", "--designs", ",".join(designs)]
    words += ["--seeds", str(agreed.seeds), "--primary", agreed.primary]
    for metric, margin in agreed.guardrails.items():
        words += ["--guardrail", f"{metric}={margin:g}"]
    return shlex.join(words)
