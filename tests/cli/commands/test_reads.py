"""Every command reads a run's results once: how often their files are opened to be read, whoever opens them."""

import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.cli.commands import tensorboard
from bench.store.result import Measurement
from tests.explain import made

FOREIGN = Path(__file__).parents[2] / "store" / "pytest_benchmark_4.json"
TINY = ("--datasets", "synthetic", "--optimizers", "sgd", "--blocks", "2", "--threads", "1", "--concurrent")

_watched = []  # an audit hook stays for good, so that there is one, and it writes here while somebody watches


def _hook(event, arguments):
    if event == "open" and _watched and str(arguments[0]).endswith("results.jsonl"):
        path, _, flags = arguments
        if flags & os.O_ACCMODE == os.O_RDONLY:
            _watched[-1][Path(path).parent.name] += 1


sys.addaudithook(_hook)


@contextmanager
def reads():
    """How often the results of each run are opened to be read."""
    _watched.append(Counter())
    try:
        yield _watched[-1]
    finally:
        _watched.pop()


def sampled(cell, step):
    """The result of a cell, its step with samples."""
    result = made.result(cell, step)
    _, *others = result.measurements
    return replace(result, measurements=(Measurement.of_samples("step", np.full(20, step), threads=1), *others))


@pytest.fixture
def runs(tmp_path, typed):
    """Two runs, one of them accepted, each with a page."""
    for name, started in (("first", "2026-01-01"), ("second", "2026-01-02")):
        made.run(tmp_path / "results", name, [sampled(made.VGG, 9e-3), sampled(made.LENET, 3e-3)], started=started)
        assert typed("report", name).returncode == 0
    assert typed("baseline", "save", "first").returncode == 0


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["show", "second"], ["second"]),
        (["show", "second", "--json"], ["second"]),
        (["show", "second", "--csv"], ["second"]),
        (["report", "second"], ["second"]),
        (["check", "second"], ["second"]),
        (["baseline", "save", "second"], ["second"]),
        (["history"], ["first", "second"]),
        (["explain", "vgg4", "lenet5", "--run", "second"], ["second"]),
        (["explain", "first", "second"], ["first", "second"]),
        (["explain", "first", "first"], ["first"]),
        (["list", "runs"], []),
        (["import", FOREIGN], ["pytest_benchmark_4"]),
    ],
)
def test_recorded_runs_are_read_once(runs, typed, words, names):
    with reads() as count:
        done = typed(*words)
    assert done.returncode in (0, 3, 4), done.stderr
    assert count == dict.fromkeys(names, 1)


def test_runs_named_by_their_revisions_are_read_once_and_no_other_run_is(typed, tmp_path):
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for name, step in (("old", 6e-3), ("new", 9e-3)):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", name], cwd=tmp_path, check=True)
        revision = subprocess.run([*git, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
        facts = {"git": {"revision": revision.stdout.strip(), "dirty": False}}
        made.run(tmp_path / "results", name, [sampled(made.VGG, step)], **facts)
    with reads() as count:
        done = typed("explain", "HEAD~1", "HEAD")
    assert done.returncode == 0, done.stderr
    assert count == {"old": 1, "new": 1}
    with reads() as count:
        assert typed("explain", "HEAD", "HEAD").returncode == 0
    assert count == {"new": 1}


def test_a_run_that_tensorboard_shows_is_read_once(typed, tmp_path, monkeypatch):
    epoch = {"epoch": 1, "train_loss": 1.0, "test_loss": 1.0, "test_accuracy": 0.5, "seconds": 1.0, "steps": 1}
    trained = [replace(sampled(cell, 1e-3), training={"epochs": [epoch]}) for cell in (made.VGG, made.LENET)]
    made.run(tmp_path / "results", "trained", trained)
    written = []
    monkeypatch.setattr(tensorboard, "_write", lambda curves, _: written.extend(curves))
    monkeypatch.setattr(tensorboard, "_serve", lambda *_: 0)  # the server reads other files
    with reads() as count:
        done = typed("tensorboard", "trained")
    assert (done.returncode, len(written)) == (0, 2), done.stderr
    assert count == {"trained": 1}


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_a_run_that_was_just_profiled_is_read_once(typed):
    with reads() as count:
        done = typed("profile", "debug", *TINY, "--run", "new")
    assert done.returncode == 0, done.stderr
    assert count == {"new": 1}


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_a_run_that_was_just_measured_or_is_resumed_is_read_once(typed):
    grid = ("--architectures", "debug", "--epochs", "0", "--repeats", "1", "--again", "0", *TINY)
    for words in (("run", *grid, "--run", "new"), ("run", "--resume", "new", "--repeats", "2", "--concurrent")):
        with reads() as count:
            done = typed(*words)
        assert done.returncode == 0, done.stderr
        assert count == {"new": 1}
