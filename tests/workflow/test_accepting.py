"""What docs/ci.md says to write into .gitignore and .gitattributes, by real git: baselines are kept and merged."""

import re

import pytest

from bench.plan.cell import Cell
from bench.store.baseline import load, save
from bench.store.fingerprint import Fingerprint
from bench.store.summary import CellSummary
from tests.conftest import ROOT
from tests.workflow.conftest import commit, git

PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands(word):
    """The block of commands of the page that has the word."""
    [block] = [text for kind, text in BLOCKS if kind == "sh" and word in text]
    return block


[GITIGNORE] = [text for kind, text in BLOCKS if kind == "gitignore"]
[GITATTRIBUTES] = [text for kind, text in BLOCKS if kind == "gitattributes"]


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, _dot_gitignore=GITIGNORE, _dot_gitattributes=GITATTRIBUTES)
    return folder


def test_what_runs_leave_is_ignored_and_an_accepted_run_is_not(repository):
    for name in (
        "results/r1/run.json",
        "results/ab/1.jsonl",
        "results/baselines/main.jsonl",
        "reports/r1.html",
        "out/check.md",
        "my_nets/nets.py",
        "my_nets/results/kept.py",
    ):
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    git(repository, "add", "results/baselines")
    assert git(repository, "diff", "--cached", "--name-only") == "results/baselines/main.jsonl"
    assert git(repository, "status", "--porcelain") == "A  results/baselines/main.jsonl\n?? my_nets/"
    git(repository, "add", "--all")
    kept = ["my_nets/nets.py", "my_nets/results/kept.py", "results/baselines/main.jsonl"]
    assert git(repository, "diff", "--cached", "--name-only").splitlines() == kept


def accepted(run):
    """A cell of an accepted run."""
    return CellSummary(
        cell=Cell("my_net"),
        run=run,
        revision=run,
        dirty=False,
        started="2026",
        machine=Fingerprint({"cpu": "x"}),
        definition="d",
        log_cost=0.1,
        processes=3,
        step=0.1,
        counts={"parameters": 5},
    )


def test_branches_that_each_accept_a_run_are_merged(repository):
    folder = repository / "results" / "baselines"
    save("main", [accepted("r0")], folder)
    commit(repository)
    for branch in ("one", "other"):
        git(repository, "checkout", "--quiet", "-b", branch, "main")
        save("main", [accepted(branch)], folder)
        commit(repository)
    git(repository, "merge", "--quiet", "--message", "both", "one")
    assert sorted(load("main", folder).runs()) == ["one", "other", "r0"]
