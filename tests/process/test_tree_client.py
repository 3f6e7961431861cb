"""Host: real servers of small trees. Each runs its own tree's code in its own environment, or is refused."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.errors import BenchError, NotComparableError
from bench.process.executor import talk
from bench.process.tree_client import TreeClient
from bench.process.worker import ENVIRONMENT, WorkerError
from tests.conftest import eventually

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a host forks")

SOURCE = Path(bench.__file__).parent


def state_of(pid):
    """The letter of proc_pid_stat(5): T is stopped; None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def test_each_host_runs_its_own_tree_s_code(tree):
    with TreeClient("a", [tree("a")]) as one, TreeClient("b", [tree("b")]) as other:
        told = [dict(talk(host, "bench.errands:look_around", {"x": [1]}, 30)) for host in (one, other)]
    assert [parts["where"] for parts in told] == ["a", "b"]
    assert all(parts["told"] == {"x": [1]} and parts["interrupt"] for parts in told)


def test_a_worker_has_this_process_s_cores_though_its_server_was_bound_to_one(tree):
    with TreeClient("a", [tree()]) as host:
        assert dict(talk(host, "bench.errands:look_around", None, 30))["cores"] == os.sched_getaffinity(0)


def test_the_allocator_is_pinned_as_the_tree_pins_it(tree, monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    folder = tree()
    worker = folder / "bench" / "process" / "worker.py"
    worker.write_text(worker.read_text().replace("str(TRIM_THRESHOLD)", '"12345678"'))
    with TreeClient("a", [folder]) as host:
        found = dict(talk(host, "bench.errands:look_around", None, 30))["environment"]
    assert found["MALLOC_TRIM_THRESHOLD_"] == "12345678"
    assert found["MALLOC_MMAP_THRESHOLD_"] == ENVIRONMENT["MALLOC_MMAP_THRESHOLD_"]


def test_variables_are_set_and_one_without_a_value_is_not_there(tree, monkeypatch):
    monkeypatch.setenv("KEPT", "here")
    monkeypatch.setenv("GONE", "here")
    with TreeClient("a", [tree()], {"OMP_NUM_THREADS": "3", "GONE": "", "MALLOC_MMAP_THRESHOLD_": ""}) as host:
        found = dict(talk(host, "bench.errands:look_around", None, 30))["environment"]
    assert (found["KEPT"], found["OMP_NUM_THREADS"]) == ("here", "3")
    assert not {"GONE", "MALLOC_MMAP_THRESHOLD_"} & set(found)


def test_the_base_of_relative_names_is_told(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_BASE", "somewhere")
    for base, expected in ((tmp_path / "checkout", str(tmp_path / "checkout")), (None, "somewhere")):
        with TreeClient("a", [tree(f"tree-{base is None}")], base=base) as host:
            assert dict(talk(host, "bench.errands:look_around", None, 30))["environment"]["BENCH_BASE"] == expected


def test_the_suite_s_own_folder_lends_nothing_but_the_suite(tree, tmp_path):
    """A module of another name in it would stand in for an installed one, or for one of Python's own."""
    folder, package = tree(), tmp_path / "package"
    package.mkdir()
    with TreeClient("a", [package, folder]) as host:
        path = dict(talk(host, "bench.errands:look_around", None, 30))["path"]
    assert path[0] == str(package)
    assert str(folder) not in path


def test_a_task_larger_than_any_buffer_goes_to_the_worker(tree):
    task = {"large": "x" * 5_000_000}
    with TreeClient("a", [tree()]) as host:
        assert dict(talk(host, "bench.errands:echo", task, 30)) == {"echo": task}


def test_an_interrupt_amid_an_order_costs_the_server_and_no_answer_is_taken_for_another(tree, monkeypatch):
    with TreeClient("a", [tree()]) as host:
        host.wait_until_ready()

        class Interrupted:
            def readline(self):
                raise KeyboardInterrupt

            close = host._answers.close

        monkeypatch.setattr(host, "_answers", Interrupted())
        with pytest.raises(KeyboardInterrupt):
            host.start("bench.errands:answer", None)
        assert eventually(lambda: not host.is_alive())
        host.renew()
        assert dict(talk(host, "bench.errands:look_around", None, 30))["where"] == "a"


def test_closed_streams_do_not_get_what_servers_say(tree):
    """The descriptors of a closed stdin or stderr are the next that the system hands out."""
    code = (
        "import os, sys\n"
        "for descriptor in (0, 2):\n"
        "    os.close(descriptor)\n"
        "from bench.process.executor import talk\n"
        "from bench.process.tree_client import TreeClient\n"
        "with TreeClient('a', [sys.argv[1]]) as host:\n"
        "    list(talk(host, 'bench.errands:prints', None, 30))\n"
        "    print(dict(talk(host, 'bench.errands:look_around', None, 30))['where'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", code, str(tree())]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "a\n"


def test_two_workers_are_alive_together_and_one_can_be_stopped(tree):
    with TreeClient("a", [tree()]) as host, host.start("bench.errands:answer", None) as one:
        with host.start("bench.errands:answer", None) as other:
            one.pause()
            for worker, word in ((other, 2), (one, 1)):
                worker.send(word)
            assert other.receive(30) == ("heard", 2)
            assert eventually(lambda: state_of(one.pid) == "T")
            one.resume()
            assert one.receive(30) == ("heard", 1)
        one.send("still")
        assert one.receive(30) == ("heard", "still")
        one.send(None)
        assert one.receive(30) is None


@pytest.mark.parametrize(
    ("entry", "task", "reason"),
    [("raises", "no", "exit code 1"), ("signals", int(signal.SIGSEGV), "SIGSEGV"), ("nowhere", None, "exit code 1")],
)
def test_a_crash_is_told_and_the_next_worker_works(tree, entry, task, reason):
    with TreeClient("a", [tree()]) as host:
        with pytest.raises(WorkerError, match=reason):
            list(talk(host, f"bench.errands:{entry}", task, 30))
        assert dict(talk(host, "bench.errands:look_around", None, 30))["where"] == "a"


def test_no_answer_in_time_is_told(tree):
    with TreeClient("a", [tree()]) as host, pytest.raises(WorkerError, match="no end in time"):
        list(talk(host, "bench.errands:answer", None, 0.1))


def test_the_server_and_its_workers_end_with_the_context(tree):
    with TreeClient("a", [tree()]) as host:
        worker = host.start("bench.errands:answer", None)
    assert eventually(lambda: state_of(worker.pid) in {None, "Z", "X"})


def test_a_renewed_server_is_another_process_of_the_same_kind(tree):
    with TreeClient("a", [tree()], {"SIDE": "A"}) as host:
        first, worker = host._process.pid, host.start("bench.errands:answer", None)
        host.renew()
        assert host._process.pid != first
        with pytest.raises(WorkerError, match="SIGKILL"):  # however early its server ended
            worker.receive(30)
        parts = dict(talk(host, "bench.errands:look_around", None, 30))
    assert (parts["where"], parts["environment"]["SIDE"]) == ("a", "A")


def test_a_server_that_was_killed_is_told(tree):
    with TreeClient("a", [tree()]) as host:
        host.wait_until_ready()
        host._process.kill()
        with pytest.raises(WorkerError, match=r"of a has ended|its server ended"):
            host.start("bench.errands:answer", None)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "speaks no known version"),
        ({"process/channel.py": ""}, "speaks no known version"),
        ({"channel.py": "DUET_PROTOCOL = 1"}, r"speaks version 1 .*\(this one: 2\)"),
        ({"process/channel.py": "PAIR_PROTOCOL = 99"}, r"speaks version 99 .*\(this one: 2\)"),
    ],
)
def test_a_revision_with_another_protocol_is_not_comparable(tree, files, words):
    """It is refused by its version alone: such a revision may have none of the modules that this one needs."""
    folder = tree()
    shutil.rmtree(folder / "bench" / "process")
    for name, text in files.items():
        path = folder / "bench" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with TreeClient("revision old", [folder]) as host, pytest.raises(NotComparableError, match=words) as told:
        host.start("bench.errands:answer", None)
    assert told.value.exit_code == 4
    assert str(told.value).startswith("revision old ")


def test_a_tree_that_cannot_be_imported_says_why(tree):
    folder = tree()
    (folder / "bench" / "errands.py").write_text("import a_module_that_is_nowhere")
    with (
        TreeClient("b", [folder]) as host,
        pytest.raises(BenchError, match="b cannot be imported: ModuleNotFoundError"),
    ):
        host.wait_until_ready()


def test_a_module_that_the_tree_lacks_comes_from_nowhere_else(tree):
    """An editable install of the suite maps the names of its packages to its own folder, also for modules within."""
    folder = tree()
    (folder / "bench" / "errands.py").write_text("import bench.worker.cell")
    with TreeClient("b", [folder]) as host, pytest.raises(BenchError, match=r"No module named 'bench\.worker'"):
        host.wait_until_ready()


def test_what_a_worker_prints_stays_off_stdout(tree):
    code = (
        "from bench.process.tree_client import TreeClient\n"
        "import sys\n"
        "from bench.process.executor import talk\n"
        "with TreeClient('a', [sys.argv[1]]) as host: list(talk(host, 'bench.errands:prints', None, 30))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", code, str(tree())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "not on stdout" in done.stderr
