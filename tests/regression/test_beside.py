"""Beside: the hint of a check can be typed as it stands: with the cell's own flags, and revisions of this clone."""

import shlex
import subprocess
from dataclasses import replace

import pytest

from bench.cli.parser.main import build_parser
from bench.plan.cell import Cell
from bench.plan.command import comparison_of
from bench.regression.beside import beside
from bench.store.fingerprint import Fingerprint
from bench.store.summary import CellSummary

CELL = Cell("my_net", optimizer="adam", batch_size=32, threads=2, learning_rate=0.01)


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def revision(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "x")
    monkeypatch.chdir(tmp_path)
    return git(tmp_path, "rev-parse", "HEAD")


def summary(revision, cell=CELL, **fields):
    machine = Fingerprint({"cpu": "x", "threads": 1})
    return CellSummary(**{"cell": cell, "run": "r", "revision": revision, "machine": machine, **fields})


def typed(text):
    """What the parser makes of a command."""
    words = shlex.split(text)
    assert words[:3] == ["python", "-m", "bench"]
    return build_parser().parse_args(words[3:])


def test_the_command_names_the_cell_and_both_revisions(revision):
    new = summary("b" * 40)
    args = typed(beside(new, summary(revision)).removeprefix(": "))
    assert args.revisions == [revision[:10], "b" * 10]
    assert (args.architectures, args.optimizers, args.batch_sizes) == (["my_net"], ["adam"], [32])
    assert args.learning_rates == [0.01]
    assert args.threads == [1]  # those of the cost
    assert typed(beside(replace(new, dirty=True), summary(revision)).removeprefix(": ")).revisions == [revision[:10]]


def test_a_revision_that_this_clone_lacks_is_fetched_first(revision):
    text = beside(summary(revision), summary("c" * 40))
    fetch, command = text.removeprefix(": ").split(" && ")
    assert fetch == f"git fetch origin {'c' * 40}"
    assert typed(command).revisions == ["c" * 10, revision[:10]]


def test_without_a_revision_or_a_name_there_is_no_command(revision):
    assert beside(summary(revision), None) == beside(summary(revision), summary("")) == ""
    assert beside(summary(revision, Cell.foreign("test_it[1]")), summary("c" * 40)) == ""


def test_what_stands_in_a_file_is_named_by_it():
    cell = Cell("Net", origins=("architecture=my_nets.py:Net(width=3)",), dataset="synthetic:3x8x8:5")
    args = typed(comparison_of(cell, ["HEAD~1"]))
    assert (args.architectures, args.datasets) == (["my_nets.py:Net(width=3)"], ["synthetic:3x8x8:5"])
