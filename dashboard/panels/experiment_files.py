"""Files of an experiment to take away, and how to make it again."""

from __future__ import annotations

import shlex
from typing import Final

import streamlit as st

from dashboard.experiment_cards import ExperimentCard
from dashboard.frames.experiment import guardrails, test_of
from dashboard.words import escaped, t

_FILES: Final = {
    "report.html": "text/html",
    "report.md": "text/markdown",
    "report.json": "application/json",
}


def files(card: ExperimentCard) -> None:
    """Draw buttons that download the report, and the command that makes it again."""
    for failed in card.report.get("failed") or ():
        st.warning(escaped(str(failed.get("message", ""))), icon=":material/error:")
    st.subheader(t("experiment.files"), anchor=False)
    there = {name: kind for name, kind in _FILES.items() if (card.folder / name).is_file()}
    for column, (name, kind) in zip(st.columns(len(_FILES)), there.items(), strict=False):
        column.download_button(
            name,
            data=(card.folder / name).read_bytes(),
            file_name=f"{card.id}-{name}",
            mime=kind,
            icon=":material/download:",
            key=f"download-{card.id}-{name}",
            on_click="ignore",
        )
    if text := command(card):
        st.markdown(t("experiment.again"))
        st.code(text, language="bash", wrap_lines=True)


def command(card: ExperimentCard) -> str:
    """Return the command line that makes the experiment again, "" when the report cannot tell."""
    if told := card.report.get("command"):
        return str(told)
    design = card.designs[0]
    run = next((r for r in card.report.get("runs") or () if r.get("world") == design), None)
    if run is None:
        return ""
    scenario = f"experiments/{card.id}/{run.get('run')}/scenario.resolved.yaml"
    words = ["notesim", "experiment", scenario, "--designs", ",".join(card.designs)]
    words += ["--seeds", str(len(card.seeds))]
    if primary := test_of(card.report, design).get("primary"):
        words += ["--primary", str(primary)]
    for guard in guardrails(card.report, design).itertuples():
        words += ["--guardrail", f"{guard.metric}={guard.margin:g}"]
    return shlex.join(words)
