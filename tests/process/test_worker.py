"""Worker: real processes. However one ends, its status and reason are told, and the next one works."""

import os
import signal
from pathlib import Path
from textwrap import dedent

import pytest

from bench.process import executor
from bench.process.local import Workers
from bench.process.worker import ENVIRONMENT, WorkerError
from tests.conftest import eventually, is_running

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

    def forks(task, channel):
        child = os.fork()
        if child == 0:
            time.sleep(600)
        channel.send("child", child)

    def forks_and_hangs(task, channel):
        forks(task, channel)
        hangs(task, channel)

    def daemonizes(task, channel):
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(write, str(os.getpid()).encode())
                time.sleep(600)
            os._exit(0)
        os.wait()
        channel.send("child", int(os.read(read, 20)))
        hangs(task, channel)

    def goes_on_twice(task, channel):
        os.fork()
        channel.send("said", task)

    def closes_all(task, channel):
        os.closerange(3, 256)
        channel.send("said", task)

    def babbles(task, channel):
        os.write(channel._connection.fileno(), b"\\0\\0\\0\\x05never")
        time.sleep(600)

    def has_a_folder(task, channel):
        from bench.process.scratch import scratch

        with scratch() as folder:
            channel.send("folder", folder)
            hangs(task, channel)

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
    """Its first part is waited for as long as it takes; what comes of the time that is left to it then is asked."""
    with workers.start("errands:hangs", None) as worker:
        kind, pid = worker.receive(60.0)
        with pytest.raises(WorkerError) as caught:
            worker.receive(0.2)
        assert is_running(pid)
    assert kind == "pid"
    assert caught.value.status == "timeout"
    assert "--timeout" in caught.value.reason
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


@pytest.mark.slow
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


def test_a_process_that_its_code_forked_keeps_nobody_waiting_and_is_ended(workers):
    (said, left), error = talk(workers, "forks", timeout=600.0)
    assert (said[0], left, error) == ("child", ("left", 1), None)
    assert not is_running(said[1])


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_nothing_that_its_code_started_outlives_the_server(workers, how):
    """A daemon does where the server is killed: only the server, which adopts it, knows of it."""
    with workers.start("errands:daemonizes" if how == "closed" else "errands:forks_and_hangs", None) as worker:
        _, child = worker.receive(60.0)
        assert is_running(child)
        client = workers._server.client
        if how == "killed":
            os.kill(client.server, signal.SIGKILL)
        client.close()
        assert eventually(lambda: not is_running(child))


@pytest.mark.slow
def test_a_copy_of_the_worker_has_no_say(workers):
    (said, *more), error = talk(workers, "goes_on_twice", "mine")
    assert (said, error) == (("said", "mine"), None)
    assert more in ([], [("left", 1)])  # where the system gave the copy no core until the worker had ended


@pytest.mark.parametrize(
    ("errand", "words"), [("closes_all", "closed the worker's connection"), ("babbles", "cannot be read")]
)
def test_code_that_spoils_the_connection_has_failed(workers, errand, words):
    _, error = talk(workers, errand, "x")
    assert error.status == "failed"
    assert words in error.reason
    assert works(workers)


def test_the_temporary_folder_of_a_worker_that_is_ended_is_removed(workers):
    with workers.start("errands:has_a_folder", None) as worker:
        _, folder = worker.receive(60.0)
        assert Path(folder).is_dir()
    assert eventually(lambda: not Path(folder).exists())


@pytest.mark.slow
def test_a_worker_that_was_lost_with_its_server_is_worth_another_try(workers):
    with workers.start("errands:hangs", None) as worker:
        worker.receive(60.0)
        os.kill(workers._server.client.server, signal.SIGKILL)
        with pytest.raises(WorkerError, match="its server ended") as caught:
            worker.receive(60.0)
    assert (caught.value.status, caught.value.outside) == ("failed", True)
    assert works(workers)


@pytest.mark.slow
def test_a_server_that_was_stopped_is_woken(workers, monkeypatch):
    monkeypatch.setattr("bench.process.tree_client.WAKE_SECONDS", 0.1)
    monkeypatch.setattr("bench.process.worker.END_SECONDS", 20.0)
    assert works(workers)
    for moment in ("before", "while it works"):
        server = workers._server.client.server
        if moment == "before":
            os.kill(server, signal.SIGSTOP)
            assert works(workers)
        else:
            with workers.start("errands:echo", "x") as worker:
                os.kill(server, signal.SIGSTOP)
                assert [worker.receive(60.0), worker.receive(60.0)] == [("said", "x"), None]
        assert workers._server.client.server == server


def test_a_worker_that_stops_amid_a_part_is_not_waited_for(workers, monkeypatch):
    monkeypatch.setattr("bench.process.tree_client.STALL_SECONDS", 1)
    with workers.start("errands:echo", b"x" * 10_000_000) as worker:
        assert eventually(worker._connection.poll)
        worker.pause()
        with pytest.raises(WorkerError, match="in the middle") as caught:
            worker.receive(60.0)
    assert caught.value.status == "timeout"
