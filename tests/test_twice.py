"""What failed runs once more: red is what fails in both; nothing else that goes wrong is excused."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

BESIDE = ["--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
ONCE = """
    from pathlib import Path

    def test_passes():
        pass

    def test_fails_once():
        first = Path("first")
        if not first.exists():
            first.touch()
            raise AssertionError("the first time")
"""
TWICE = """
    def test_fails_twice():
        raise AssertionError("each time")
"""


def twice(folder, *words, **files):
    """What `.ci/twice` says of pytest on such files; its exit code and output."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(f"if True:{text}", "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -q\n", "utf-8")
    run = [ROOT / ".ci/twice", sys.executable, "-m", "pytest", *words]
    ended = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize("words", [[], BESIDE])
def test_what_passes_by_itself_is_not_red_and_is_named(tmp_path, words):
    code, output = twice(tmp_path, *words, once=ONCE)
    first, second = output.split("what failed runs once more, by itself:")
    assert code == 0
    assert "1 failed, 1 passed" in first
    assert "the first time" in first
    assert "1 passed" in second
    assert "test_once.py" in second


def test_what_fails_twice_is_red(tmp_path):
    code, output = twice(tmp_path, *BESIDE, once=ONCE, twice=TWICE)
    assert code == 1
    assert "1 failed, 1 passed" in output.rpartition("by itself:")[2]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["-k", "nothing"], ONCE, 5),
        (["--no-such-flag"], ONCE, 4),
        ([], "\n    import no_such_module", 2),
        (BESIDE, "\n    import no_such_module", 1),
        (["-p", "no:cacheprovider"], TWICE, 1),
    ],
    ids=["no test", "a wrong word", "a file that cannot be read", "such a file beside", "nobody knows what failed"],
)
def test_nothing_else_is_excused(tmp_path, words, text, expected):
    code, output = twice(tmp_path, *words, one=text)
    assert code == expected
    assert ("once more" in output) == (expected == 1)
