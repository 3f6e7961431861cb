"""Worker: real processes. However one ends, its status and reason are told, and the next one works."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest

from bench.process import executor
from bench.process.local import Workers
from bench.process.worker import ENVIRONMENT, WorkerError

pytestmark = pytest.mark.skipif(executor.START_METHOD != "fork", reason="fresh processes are forked here")

ERRANDS = '''
    """What the workers of these tests are sent to do; each gets its task and the channel."""

    import os
    import signal
    import sys
    import time


    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # as libgomp does where OMP_PROC_BIND is set


    def echo(task, channel):
        channel.send("said", task)

    def count(task, channel):
        for number in range(task):
            channel.send("number", number)

    def answer(task, channel):
        while (word := channel.receive()) is not None:
            channel.send("heard", word)

    def raises(task, channel):
        channel.send("said", "before")
        raise ValueError(task)

    def signals(task, channel):
        channel.send("said", "before")
        os.kill(os.getpid(), task)

    def exits(task, channel):
        channel.send("said", "before")
        os._exit(task)

    def hangs(task, channel):
        channel.send("pid", os.getpid())
        while True:
            time.sleep(3600)

    def looks_around(task, channel):
        channel.send("environment", dict(os.environ))
        channel.send("torch", "torch" in sys.modules)
        channel.send("cores", os.sched_getaffinity(0))
        channel.send("interrupt", signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
        with open("/proc/self/oom_score_adj") as file:
            channel.send("oom_score", int(file.read()))
    '''


@pytest.fixture(scope="module")
def errands(tmp_path_factory):
    """The folder with the module `errands`."""
    folder = tmp_path_factory.mktemp("errands")
    (folder / "errands.py").write_text(dedent(ERRANDS), "utf-8")
    return folder


@pytest.fixture
def workers(errands, monkeypatch):
    monkeypatch.syspath_prepend(errands)
    workers = Workers()
    yield workers
    workers.close()


def talk(workers, errand, task=None, timeout=60.0):
    """What came, and the error at the end or None."""
    parts = []
    try:
        for part in executor.talk(workers, f"errands:{errand}", task, timeout):
            parts.append(part)  # noqa: PERF402 - what came before an error counts
    except WorkerError as error:
        return parts, error
    return parts, None


def is_running(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def works(workers):
    return talk(workers, "echo", "still here") == ([("said", "still here")], None)


def test_parts_come_in_order(workers):
    assert talk(workers, "count", 100) == ([("number", number) for number in range(100)], None)


def test_a_large_part_comes_whole(workers):
    assert talk(workers, "echo", b"x" * 10_000_000) == ([("said", b"x" * 10_000_000)], None)


def test_a_worker_can_be_asked_and_answers(workers):
    with workers.start("errands:answer", None) as worker:
        for word in ("one", "two"):
            worker.send(word)
            assert worker.receive(60.0) == ("heard", word)
        worker.send(None)
        assert worker.receive(60.0) is None


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT", "SIGFPE"])
def test_a_signal_is_named(workers, name):
    parts, error = talk(workers, "signals", getattr(signal, name))
    assert parts == [("said", "before")]
    assert (error.status, error.reason) == ("failed", f"the worker was ended by {name}")
    assert works(workers)


def test_a_signal_without_a_name_is_told_by_its_number(workers):
    _, error = talk(workers, "signals", signal.SIGRTMIN + 3)
    assert (error.status, error.reason) == ("failed", f"the worker was ended by signal {signal.SIGRTMIN + 3}")


def test_an_exit_of_its_own_is_told_with_its_code(workers):
    parts, error = talk(workers, "exits", 3)
    assert parts == [("said", "before")]
    assert (error.status, error.reason) == ("failed", "the worker ended by itself with exit code 3")
    assert works(workers)


def test_an_error_nobody_caught_is_a_failure(workers):
    parts, error = talk(workers, "raises", "oh")
    assert parts == [("said", "before")]
    assert (error.status, error.reason) == ("failed", "the worker ended by itself with exit code 1")
    assert works(workers)


def test_a_worker_that_hangs_is_ended_at_its_timeout(workers):
    parts, error = talk(workers, "hangs", timeout=1.0)
    ((kind, pid),) = parts
    assert kind == "pid"
    assert error.status == "timeout"
    assert "--timeout" in error.reason
    assert not is_running(pid)
    assert works(workers)


def test_a_timeout_of_years_is_waited_for(workers):
    assert talk(workers, "echo", 1, timeout=3e9) == ([("said", 1)], None)


def test_a_worker_that_was_killed_from_outside_has_failed(workers):
    with workers.start("errands:hangs", None) as worker:
        assert worker.receive(60.0) == ("pid", worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="ended by SIGKILL") as caught:
            worker.receive(60.0)
    assert caught.value.status == "failed"
    assert works(workers)


def test_a_worker_does_not_outlive_whoever_stops_listening(workers):
    parts = executor.talk(workers, "errands:hangs", None, 60.0)
    _, pid = next(parts)
    assert is_running(pid)
    parts.close()
    assert not is_running(pid)


def test_the_next_worker_comes_although_the_server_was_killed(workers):
    assert works(workers)
    os.kill(workers._server.client.server, signal.SIGKILL)
    assert works(workers)


def test_a_workers_surroundings(workers, monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    found = dict(talk(workers, "looks_around")[0])
    assert {name: found["environment"].get(name) for name in ENVIRONMENT} == ENVIRONMENT
    assert found["environment"]["BENCH_START_METHOD"] == "fork"
    assert found["torch"], "the server has imported it already"
    assert found["interrupt"], "Ctrl-C is the parent's to handle"
    assert found["cores"] == os.sched_getaffinity(0)
    assert found["oom_score"] == 1000


def test_the_parents_environment_stays_as_it_was(workers):
    before = dict(os.environ)
    assert works(workers)
    assert dict(os.environ) == before


def test_memory_that_ran_out_is_told_apart_from_a_kill(workers, monkeypatch):
    from bench.process import worker

    counts = iter([4, 5])
    monkeypatch.setattr(worker, "_oom_kills", lambda: next(counts))
    _, error = talk(workers, "signals", signal.SIGKILL)
    assert (error.status, "ran out of memory" in error.reason) == ("oom", True)
