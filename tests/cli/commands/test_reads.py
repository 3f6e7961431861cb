"""Every command reads a run's results once: how often their files are opened to be read, whoever opens them."""

import os
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.store.result import Measurement
from tests.explain import made

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
    ],
)
def test_recorded_runs_are_read_once(runs, typed, words, names):
    with reads() as count:
        done = typed(*words)
    assert done.returncode in (0, 3, 4), done.stderr
    assert count == dict.fromkeys(names, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--architectures", "debug", "--epochs", "0", "--repeats", "1", *TINY, "--run", "new"),
        ("profile", "debug", *TINY, "--run", "new"),
    ],
)
def test_a_run_that_was_just_measured_is_read_once(typed, words):
    with reads() as count:
        done = typed(*words)
    assert done.returncode == 0, done.stderr
    assert count == {"new": 1}


def test_a_run_that_is_resumed_is_read_once(typed):
    grid = ("--architectures", "debug", "--epochs", "0", "--repeats", "1", *TINY)
    assert typed("run", *grid, "--run", "new", "--no-report").returncode == 0
    with reads() as count:
        done = typed("run", "--resume", "new", "--repeats", "2", "--concurrent")
    assert done.returncode == 0, done.stderr
    assert count == {"new": 1}
