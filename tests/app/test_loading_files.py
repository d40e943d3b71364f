"""What is no readable scenario file is refused with its name, before anything else happens."""

import os

import pytest

from simulator.app import files
from simulator.app.loading import load_scenario, validate

VALID = "name: fine\nhorizon: 2d\n"


def only_finding(path):
    (finding,) = validate(path)
    assert finding.file == str(path)
    return finding


def test_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "baseline.yaml").write_text(VALID)
    finding = only_finding(tmp_path / "basline.yaml")
    assert finding.message == "there is no such file"
    assert finding.suggestion == str(tmp_path / "baseline.yaml")


def test_missing_folder(tmp_path):
    assert only_finding(tmp_path / "nowhere" / "a.yaml").message == "there is no such file"


def test_file_as_folder(tmp_path):
    (tmp_path / "a").write_text(VALID)
    assert only_finding(tmp_path / "a" / "b.yaml").message == "there is no such file"


def test_folder(tmp_path):
    assert "this is a folder" in only_finding(tmp_path).message


def test_pipe_does_not_block(tmp_path):
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert "no regular file" in only_finding(pipe).message


@pytest.mark.parametrize("name", ["a\0b.yaml", "x" * 5_000, "y" * 300 + ".yaml"])
def test_impossible_name(name):
    (finding,) = validate(name)
    assert finding.message.startswith("the file cannot be read")


def test_link_to_itself(tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(link)
    assert only_finding(link).message.startswith("the file cannot be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to this user")
def test_unreadable(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(VALID)
    path.chmod(0)
    assert only_finding(path).message == "the file cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"\x7fELF\0\0\1", None, "this is a binary file"),
        (VALID.encode("utf-16"), None, "this is a binary file"),
        (VALID.encode() + b"question: caf\xe9\n", 3, "the file is not UTF-8 text"),
        (VALID.encode() + b"question: \x07\n", None, "not valid YAML"),
        (VALID.encode() + b"# x\n" * (files.MAX_BYTES // 4), None, "larger than 1024 KiB"),
        (VALID.encode() + b'question: "\\UFFFFFFFF"\n', None, "not valid YAML"),
        (VALID.encode() + b"question: " + b"!" * 15_000, 3, "tags are not allowed"),
        (VALID.encode() + b"question: %x\n", 3, "not valid YAML"),
    ],
    ids=["elf", "utf16", "latin1", "bell", "large", "escape", "exclamations", "percent"],
)
def test_content_that_is_no_text(tmp_path, data, line, message):
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    finding = only_finding(path)
    assert finding.line == line
    assert message in finding.message


def test_byte_order_mark_and_windows_lines_are_fine(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode())
    assert load_scenario(path).name == "fine"


def test_bundled_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(
        files, "bundled_scenarios", lambda sweeps=False: {"smoke": tmp_path / "smoke.yaml"}
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smoke.yaml").write_text(VALID)
    (tmp_path / "smoke").mkdir()
    (tmp_path / "child.yaml").write_text("name: child\nextends: smoke\n")
    assert load_scenario("smoke").name == "fine"
    assert load_scenario("child.yaml").horizon_s == 2 * 86_400
    (finding,) = validate("smok")
    assert finding.suggestion in {"smoke", "smoke.yaml"}


def test_a_file_goes_before_a_bundled_name(tmp_path, monkeypatch):
    monkeypatch.setattr(
        files, "bundled_scenarios", lambda sweeps=False: {"smoke": tmp_path / "smoke.yaml"}
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smoke").write_text("name: mine\nhorizon: 1d\n")
    assert load_scenario("smoke").name == "mine"


def test_more_than_ten_parents(tmp_path):
    (tmp_path / "0.yaml").write_text(VALID)
    for i in range(1, 12):
        (tmp_path / f"{i}.yaml").write_text(f"extends: {i - 1}.yaml\n")
    assert load_scenario(tmp_path / "10.yaml").name == "fine"
    (finding,) = validate(tmp_path / "11.yaml")
    assert finding.message.startswith("more than 10 parents")
    assert finding.file == str(tmp_path / "1.yaml")
