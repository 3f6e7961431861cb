"""Gateway: what is said of Ray where it is not there, too old, or lets nobody in; Ray itself is a stand-in here."""

import signal
import socket
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import ModuleType, SimpleNamespace

import pytest

from bench.cli import run_command_line
from bench.cluster.gateway import CrashError, Gateway, Parts
from bench.errors import BenchError
from bench.process.worker import WorkerError
from tests.conftest import HANG


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__("a traceback of many lines")
        self.cause = cause


class OutOfMemoryError(RayError):
    pass


ERRORS = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError, OutOfMemoryError=OutOfMemoryError)


@pytest.fixture
def ray(monkeypatch):
    """A module that stands for Ray; what `init` is told is kept, and it raises `refusal`."""
    module = ModuleType("ray")
    module.__version__, module.refusal, module.told = "2.50.0", None, []
    module.is_initialized = lambda: False

    def init(**options):
        module.told.append(options)
        signal.signal(signal.SIGTERM, lambda *_: None)  # as Ray does
        if module.refusal:
            raise module.refusal

    module.init = init
    module.remote = lambda *_, **__: lambda function: function
    module.exceptions = ModuleType("ray.exceptions")
    strategies = ModuleType("ray.util.scheduling_strategies")
    for name, each in {"ray": module, "ray.exceptions": module.exceptions, strategies.__name__: strategies}.items():
        monkeypatch.setitem(sys.modules, name, each)
    monkeypatch.setitem(sys.modules, "ray.util", ModuleType("ray.util"))
    for name in ("ray._private.services", "ray._private.worker"):  # a real Ray may have been imported before
        monkeypatch.setitem(sys.modules, name, None)
    return module


@contextmanager
def listening(answer):
    """The address of a server whose first words are these."""

    def serve():
        connection, _ = server.accept()
        with connection, suppress(ConnectionError):
            connection.sendall(answer)
            while connection.recv(1024):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        socket.create_connection(server.getsockname()).close()  # where nobody came
        thread.join(HANG)


@pytest.fixture
def address():
    """One where what may be a cluster listens."""
    with listening(b"\0\0\0\4\0\0\0\0\0") as address:
        yield address


def refused(address="auto"):
    with pytest.raises(BenchError) as error:
        Gateway(address)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2
    return str(error.value)


def test_without_ray_a_run_ends_with_one_line_that_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)  # an import of it fails
    assert run_command_line(["run", "--executor", "ray", "--architectures", "debug"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'torch-architecture-bench[ray]'" in line
    assert list(tmp_path.iterdir()) == []


def test_a_ray_that_is_too_old_is_refused(ray):
    ray.__version__ = "2.39.1"
    assert "Ray 2.39.1 is too old: install 2.40 or later" in refused()


def test_a_program_that_is_connected_is_left_as_it_is(ray):
    ray.is_initialized = lambda: True
    assert "ray.shutdown()" in refused()
    assert ray.told == []


def test_an_address_where_nobody_listens_is_told_at_once(ray):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert f"no Ray cluster at 127.0.0.1:{port}" in refused(f"127.0.0.1:{port}")
    assert ray.told == []


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ERR\r\n"])
def test_an_address_where_another_service_listens_is_told_at_once(ray, answer):
    with listening(answer) as address:
        assert f"no Ray cluster at {address}, where another service listens" in refused(address)
    assert ray.told == []


def test_the_place_where_ray_would_go_is_looked_at_and_no_other(ray, address, monkeypatch):
    services = ModuleType("ray._private.services")
    services.canonicalize_bootstrap_address = lambda _: "127.0.0.1:1"
    monkeypatch.setitem(sys.modules, "ray._private", ModuleType("ray._private"))
    monkeypatch.setitem(sys.modules, "ray._private.services", services)
    for name in (address, "auto"):
        assert "no Ray cluster at 127.0.0.1:1:" in refused(name)
    assert ray.told == []


def test_a_service_that_says_nothing_is_told_in_seconds(ray, monkeypatch):
    monkeypatch.setattr("bench.cluster.gateway.CONNECT_SECONDS", 0.2)
    with listening(b"") as address:
        assert f"no Ray cluster at {address}" in refused(address)
    assert ray.told == []


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "local", "", "head:port", "127.0.0.1:99999"])
def test_what_is_no_address_of_a_head_is_refused(ray, address):
    refused(address)
    assert ray.told == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("Version mismatch: The cluster was started with:\n Ray: 2.9\n"), "has another version"),
        (ConnectionError("could not find a raylet"), "run this on a machine that belongs to it"),
    ],
)
def test_a_cluster_that_lets_nobody_in_is_told_in_one_line(ray, address, error, words):
    ray.refusal = error
    assert words in refused(address)


def test_a_machine_of_no_cluster_is_told_how_to_make_one(ray):
    ray.refusal = ConnectionError("Could not find any running Ray instance")
    assert "run ray start --head here" in refused("auto")


def test_what_ends_this_process_is_handled_as_before(ray, address):
    before = signal.getsignal(signal.SIGTERM)
    Gateway(address)
    assert signal.getsignal(signal.SIGTERM) is before
    (told,) = ray.told
    assert told["log_to_driver"] is False
    assert told["runtime_env"]["env_vars"] == {"RAY_worker_niceness": "0"}
    assert told["address"] == address


def test_the_suite_is_sent_whole(ray, address):
    seen = []

    def init(runtime_env, **_):
        folder = Path(runtime_env["working_dir"])
        seen.extend(path.relative_to(folder).as_posix() for path in folder.rglob("*"))

    ray.init = init
    Gateway(address)
    assert {"bench/cluster/on_node.py", "bench/data/mnist", "architectures/__init__.py"} <= {*seen}
    assert not [name for name in seen if "__pycache__" in name]


class Stream:
    """A generator of references, each of which stands for itself."""

    def __init__(self, *values):
        self.values = iter(values)

    def __next__(self):
        return next(self.values)


def parts_of(*values, ready=True):
    def get(value):
        if isinstance(value, Exception):
            raise value
        return value

    def wait(streams, timeout):
        waits.append(timeout)
        return (streams, []) if ready else ([], streams)

    waits = []
    ray = SimpleNamespace(wait=wait, get=get, exceptions=ERRORS)
    return Parts(ray, Stream(*values)), waits


def test_parts_come_one_by_one_until_there_are_none():
    parts, waits = parts_of(("stage", "phases"), ("status", ("ok", None)))
    assert [parts.next(5.0), parts.next(float("inf")), parts.next(-1.0)] == [
        ("stage", "phases"),
        ("status", ("ok", None)),
        None,
    ]
    assert waits == [5.0, 2e6, 0.0]


def test_what_does_not_come_in_time_is_told_apart_from_what_has_gone():
    with pytest.raises(TimeoutError):
        parts_of(ready=False)[0].next(0.1)
    with pytest.raises(CrashError, match="RayError"):
        parts_of(RayError("the worker died"))[0].next(1.0)


def test_errors_of_the_node_s_memory_and_of_our_own_code_are_the_task_s():
    with pytest.raises(WorkerError) as error:
        parts_of(OutOfMemoryError("killed"))[0].next(1.0)
    assert error.value.status == "oom"
    with pytest.raises(WorkerError, match="ModuleNotFoundError: No module named 'msgspec'"):
        parts_of(RayTaskError(ModuleNotFoundError("No module named 'msgspec'")))[0].next(1.0)
