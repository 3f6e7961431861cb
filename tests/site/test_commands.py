"""Every command that README and docs/ show in a block is run, in a folder that has what it names, or says why not."""

import shlex
import shutil

import pytest

from bench.cli import run_command_line
from tests.conftest import HASTY_PATH, ROOT
from tests.site.shown import PAGES, name_of, shown
from tests.site.world import RUNS, lay_out

BLOCKS = {name_of(page): shown(page.read_text("utf-8")) for page in PAGES}
# What is added so that a command ends at once: `run` plans, tries the nets and the data, and measures nothing.
SHORTER = {
    "run": ("--dry-run", "--concurrent"),
    "profile": ("--concurrent", "--blocks", "2", "--threads", "1", "--datasets", "synthetic"),
    "baseline": ("--contended",),  # the tests' machine is seldom quiet
    "check": ("--concurrent",),
}
UNDECIDED = {"check": 3}  # too few accepted runs


def commands():
    """Each command that is to be run, once, with the first page that shows it."""
    pages = {}
    for name, blocks in BLOCKS.items():
        for line in (line for block in blocks if not block.why_not for line in block.commands):
            pages.setdefault(line, name)
    return [(page, line) for line, page in pages.items()]


def test_a_reason_names_what_there_is():
    reasons = {block.why_not for blocks in BLOCKS.values() for block in blocks if block.why_not}
    paths = {word.rstrip(",;") for reason in reasons for word in reason.split() if word.startswith("tests/")}
    assert len(reasons) > len(paths) / 2 > 0
    assert [path for path in paths if not list(ROOT.glob(path))] == []


def test_what_is_run_is_a_command_of_ours():
    assert [line for _, line in commands() if not line.startswith("python -m bench ")] == []


def test_a_reader_sees_no_reason():
    """A comment that is not right before its block would be no reason, and the block be run."""
    marks = sum(page.read_text("utf-8").count("<!-- not run: ") for page in PAGES)
    assert marks == sum(bool(block.why_not) for blocks in BLOCKS.values() for block in blocks)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", HASTY_PATH)
        lay_out(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_runs(page, line, world, monkeypatch, capsys):
    monkeypatch.chdir(world)
    words = shlex.split(line.partition(" > ")[0], comments=True)[3:]
    before = {path: path.stat().st_mtime_ns for path in world.rglob("*") if path.is_file()}
    code = run_command_line([*words, *SHORTER.get(words[0], ())])
    printed = capsys.readouterr()
    assert code in {0, UNDECIDED.get(words[0], 0)}, printed.err
    written = [path for path in world.rglob("*") if path.is_file() and before.get(path) != path.stat().st_mtime_ns]
    assert printed.out or written, "it said nothing and wrote nothing"
    for run in {path.parent for path in world.glob("results/*/run.json")} - {world / "results" / name for name in RUNS}:
        shutil.rmtree(run)  # the latest run is the same for each command
