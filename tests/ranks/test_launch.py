"""Launch: so many fresh processes, each with its place; where one fails, or the launching one ends, all end."""

import multiprocessing
import os
import signal
import time

import pytest

from bench.ranks.launch import RankError, launch
from tests.ranks import rank_functions


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - a zombie that nobody waits for has ended
        return file.read().rpartition(")")[2].split()[0] == "Z"


def waited_for(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return done


def test_each_rank_knows_its_place_and_is_a_process_of_its_own():
    given = launch(2, rank_functions.who, "word")
    assert [each[:3] for each in given] == [(0, 2, "word"), (1, 2, "word")]
    assert len({os.getpid(), *(each[3] for each in given)}) == 3


def test_a_rank_that_fails_ends_the_others_and_is_named_with_its_reason(capfd):
    began = time.monotonic()
    with pytest.raises(RankError, match=r"^rank 1: ValueError: no such thing$"):
        launch(2, rank_functions.fail_second)
    assert time.monotonic() - began < rank_functions.LONG / 2  # for which the other one would have slept
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.slow
def test_a_rank_that_is_ended_from_outside_is_named():
    with pytest.raises(RankError, match=r"^rank 1 was ended by SIGKILL$"):
        launch(2, rank_functions.end_second)


def test_the_signal_that_ends_a_process_does_afterwards_what_it_did_before():
    before = signal.getsignal(signal.SIGTERM)
    launch(1, rank_functions.who, "word")
    assert signal.getsignal(signal.SIGTERM) is before


def launching(folder):
    launch(2, rank_functions.write_and_wait, folder)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="only Linux ends a process with its parent")  # noqa: PTH110
def test_no_rank_outlives_the_process_that_launched_it(tmp_path):
    parent = multiprocessing.get_context("fork").Process(target=launching, args=(tmp_path,))
    parent.start()
    files = [tmp_path / f"pid{rank}" for rank in range(2)]
    assert waited_for(lambda: all(file.exists() and file.read_text() for file in files))
    pids = [int(file.read_text()) for file in files]
    parent.kill()
    parent.join()
    assert waited_for(lambda: all(map(is_gone, pids)))
