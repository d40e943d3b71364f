"""Each broken file in `broken/` gives the finding that mends it, and none besides."""

from pathlib import Path
from typing import NamedTuple

import pytest

from simulator.app.loading import load_scenario, validate
from simulator.contracts.errors import ScenarioError

BROKEN = Path(__file__).parent / "broken"
WHOLE, DURATION = "a whole number", "a duration is a whole number and a unit"
BLOCK = "a block of `key: value` lines"
SEEDS, SHARE = "0 to 9223372036854775807", "0 to 1"
NAME = "a name is 1 to 64 lower-case letters"


class Expected(NamedTuple):
    """What a finding must say; None where nothing may be said."""

    line: int | None
    path: str
    message: str
    allowed: str | None = None
    suggestion: str | None = None
    file: str = ""


EXPECTED = {
    "bad_duration": Expected(2, "horizon", DURATION),
    "bool_as_number": Expected(3, "seed", "wrong type", WHOLE),
    "circle_a": Expected(3, "extends", "scenarios in a circle", file="circle_c"),
    "circle_b": Expected(3, "extends", "scenarios in a circle", file="circle_a"),
    "circle_c": Expected(3, "extends", "scenarios in a circle", file="circle_b"),
    "deep": Expected(3, "world[0][0][0][0][0][0][0]", "too large"),
    "descending_bands": Expected(4, "thresholds.bands", "must ascend"),
    "duplicate_key": Expected(4, "seed", "the key is given twice, first on line 3"),
    "duration_without_unit": Expected(2, "horizon", "without unit counts seconds", "1d to 3650d"),
    "empty": Expected(None, "", "the file is empty"),
    "empty_name": Expected(1, "name", NAME),
    "endless_integer": Expected(3, "seed", "the number is too large", SEEDS),
    "folder_as_parent": Expected(2, "extends", "this is a folder"),
    "fraction": Expected(5, "world.readers.n", "wrong type", WHOLE),
    "huge_integer": Expected(3, "seed", "the number is too large", SEEDS),
    "infinity": Expected(5, "queues.new_share", "must be a finite number", SHARE),
    "keep_above": Expected(8, "rank.keep", "rank.keep (51) is above pre_rank.keep (50)"),
    "list_as_key": Expected(3, "", "a key must be a single word"),
    "list_at_top": Expected(1, "", "the top level must be a block"),
    "list_out_of_range": Expected(
        5, "world.readers.n_favourites_weights[2]", "out of range", SHARE
    ),
    "long_horizon": Expected(2, "horizon", "out of range", "1d to 3650d"),
    "long_line": Expected(3, "", "longer than 20,000 characters"),
    "merge_key": Expected(4, "", "merge keys (<<) are not supported"),
    "metrics_as_text": Expected(3, "metrics", "wrong type", "a list"),
    "missing_parent": Expected(2, "extends", "there is no such file"),
    "missing_required": Expected(1, "horizon", "a required field is missing"),
    "misspelt_extends": Expected(2, "extnds", "unknown field", "name, ques", "extends"),
    "misspelt_parent": Expected(2, "extends", "there is no such file", None, "no_recall.yaml"),
    "misspelt_required": Expected(1, "nmae", "unknown field", "name, ques", "name"),
    "misspelt_type_key": Expected(4, "policies[0].tpye", "unknown field", None, "type"),
    "mistake_in_parent": Expected(3, "seed", "out of range", SEEDS, file="negative_seed"),
    "nan": Expected(5, "queues.new_share", "must be a finite number", SHARE),
    "negative_duration": Expected(2, "horizon", DURATION),
    "negative_seed": Expected(3, "seed", "out of range", SEEDS),
    "no_recall": Expected(3, "recall", "wrong number of entries", "at least 1"),
    "no_type": Expected(
        4, "policies[0].type", "a required field is missing", "audience_gate, boost, "
    ),
    "null_as_number": Expected(3, "seed", "wrong type", WHOLE),
    "null_type": Expected(4, "rank.type", "unknown ranker", "esmm, mmoe"),
    "number_as_name": Expected(1, "name", "wrong type", "text"),
    "number_with_underscore": Expected(3, "seed", "wrong type", WHOLE, "20000"),
    "only_comments": Expected(None, "", "the file is empty"),
    "overflow": Expected(4, "thresholds.scale", "the number is too large", "0.0001 to 10"),
    "own_tag": Expected(3, "question", "tags are not allowed"),
    "part_of_a_day": Expected(2, "horizon", "must be a whole number of days; the next is 2d"),
    "plugin_as_text": Expected(3, "rank", "wrong type", BLOCK),
    "python_object": Expected(3, "question", "tags are not allowed"),
    "quoted_number": Expected(3, "seed", "wrong type", WHOLE, "3"),
    "recursive_alias": Expected(4, "world.readers", "an alias stands inside of what it names"),
    "same_channel_twice": Expected(6, "recall[2]", "recall[2] and recall[0] are the same channel"),
    "self_extends": Expected(2, "extends", "a scenario cannot extend itself"),
    "short_list": Expected(4, "thresholds.bands", "wrong number of entries", "2"),
    "slash_in_name": Expected(1, "name", NAME),
    "surrogate": Expected(3, "question", "half of a character"),
    "tab": Expected(4, "world", "a tab is used for indentation"),
    "text": Expected(1, "", "the top level must be a block"),
    "too_many_readers": Expected(5, "world.readers.n", "out of range", "10 to "),
    "two_documents": Expected(3, "", "more than one document"),
    "two_parents": Expected(2, "extends", "must be the path or the name of a scenario"),
    "unclosed": Expected(3, "policies[1]", "not valid YAML: expected ',' or ']'"),
    "unknown_alias": Expected(3, "world", "an alias names an anchor that is not there"),
    "unknown_key": Expected(3, "polices", "unknown field", "name, ques", "policies"),
    "unknown_metric": Expected(5, "metrics[1]", "unknown metric", "new_note_ctr", "new_note_ctr"),
    "unknown_plugin_field": Expected(
        5, "policies[0].coeficient", "for policy 'boost'", "type, coeff", "coefficient"
    ),
    "unknown_plugin_type": Expected(
        4, "policies[0].type", "unknown policy", "audience_gate, boost, ", "boost"
    ),
    "unknown_world_key": Expected(4, "world.reader", "unknown field", "readers, ", "readers"),
    "world_as_number": Expected(3, "world", "wrong type", BLOCK),
    "wrong_choice": Expected(
        5, "world.creators.sensitivity", "not one of the choices", "low, mid, high", "high"
    ),
    "wrong_queue": Expected(
        4, "queues.type", "not one of the choices", "free, separate", "separate"
    ),
    "yaml_bomb": Expected(8, "world.a4[0]", "too large"),
}
SEVERAL = {"four_mistakes"}


def test_every_broken_file_is_expected():
    assert {path.stem for path in BROKEN.glob("*.yaml")} == EXPECTED.keys() | SEVERAL


@pytest.mark.parametrize("stem", EXPECTED)
def test_one_mistake_one_finding(stem):
    expected = EXPECTED[stem]
    findings = validate(BROKEN / f"{stem}.yaml")
    assert len(findings) == 1, findings
    finding = findings[0]
    assert Path(finding.file) == BROKEN / f"{expected.file or stem}.yaml"
    assert (finding.line, finding.path) == (expected.line, expected.path)
    assert expected.message in finding.message
    assert finding.suggestion == expected.suggestion
    if expected.allowed is None:
        assert finding.allowed is None
    else:
        assert finding.allowed is not None
        assert finding.allowed.startswith(expected.allowed)
    assert len(str(finding)) < 2_000


def test_all_mistakes_at_once_in_order():
    findings = validate(BROKEN / "four_mistakes.yaml")
    assert [(finding.line, finding.path) for finding in findings] == [
        (2, "horizon"),
        (3, "seed"),
        (6, "policies[0].coefficient"),
        (7, "policies[0].max_aeg"),
    ]


def test_the_error_reads_like_its_findings():
    with pytest.raises(ScenarioError, match=r"unknown_plugin_type\.yaml:4  policies") as caught:
        load_scenario(BROKEN / "unknown_plugin_type.yaml")
    assert "(got bost). Did you mean 'boost'? Allowed: audience_gate, boost, " in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_circle_is_shown_in_full():
    (finding,) = validate(BROKEN / "circle_a.yaml")
    names = [part.rpartition("/")[2] for part in finding.message.split(" extends ")]
    assert names == ["circle_a.yaml", "circle_b.yaml", "circle_c.yaml", "circle_a.yaml"]
