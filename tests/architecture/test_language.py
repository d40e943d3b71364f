"""The repository speaks of itself alone, and runs wherever it is checked out."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A letter in brackets keeps a pattern from matching its own line here.
FORBIDDEN = {
    "brand of a writing aid": r"c[l]aude|chat[g]pt|co[p]ilot|a[n]thropic|o[p]enai\b(?!/clip)",
    "place where work is planned": r"issue[ -]t[r]acker|\bji[r]a\b",
    "path of one machine": r"(?<![\w.}~-])/(?:w[o]rk|r[o]ot|h[o]me/\w+|U[s]ers/\w+)/",
    "host of a package index": r"p[y]pi\.org|files\.p[y]thonhosted",
}


def tracked_text_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


@pytest.mark.parametrize(("what", "pattern"), FORBIDDEN.items(), ids=FORBIDDEN)
def test_no_tracked_file_mentions(what, pattern):
    search = re.compile(pattern, re.IGNORECASE).search
    found = [
        f"{path.relative_to(ROOT)}:{number} {match.group()}"
        for path in tracked_text_files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if (match := search(line))
    ]
    assert not found, f"{what}:\n" + "\n".join(found)
