"""Cells with several threads, really run: beside a busy process, and under variables that place OpenMP's threads."""

import json
import os
import subprocess
import sys

import pytest

from tests.one_pair import keep_servers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core"),
]
TINY = ("run", "--suite", "tiny", "--datasets", "synthetic", "--epochs", "0", "--architectures")
CELL = (*TINY, "softmax_regression")
# one step takes longer than the kernel lets a process run at once: no block falls between two turns of a neighbour
LONG_STEP = (*TINY, "lenet5", "--batch-sizes", "256")
FLAGS = ("--run", "mine", "--no-report", "--concurrent")


def lines(bench, *flags, **variables):
    """The results of one cell, by its own run."""
    bench(*CELL, *FLAGS, *flags, **variables)
    return results_in(bench.folder)


def results_in(folder):
    stored = (folder / "results" / "mine" / "results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in stored]


@pytest.mark.alone
def test_two_threads_beside_a_busy_process_are_measured_again_and_marked(typed, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    keep_servers(monkeypatch.setattr)  # one beside the loops takes long to start
    assert typed(*LONG_STEP, "--dry-run").returncode == 0  # this one is kept for the run
    cores = len(os.sched_getaffinity(0))
    # two to a core: with one to a core, a step that sleeps between its batches can still get its turn at once
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * cores)]
    try:
        done = typed(*LONG_STEP, *FLAGS, "--again", "1")
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert done.returncode == 0, done.stderr
    results = results_in(tmp_path)
    assert len(results) == 2  # one repeat, and one more for the one that was disturbed
    contended = [{one["part"] for one in result["warnings"] if one["kind"] == "contended"} for result in results]
    assert contended == 2 * [{"relative cost", "phases", "inference"}]
    assert all(block["waited"] is not None for result in results for block in result["blocks"])
    shown = typed("show", "mine").stdout
    assert "signs: c contended: other work took its cores" in shown
    assert "! other work took its cores each time it was measured" in shown
    rows = json.loads(typed("show", "mine", "--json").stdout)["rows"]
    assert {row["metric"]: row["contended"] for row in rows}["step"] is True
    saved = typed("baseline", "save", "mine")
    assert saved.returncode == 2
    assert "every cell of run 'mine' was contended" in saved.stderr
    assert typed("baseline", "save", "mine", "--contended").returncode == 0


@pytest.mark.parametrize("variable", [{"GOMP_CPU_AFFINITY": "0-1"}, {"OMP_PROC_BIND": "true"}])
def test_bound_threads_leave_the_parents_cores(bench, variable):
    results = lines(bench, "--again", "0", **variable)
    system = results[0]["system"]
    assert results[0]["status"] == "ok"
    assert results[0]["cell"]["threads"] == system["cores_usable"] == len(os.sched_getaffinity(0))
    assert system["affinity"] == sorted(os.sched_getaffinity(0))
    assert variable.items() <= system["openmp"].items()  # the tests themselves may run with a policy of waiting


def test_a_cell_that_got_fewer_threads_says_so_and_is_not_measured(bench):
    (result,) = lines(bench, OMP_THREAD_LIMIT="1")
    assert (result["status"], result["measurements"]) == ("failed", [])
    assert f"asked for {result['cell']['threads']} threads, got 1 (OMP_THREAD_LIMIT=1)" in result["reason"]
