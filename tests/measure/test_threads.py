"""Threads: how many work at once, what the record says of OpenMP, and what a busy core costs; real threads."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from bench.measure import threads
from bench.measure.threads import ThreadsError, at_once, check_threads, longest_wait, openmp_settings, waiting

needs_counts = pytest.mark.skipif(not waiting(), reason="this kernel does not count what threads wait")
needs_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")


def in_a_process(program):
    """What a program prints that uses this suite's code."""
    root = {**os.environ, "PYTHONPATH": str(Path(threads.__file__).parents[2])}
    run = [sys.executable, "-c", dedent(program)]
    return subprocess.run(run, capture_output=True, text=True, env=root, check=True).stdout


@pytest.mark.parametrize(
    ("affinities", "expected"),
    [
        ([{0, 1}, {0, 1}], 2),
        ([{0, 1}, {0}], 2),  # bound beside one that is free
        ([{0}, {0}], 1),  # all places are one core
        ([{0, 1, 2, 3}, {0}, {0}, {0}], 2),
        ([{0}], 1),  # OMP_THREAD_LIMIT=1
        ([], 0),
    ],
)
def test_threads_work_at_once_that_have_a_core_each(affinities, expected):
    assert at_once(affinities) == expected


@needs_counts
@needs_cores
def test_the_threads_asked_for_are_counted():
    """In a fresh process, as a worker is: what tests before have started may work here too."""
    printed = in_a_process("""
        import torch
        from bench.measure.threads import count_threads
        for asked in (1, 2):
            torch.set_num_threads(asked)
            print(count_threads(asked))
        """)
    assert printed.split() == ["1", "2"]


def test_fewer_threads_than_asked_for_name_the_variable_and_the_remedy(monkeypatch):
    monkeypatch.setattr(threads, "count_threads", lambda asked: 1)
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    with pytest.raises(ThreadsError) as caught:
        check_threads(2)
    expected = "asked for 2 threads, got 1 (OMP_THREAD_LIMIT=1): unset OMP_THREAD_LIMIT, or give --threads 1"
    assert str(caught.value) == expected
    assert openmp_settings().keys() >= {"OMP_THREAD_LIMIT", "OMP_WAIT_POLICY"}


def test_where_the_system_counts_nothing_no_cell_fails(monkeypatch):
    monkeypatch.setattr(threads, "count_threads", lambda asked: None)
    check_threads(2)


@pytest.mark.slow
@needs_counts
def test_a_thread_that_shares_its_core_is_seen_to_wait():
    core = min(os.sched_getaffinity(0))
    busy = subprocess.Popen([sys.executable, "-c", f"import os; os.sched_setaffinity(0, [{core}])\nwhile True: pass"])
    try:
        printed = in_a_process(f"""
            import os, time
            os.sched_setaffinity(0, [{core}])
            from bench.measure.threads import longest_wait, waiting
            before, end = waiting(), time.perf_counter() + 0.5
            while time.perf_counter() < end: pass
            print(longest_wait(before))
            """)
    finally:
        busy.kill()
        busy.wait()
    assert float(printed) > 0.1


def test_what_a_hypervisor_kept_is_told_by_core(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda _: 100)
    counts = tmp_path / "stat"
    counts.write_text(
        "cpu  9 0 0 0 0 0 0 500 0 0\ncpu0 1 0 0 0 0 0 0 120 0 0\ncpu11 1 0 0 0 0 0 0 380\ncpu2 1 2\nintr 1\n"
    )
    assert threads.stolen(counts) == {"cpu0": 1.2, "cpu11": 3.8}
    assert threads.stolen(tmp_path / "nowhere") == {}


def test_nothing_waits_where_nothing_was_counted(monkeypatch):
    monkeypatch.setattr(threads, "waiting", dict)
    assert longest_wait({}) is None


@pytest.mark.parametrize(
    ("changed", "who"),
    [
        ({"threads": "1 -> 2"}, "its code changed threads (1 -> 2) while"),
        ({"affinity": "0 and 1 -> 0"}, "its code, or something outside, changed affinity (0 and 1 -> 0) while"),
        ({"threads": "1 -> 2", "affinity": "0 -> 1"}, "its code, or something outside, changed threads (1 -> 2), aff"),
    ],
)
def test_what_a_container_may_have_set_is_not_laid_to_the_code_alone(changed, who):
    with pytest.raises(ThreadsError) as error:
        threads.refuse_changed({**changed, "gradients": "True -> False"})
    assert who in str(error.value)
    threads.refuse_changed({"gradients": "True -> False", "priority": "0 -> 5"})
