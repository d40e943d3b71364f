"""The list of jobs in the margin of every page."""

from __future__ import annotations

import streamlit as st

from dashboard import jobs
from dashboard.jobs import Job
from dashboard.words import escaped, t
from dashboard.workspace import workspace

_SHOWN = 8
_PERIOD = "1s"


def job_panel() -> None:
    """Draw the jobs; the list refreshes itself while one is open."""
    found = jobs.jobs(workspace())
    if any(job.is_open for job in found):
        _live()
    else:
        _list(found)


@st.fragment(run_every=_PERIOD)
def _live() -> None:
    place = workspace()
    jobs.ensure_worker(place)
    found = jobs.jobs(place)
    _list(found)
    if not any(job.is_open for job in found):
        st.rerun()  # the whole page: it may show the result, and this list stops refreshing


def _list(found: list[Job]) -> None:
    st.subheader(t("shell.jobs"), anchor=False)
    if not found:
        st.caption(t("shell.no_jobs"))
    for job in found[:_SHOWN]:
        _one(job)


def _one(job: Job) -> None:
    with st.container(border=True):
        st.markdown(f"**{escaped(job.title)}** · {t(f'shell.{job.state}')}")
        if job.is_open:
            st.progress(job.share, text=_seen(job))
            if st.button(t("shell.cancel"), key=f"cancel-{job.id}"):
                jobs.cancel(job)
                st.rerun(scope="app")
            return
        if job.message:
            st.caption(escaped(job.message))
        left, right = st.columns(2)
        retry = job.state in {"failed", "cancelled"}
        if retry and left.button(t("shell.again"), key=f"again-{job.id}"):
            jobs.again(workspace(), job)
            st.rerun(scope="app")
        if right.button(t("shell.forget"), key=f"forget-{job.id}"):
            jobs.forget(job)
            st.rerun(scope="app")


def _seen(job: Job) -> str:
    seen = t("shell.impressions", n=job.message) if job.message else ""
    return f"{job.share:.0%} {seen}"
