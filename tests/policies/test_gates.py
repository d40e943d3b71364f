"""Gates: support is kept from unsuited readers, by predictions or by the truth."""

import dataclasses

import numpy as np
import pytest

from policies.audience_gate import AudienceGate, AudienceGateConfig
from policies.interest import ReaderInterest, ReaderInterestConfig
from policies.oracle_quota import OracleQuota, OracleQuotaConfig
from policies.pairs import affinity
from simulator.contracts.errors import PluginError
from simulator.contracts.events import HOUR_S, Kind
from tests.support.platform import freeze, make_candidates, make_requests, make_view

BASE = make_view(1_500, 300, seed=11)


def known_readers(view, shown=1_000, clicks=100, days=30):
    """The view with readers who are all well known and click at the same rate."""
    totals = np.zeros_like(view.readers.totals)
    totals[:, Kind.IMPRESSION], totals[:, Kind.CLICK] = shown, clicks
    readers = dataclasses.replace(
        view.readers, totals=totals, active_days=np.full(view.readers.n, days, np.int32)
    )
    return dataclasses.replace(view, readers=freeze(readers))


VIEW = known_readers(BASE)
REQUESTS, CANDIDATES = make_requests(VIEW, 30), make_candidates(VIEW, 30, 80)
OF_READER = np.broadcast_to(REQUESTS.reader_idx[:, None], CANDIDATES.note_idx.shape)


def gated(view=VIEW, **knobs):
    policy = AudienceGate(AudienceGateConfig(**knobs))
    policy.setup(view.spec)
    policy.bind({})
    policy.on_tick(view)
    policy.support(view)
    return policy, policy.gate(REQUESTS, CANDIDATES, view)


def promised(policy):
    return np.isin(CANDIDATES.note_idx, policy.promises.rows)


def test_other_notes_are_no_matter_of_the_gate():
    policy, gate = gated(delta=-0.5)
    assert gate[~promised(policy)].all()
    assert not gate[promised(policy)].any()


def test_the_nearest_readers_pass():
    policy, gate = gated(delta=0.0)
    mine = promised(policy)
    near = affinity(VIEW, OF_READER[mine], CANDIDATES.note_idx[mine])
    assert 0 < gate[mine].mean() < 1
    assert near[gate[mine]].mean() > near[~gate[mine]].mean() + 0.1


@pytest.mark.parametrize("delta", [-0.05, 0.0, 0.03])
def test_a_wider_gate_keeps_who_passed(delta):
    _, narrow = gated(delta=delta)
    _, wide = gated(delta=delta + 0.02)
    assert (wide | ~narrow).all()
    assert gated(delta=1)[1].all()


def test_new_and_seldom_readers_are_left_in_peace():
    for view in (known_readers(BASE, days=2), known_readers(BASE, shown=99)):
        policy, gate = gated(view, delta=1)
        assert not gate[promised(policy)].any()


def test_a_proven_note_asks_for_more():
    totals = VIEW.notes.totals.copy()
    fresh = np.arange(VIEW.new_start, VIEW.notes.n)
    totals[fresh] = 0
    totals[fresh, Kind.IMPRESSION] = 60
    totals[fresh[::2], Kind.CLICK] = 30
    view = dataclasses.replace(VIEW, notes=freeze(dataclasses.replace(VIEW.notes, totals=totals)))
    policy, gate = gated(view, delta=0.02)
    mine = promised(policy)
    is_proven = totals[CANDIDATES.note_idx, Kind.CLICK] == 30
    assert gate[mine & is_proven].mean() < gate[mine & ~is_proven].mean()


def test_with_a_model_the_model_decides():
    model = ReaderInterest(ReaderInterestConfig(name="interest"))
    model.setup(VIEW.spec)
    policy = AudienceGate(AudienceGateConfig(interest_model="interest", delta=0.0))
    policy.setup(VIEW.spec)
    policy.bind({"interest": model})
    policy.on_tick(VIEW)
    policy.support(VIEW)
    gate = policy.gate(REQUESTS, CANDIDATES, VIEW)
    mine = promised(policy)
    p = model.probabilities(VIEW, OF_READER[mine], CANDIDATES.note_idx[mine])
    alpha, beta = policy._belief.posterior(VIEW, CANDIDATES.note_idx[mine])
    assert gate[mine].tolist() == (p >= alpha / (alpha + beta)).tolist()


def test_another_kind_of_model_is_refused():
    config = AudienceGateConfig(interest_model="judge")
    assert config.model_names() == {"interest_model": "judge"}
    assert AudienceGateConfig().model_names() == {}
    with pytest.raises(PluginError, match="name a model of type 'reader_interest'"):
        AudienceGate(config).bind({"judge": AudienceGate(config)})


class Truth:
    """Readers of even rows like everything; others nothing; odd notes are half as good."""

    def oracle_click_probability(self, reader_idx, note_idx):
        return np.where(reader_idx % 2 == 0, 0.4, 0.02) * np.where(note_idx % 2 == 0, 1.0, 0.5)


def oracle(**knobs):
    policy = OracleQuota(OracleQuotaConfig(**knobs))
    policy.setup(VIEW.spec)
    policy.bind_oracle(Truth())
    policy.on_tick(VIEW)
    return policy


def test_the_oracle_helps_with_readers_who_truly_like_a_note():
    policy = oracle(strict=0.6, relax=0.0)
    policy.support(VIEW)
    gate = policy.gate(REQUESTS, CANDIDATES, VIEW)
    mine = promised(policy)
    np.testing.assert_array_equal(gate[mine], OF_READER[mine] % 2 == 0)
    assert gate[~mine].all()


def test_it_helps_good_notes_more():
    support = oracle(quality_power=1.0, base=4.0, max_coefficient=1_000).support(VIEW)
    is_good = support.note_idx % 2 == 0
    plain = oracle(quality_power=0.0, base=4.0, max_coefficient=1_000).support(VIEW)
    is_free = (plain.rank < 700) & (support.rank > 1)
    ratio = support.rank / plain.rank
    good, poor = ratio[is_free & is_good], ratio[is_free & ~is_good]
    assert min(good.size, poor.size) > 5
    np.testing.assert_allclose(good, good[0], rtol=1e-5)
    np.testing.assert_allclose(poor, good[0] / 2, rtol=1e-5)


def test_the_bar_falls_while_a_note_lags():
    policy = oracle(strict=0.9, relax=1.0, theta=0.0, day_clock=False)
    policy.support(VIEW)
    late = dataclasses.replace(VIEW, now=VIEW.now + 6 * HOUR_S)
    policy.support(late)
    rows = policy.promises.rows
    lag = policy.promises.pace(late, rows).lag
    bars = policy._bars(late, rows)
    assert (bars[lag > 0.9] == 0).all()
    same = rows % 2 == 0
    order = np.argsort(lag[same], kind="stable")
    assert (np.diff(bars[same][order]) <= 1e-12).all()


def test_without_the_truth_it_is_a_plain_quota():
    policy = OracleQuota(OracleQuotaConfig())
    policy.setup(VIEW.spec)
    policy.on_tick(VIEW)
    assert policy.support(VIEW) is not None
    assert policy.gate(REQUESTS, CANDIDATES, VIEW) is None
