"""Cells with several threads, really run: beside a busy process, and under variables that place OpenMP's threads."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core"),
]
CELL = ("run", "--suite", "tiny", "--architectures", "softmax_regression", "--datasets", "synthetic", "--epochs", "0")


def lines(bench, *flags, **variables):
    """The results of one cell, by its own run."""
    done = bench(*CELL, "--run", "mine", "--no-report", "--concurrent", *flags, **variables)
    stored = (bench.folder / "results" / "mine" / "results.jsonl").read_text().splitlines()
    return done, [json.loads(line) for line in stored]


@pytest.mark.alone
def test_two_threads_beside_a_busy_process_are_measured_again_and_marked(bench):
    cores = len(os.sched_getaffinity(0))
    # two to a core: with one to a core, a step that sleeps between its batches can still get its turn at once
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * cores)]
    try:
        done, results = lines(bench)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert done.returncode == 0, done.stderr
    assert len(results) == 3  # one repeat, and two more for the two that were disturbed
    contended = [{one["part"] for one in result["warnings"] if one["kind"] == "contended"} for result in results]
    assert all("phases" in parts for parts in contended)  # a batch of inference may be too small for two threads
    assert all(block["waited"] is not None for result in results for block in result["blocks"])
    shown = bench("show", "mine").stdout
    assert "phases" in shown.splitlines()[1]
    assert "! other work took its cores each time it was measured" in shown
    rows = json.loads(bench("show", "mine", "--json").stdout)["rows"]
    assert {row["metric"]: row["contended"] for row in rows}["step"] is True
    saved = bench("baseline", "save", "mine")
    assert saved.returncode == 2
    assert "every cell of run 'mine' was contended" in saved.stderr
    assert bench("baseline", "save", "mine", "--contended").returncode == 0


@pytest.mark.parametrize("variable", [{"GOMP_CPU_AFFINITY": "0-1"}, {"OMP_PROC_BIND": "true"}])
def test_bound_threads_leave_the_parents_cores(bench, variable):
    _, results = lines(bench, "--again", "0", **variable)
    system = results[0]["system"]
    assert results[0]["status"] == "ok"
    assert results[0]["cell"]["threads"] == system["cores_usable"] == len(os.sched_getaffinity(0))
    assert system["affinity"] == sorted(os.sched_getaffinity(0))
    assert variable.items() <= system["openmp"].items()  # the tests themselves may run with a policy of waiting


def test_a_cell_that_got_fewer_threads_says_so_and_is_not_measured(bench):
    _, (result,) = lines(bench, OMP_THREAD_LIMIT="1")
    assert (result["status"], result["measurements"]) == ("failed", [])
    assert f"asked for {result['cell']['threads']} threads, got 1 (OMP_THREAD_LIMIT=1)" in result["reason"]
