"""Jobs of learners: when they train, when their result serves, what a run says about them."""

import numpy as np
import pytest

from simulator.app import api, build
from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Model, ModelConfig
from simulator.engine.replication import Hooks
from simulator.results.trainings import training_remarks
from tests.support.small_runs import TINY, logged, prepare, tiny

HOUR_S = 3_600
BUILD_FUNNEL = build.build_funnel


class Toy(Model[ModelConfig]):
    """Counts what it saw; its result is the count at the start of the training."""

    Config = ModelConfig

    def __init__(self, jobs=(), reports=()):
        super().__init__(ModelConfig(type="toy"))
        self._jobs = jobs
        self._reports = list(reports)
        self.seen = self.pending = self.serving = 0
        self.log = []

    @property
    def jobs(self):
        return self._jobs

    def observe(self, requests, slate, feedback, trail, view):
        assert trail.candidates.n.shape == (requests.n,)
        self.seen += int(feedback.examined.sum())

    def train(self, job, view):
        self.log.append(("train", job.name, view.now))
        self.pending = self.seen
        return self._reports.pop(0) if self._reports else TrainingReport(self.seen, 0.5)

    def publish(self, job, view):
        self.log.append(("publish", job.name, view.now))
        self.serving = self.pending

    def state_arrays(self):
        return {"state": np.array([self.seen, self.pending, self.serving])}

    def load_state(self, arrays):
        self.seen, self.pending, self.serving = (int(x) for x in arrays["state"])


def add(monkeypatch, make_toy):
    """Let every funnel have a learner of our own."""

    def build_funnel(scenario):
        funnel = BUILD_FUNNEL(scenario)
        funnel.models.append(make_toy())
        return funnel

    monkeypatch.setattr(build, "build_funnel", build_funnel)


def with_toy(monkeypatch, folder, toy, **options):
    """Prepare the tiny run with a learner of our own."""
    add(monkeypatch, lambda: toy)
    return prepare(folder, **options)


def test_a_result_serves_after_its_delay(monkeypatch, tmp_path):
    jobs = (TrainingJob("full", 8 * HOUR_S, 2 * HOUR_S, HOUR_S), TrainingJob("fit", 6 * HOUR_S))
    toy = Toy(jobs)
    with_toy(monkeypatch, tmp_path, toy).run(Hooks())
    full = [(what, t / HOUR_S) for what, job, t in toy.log if job == "full"]
    assert full == [
        ("train", 1), ("publish", 3), ("train", 9), ("publish", 11), ("train", 17), ("publish", 19),
    ]  # fmt: skip
    fit = [(what, t / HOUR_S) for what, job, t in toy.log if job == "fit"]
    assert fit == [(what, t) for t in (0, 6, 12, 18) for what in ("train", "publish")]
    trainings = logged(tmp_path, "trainings").query("learner == 'models.toy'")
    delayed = trainings[trainings["job"] == "full"]
    np.testing.assert_array_equal(delayed["serves_t"] - delayed["t"], 2 * HOUR_S)
    assert (trainings["status"] == "ok").all()


def test_a_result_that_waits_survives_a_stop(monkeypatch, tmp_path):
    jobs = (TrainingJob("full", 24 * HOUR_S, 20 * HOUR_S),)
    whole = Toy(jobs)
    with_toy(monkeypatch, tmp_path / "whole", whole).run(Hooks())
    half = Toy(jobs)
    run = with_toy(monkeypatch, tmp_path / "half", half)
    clock = iter([False] * 40 + [True] * 1_000)
    with pytest.raises(Exception, match="stopped"):
        run.run(Hooks(should_stop=lambda: next(clock)))
    rest = Toy(jobs)
    with_toy(monkeypatch, tmp_path / "half", rest).run(Hooks(), resume=True)
    assert half.log + rest.log == whole.log
    assert (rest.seen, rest.serving) == (whole.seen, whole.serving)
    both = [logged(tmp_path / name, "trainings") for name in ("whole", "half")]
    assert both[0].equals(both[1])


def test_what_diverged_never_serves_and_the_run_says_so(monkeypatch, tmp_path):
    bad = TrainingReport(9, status="diverged", detail="the loss became nan")
    none = TrainingReport(0, status="empty", detail="no clicks yet")
    toy = Toy((TrainingJob("fit", 6 * HOUR_S),), [TrainingReport(3, 0.1), bad, none, bad])
    with_toy(monkeypatch, tmp_path, toy).run(Hooks())
    assert [what for what, *_ in toy.log] == ["train", "publish", "train", "train", "train"]
    remark = training_remarks(tmp_path)["models.toy"]
    assert remark == "2 of 4 trainings diverged, the first: the loss became nan"
    table = logged(tmp_path, "trainings").query("learner == 'models.toy'")
    assert table["serves_t"].notna().tolist() == [True, False, False, False]


def test_a_learner_that_never_learned_is_named(monkeypatch, tmp_path):
    none = TrainingReport(0, status="empty", detail="no clicks yet")
    toy = Toy((TrainingJob("fit", 12 * HOUR_S),), [none, none])
    with_toy(monkeypatch, tmp_path, toy).run(Hooks())
    assert "none of 2" in training_remarks(tmp_path)["models.toy"]


def test_the_manifest_carries_the_remarks(monkeypatch, tmp_path):
    bad = TrainingReport(9, status="diverged", detail="the loss became nan")
    add(monkeypatch, lambda: Toy((TrainingJob("fit", 12 * HOUR_S),), [bad, bad]))
    result = api.run(dict(TINY), out=tmp_path)
    assert "2 of 2 trainings diverged" in result.manifest.remarks["models.toy"]


def test_followers_are_refreshed_when_their_model_is_published(monkeypatch, tmp_path):
    toy = Toy((TrainingJob("full", 24 * HOUR_S, 5 * HOUR_S),))
    run = with_toy(monkeypatch, tmp_path, toy)
    channel = run._funnel.channels[0]
    times = []
    monkeypatch.setattr(type(channel), "follows", property(lambda self: ("toy",)))
    monkeypatch.setattr(type(channel), "refresh_period_s", property(lambda self: 0))
    monkeypatch.setattr(channel, "refresh", lambda view: times.append(view.now))
    run.run(Hooks())
    assert times == [5 * HOUR_S]


SHADOW = [
    {"type": "category", "k": 5, "per_category": 2},
    {"type": "popular", "k": 20, "shadow": True},
]


def test_shadow_channels_are_logged_and_show_nothing(tmp_path):
    for name, recall in (("with", SHADOW), ("without", SHADOW[:1])):
        prepare(tmp_path / name, {"recall": recall}).run(Hooks())
    shown, plain = (logged(tmp_path / name, "events") for name in ("with", "without"))
    assert (shown["channels"] & 1).all()
    assert 0 < (shown["channels"] & 2).astype(bool).mean() < 1
    others = [name for name in shown.columns if name != "channels"]
    assert shown[others].equals(plain[others])


def test_a_shadow_has_a_name_of_its_own():
    assert build.build_funnel(tiny({"recall": SHADOW})).channels[1].label == "shadow.popular"
