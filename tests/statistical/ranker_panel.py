"""Several rankers judge what one of them serves: the same impressions, each on its own log."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.app import build
from simulator.app.loading import load_scenario
from simulator.app.registry import registry
from simulator.app.trial import Nowhere
from simulator.contracts.batches import Candidates
from simulator.contracts.events import DAY_S, Head, Kind
from simulator.contracts.learning import TrainingJob
from simulator.contracts.plugins import Ranker
from simulator.engine.replication import Hooks
from simulator.engine.sinks import Sinks
from simulator.metrics.auc import auc_by_group

AGES = {"new": (0, DAY_S), "week": (DAY_S, 7 * DAY_S), "month": (7 * DAY_S, 30 * DAY_S)}


class Panel(Ranker):
    """Serves by its first member; all members log, learn and judge what was examined."""

    def __init__(self, members):
        first = next(iter(members.values()))
        super().__init__(first.config)
        self.members = members
        self.judged = []

    def setup(self, spec):
        super().setup(spec)
        for member in self.members.values():
            member.setup(spec)

    @property
    def jobs(self):
        return tuple(
            TrainingJob(f"{name}.{job.name}", job.period_s, job.delay_s, job.offset_s)
            for name, member in self.members.items()
            for job in member.jobs
        )

    def nearline(self, interactions, view):
        for member in self.members.values():
            member.nearline(interactions, view)

    def predict(self, requests, candidates, view):
        return next(iter(self.members.values())).predict(requests, candidates, view)

    def observe(self, requests, slate, feedback, trail, view):
        at = np.nonzero((feedback.examined != 0) & (slate.note_idx >= 0))
        note = slate.note_idx[at]
        n = (slate.note_idx >= 0).sum(axis=1).astype(np.int32)
        shown = Candidates(slate.note_idx, np.zeros(slate.note_idx.shape, np.uint32), n)
        columns = {
            "t": requests.t[at[0]],
            "reader": requests.reader_idx[at[0]],
            "age_s": requests.t[at[0]] - view.notes.published_t[note],
        }
        columns |= {head.name.lower(): outcome(head, feedback, at) for head in Head}
        for name, member in self.members.items():
            p = member.predict(requests, shown, view)[0][at]
            columns |= {f"{name}.{head.name.lower()}": p[:, head] for head in Head}
            member.observe(requests, slate, feedback, trail, view)
        self.judged.append(pd.DataFrame(columns))

    def train(self, job, view):
        name, _, own = job.name.partition(".")
        return self.members[name].train(TrainingJob(own, job.period_s, job.delay_s), view)

    def publish(self, job, view):
        name, _, own = job.name.partition(".")
        self.members[name].publish(TrainingJob(own, job.period_s, job.delay_s), view)


def outcome(head, feedback, at):
    kind = Kind.DWELL if head == Head.DWELL else Kind.CLICK + head
    return feedback.actions[*at, kind]


def judge(scenario, overrides, names):
    """Run a scenario in which the first named ranker serves; return judged impressions.

    Args:
        scenario: path of a scenario file.
        overrides: changes by dotted path.
        names: types of rankers.

    Returns:
        One row a measured impression: outcomes by head, and `<type>.<head>` predictions.
    """
    resolved = load_scenario(scenario, overrides)
    rankers = {name: registry().get("rank", name) for name in names}
    panel = Panel({name: cls(cls.Config()) for name, cls in rankers.items()})
    original = build.build_funnel

    def with_panel(ready):
        funnel = original(ready)
        funnel.ranker = panel
        return funnel

    build.build_funnel = with_panel
    try:
        with tempfile.TemporaryDirectory() as folder:
            sinks = dict.fromkeys(Sinks.names(), Nowhere())
            times = build.timetable(resolved, 0)
            build.build_replication(resolved, sinks, Path(folder), times).run(Hooks())
    finally:
        build.build_funnel = original
    judged = pd.concat(panel.judged, ignore_index=True)
    return judged[judged.t >= resolved.warm_up_s]


def band(judged, age):
    """The impressions of an age band, or all."""
    if age == "all":
        return judged
    low, high = AGES[age]
    return judged[(judged.age_s >= low) & (judged.age_s < high)]


def quality(judged, name, head):
    """AUC, GAUC, log-loss and calibration of one ranker's predictions of one head."""
    rows = judged if head == "click" else judged[judged.click > 0]
    y, p = rows[head].to_numpy(float), rows[f"{name}.{head}"].to_numpy(float)
    if head == "dwell":
        error = np.log1p(p) - np.log1p(y)
        return {"log_error": float((error**2).mean() ** 0.5), "calibration": p.sum() / y.sum()}
    clipped = p.clip(1e-6, 1 - 1e-6)
    within = auc_of(rows.reader.to_numpy(), y, p)
    weight = np.where(np.isnan(within.auc), 0, within.n)
    return {
        "auc": float(auc_of(np.zeros(len(y), np.int64), y, p).auc[0]),
        "gauc": float((np.nan_to_num(within.auc) * weight).sum() / max(weight.sum(), 1)),
        "log_loss": float(-(y * np.log(clipped) + (1 - y) * np.log1p(-clipped)).mean()),
        "calibration": float(p.sum() / max(y.sum(), 1)),
    }


def auc_of(group, y, p):
    order = np.argsort(group, kind="stable")
    level = np.rint(p[order] * 1e7).astype(np.int64)
    ones = np.ones(len(y), np.int64)
    return auc_by_group(group[order].astype(np.int64), level, ones, y[order].astype(np.int64))
