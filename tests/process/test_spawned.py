"""Spawned: real processes that import all for themselves, as on systems that cannot fork."""

import os
import sys
from textwrap import dedent

import pytest

from bench.process.executor import talk
from bench.process.spawned import Spawned
from bench.process.worker import ENVIRONMENT, WorkerError

ERRANDS = """
    import os

    def looks_around(task, channel):
        channel.send("task", task)
        channel.send("environment", dict(os.environ))

    def leaves(task, channel):
        os._exit(task)
    """


@pytest.fixture
def spawned(tmp_path, monkeypatch):
    (tmp_path / "spawned_errands.py").write_text(dedent(ERRANDS), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return Spawned()


def test_a_task_is_done_in_a_process_with_a_pinned_allocator(spawned, monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    before, main = dict(os.environ), sys.modules["__main__"]
    seen = dict(talk(spawned, "spawned_errands:looks_around", {"x": 1}, 60))
    assert seen["task"] == {"x": 1}
    assert {name: seen["environment"].get(name) for name in ENVIRONMENT} == ENVIRONMENT
    assert seen["environment"]["BENCH_START_METHOD"] == "spawn"
    assert (dict(os.environ), sys.modules["__main__"]) == (before, main)


def test_how_it_ended_is_told(spawned):
    with pytest.raises(WorkerError, match="exit code 3"):
        list(talk(spawned, "spawned_errands:leaves", 3, 60))
