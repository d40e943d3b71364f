"""Tables of recall channels, of literal events worked out by hand and of drawn ones."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.metrics.channels import channel_tables
from simulator.results import MetricParams
from tests.support.run_tables import drawn_columns, new_run, published, seen, write_rows

PARAMS = MetricParams(warm_up_days=1, measured_days=2, threshold_scale=1.0)
CHANNELS = ("category", "lookalike", "item_cf", "shadow.swing")
CATEGORY, LOOKALIKE, ITEM_CF, SWING = 1, 2, 4, 8
NOW = 1.5 * DAY_S


def tables_of(path, events, params=PARAMS, channels=CHANNELS, rows_per_part=500_000):
    with new_run(path, params, channels=channels) as run:
        write_rows(run, events, rows_per_part=rows_per_part)
        return channel_tables(run)


def at(note, age_s, impressions, channels, click, t=NOW):
    return seen(
        PARAMS, published(PARAMS, note, 1, t - age_s), t, 1,
        note_impressions=impressions, channels=channels, click=click,
    )  # fmt: skip


EVENTS = [
    at(1, 600, 0, CATEGORY, 1),
    at(1, 600, 3, CATEGORY | SWING, 0),
    at(2, 2 * HOUR_S, 9, CATEGORY | LOOKALIKE, 1),
    at(2, 2 * HOUR_S, 10, LOOKALIKE, 1),
    at(3, 2 * DAY_S, 1_000, ITEM_CF | SWING, 1),
    at(3, 2 * DAY_S, 1_001, ITEM_CF, 0),
    at(3, 2 * DAY_S, 1_002, LOOKALIKE | ITEM_CF | SWING, 1),
    at(4, 2 * DAY_S, 1_000, CATEGORY | ITEM_CF, 1, t=0.5 * DAY_S),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return tables_of(tmp_path_factory.mktemp("runs") / "r", EVENTS)


def cell(frame, age, exposure, channel):
    rows = frame.set_index(["age", "exposure", "channel"])
    return rows.loc[(age, exposure, channel)]


def test_only_measured_impressions_count(tables):
    assert (tables.impressions, tables.clicks) == (7, 5)


def test_shares_by_age_and_exposure(tables):
    found = cell(tables.shown, "<1h", "0-9", "category")
    assert (found["n"], found["notes"], found["found"], found["share"]) == (2, 1, 2, 1.0)
    found = cell(tables.clicked, "1-6h", "10-99", "lookalike")
    assert (found["n"], found["found"], found["alone"]) == (1, 1, 1)
    found = cell(tables.clicked, "1-7d", "1000+", "shadow.swing")
    assert (found["n"], found["found"], found["share"]) == (2, 2, 1.0)


def test_margins_are_of_everything(tables):
    found = cell(tables.shown, "all", "0-9", "category")
    assert (found["n"], found["notes"], found["found"]) == (3, 2, 3)
    found = cell(tables.shown, "1-7d", "all", "item_cf")
    assert (found["n"], found["notes"], found["found"], found["alone"]) == (3, 1, 3, 2)
    found = cell(tables.clicked, "all", "all", "shadow.swing")
    assert (found["n"], found["notes"], found["found"]) == (5, 3, 2)


def test_alone_is_among_channels_that_show_their_finds(tables):
    assert cell(tables.shown, "all", "all", "category")["alone"] == 2
    assert cell(tables.shown, "all", "all", "item_cf")["alone_share"] == pytest.approx(2 / 7)
    shadow = tables.shown[tables.shown["channel"] == "shadow.swing"]
    assert shadow[["alone", "alone_share"]].isna().all(axis=None)


def test_bands_come_in_their_order_and_margins_last(tables):
    assert list(dict.fromkeys(tables.shown["age"])) == ["<1h", "1-6h", "1-7d", "all"]
    last = tables.shown[tables.shown["age"] == "all"]
    assert list(dict.fromkeys(last["exposure"])) == ["0-9", "10-99", "1000+", "all"]
    assert last["channel"].tolist() == list(CHANNELS) * 4


def test_overlap(tables):
    pairs = tables.overlap.set_index(["channel", "other"])
    both = pairs["both"]
    assert both["category", "lookalike"] == both["lookalike", "category"] == 1
    assert both["item_cf", "shadow.swing"] == 2
    assert both["category", "item_cf"] == 0
    assert both["item_cf", "item_cf"] == 3
    row = pairs.loc[("item_cf", "shadow.swing")]
    assert row["share"] == pytest.approx(2 / 7)
    assert row["of_channel"] == pytest.approx(2 / 3)


def test_one_long_table(tables):
    long = tables.long()
    assert len(long) == len(tables.clicked) + len(tables.shown) + len(tables.overlap)
    assert long["table"].unique().tolist() == ["clicked", "shown", "overlap"]


def test_nothing_logged_gives_empty_tables(tmp_path):
    tables = tables_of(tmp_path / "r", [])
    assert tables.impressions == tables.clicks == 0
    assert len(tables.clicked) == len(tables.shown) == 0
    assert tables.overlap["both"].sum() == 0


def test_shares_and_intervals_do_not_depend_on_parts_and_match_pandas(tmp_path):
    params = MetricParams(warm_up_days=1, measured_days=2, threshold_scale=0.1)
    rng = np.random.default_rng(4)
    columns = drawn_columns(params, 6_000, 300, seed=4)["events"]
    columns["channels"] = rng.integers(1, 2**32, 6_000, dtype=np.uint64).astype(np.uint32)
    channels = tuple(f"c{i}" if i % 5 else f"shadow.c{i}" for i in range(32))
    found = []
    for rows_per_part in (500_000, 700):
        with new_run(tmp_path / f"r{rows_per_part}", params, channels=channels) as run:
            writer = run.writers(rows_per_part)["events"]
            writer.append(columns)
            writer.flush()
            found.append(channel_tables(run))
    pd.testing.assert_frame_equal(found[0].long(), found[1].long(), check_exact=True)
    events = pd.DataFrame(columns)
    events = events[(events["day"] >= 0) & (events["day"] < 2)]
    some = events[(events["note_age_s"] < 6 * HOUR_S) & (events["note_age_s"] >= HOUR_S)]
    some = some[(some["note_impressions"] >= 1) & (some["note_impressions"] < 10)]
    served = sum(1 << c for c in range(32) if c % 5)
    for c in (0, 1, 31):
        bit = some["channels"].to_numpy() >> np.uint32(c) & 1
        row = cell(found[0].shown, "1-6h", "1-9", channels[c])
        assert (row["n"], row["found"]) == (len(some), bit.sum())
        assert row["notes"] == some["note_id"].nunique()
        assert row["low"] <= row["share"] <= row["high"]
        if c % 5:
            alone = (some["channels"].to_numpy() & np.uint32(served)) == np.uint32(1 << c)
            assert row["alone"] == alone.sum()
