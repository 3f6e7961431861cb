"""A process that is forked beforehand: it replies once, says why it cannot, and ends with the block."""

import multiprocessing
import os
import signal

import pytest

from bench.errors import BenchError
from bench.process.beforehand import forked


def who(task):
    return task, os.getpid()


def fail(task):
    raise ValueError(f"no {task} here")


def be_killed(task):
    os.kill(os.getpid(), signal.SIGKILL)


def want_too_much(task):
    raise MemoryError("not enough memory")


def has_ended(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_another_process_replies():
    with forked(who) as ask:
        task, process = ask({"of": "plain data"})
    assert task == {"of": "plain data"}
    assert process != os.getpid()
    assert has_ended(process)


def test_what_it_raises_is_told_in_one_line():
    with forked(fail) as ask, pytest.raises(BenchError, match="no net here"):
        ask("net")


def test_memory_that_runs_out_there_runs_out_here():
    with forked(want_too_much) as ask, pytest.raises(MemoryError, match="not enough memory"):
        ask(None)


def test_that_it_was_ended_is_told():
    with forked(be_killed) as ask, pytest.raises(BenchError, match="the process that answers was ended by SIGKILL"):
        ask(None)


def test_nobody_need_ask():
    before = set(multiprocessing.active_children())
    with forked(who):
        assert len(set(multiprocessing.active_children()) - before) == 1
    assert set(multiprocessing.active_children()) <= before
