"""Gateway: the only module that calls Ray: connects to a cluster, and has functions run on nodes that it names."""

import importlib
import logging
import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bench.cluster.nodes import RESOURCE, Node
from bench.cluster.on_node import Order, carry_out, warm_up
from bench.cluster.stage import staged
from bench.errors import BenchError, reason_of
from bench.interrupts import held_back
from bench.process.worker import LONGEST_WAIT, WorkerError

AUTO = "auto"  # the cluster that this machine belongs to
OLDEST = (2, 40)
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 120.0  # of the head, and of a node that has to unpack the suite first
PROBE_SECONDS = 30.0  # until Ray knows that a node is gone
# Ray would have its processes, and a worker with them, give way to all others (niceness 15)
ENVIRONMENT = {"RAY_worker_niceness": "0"}
# the begin of HTTP/2, which Ray's services talk, with no settings; the server's first frame holds its own
HELLO, SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", b"\4"
_ADDRESS = re.compile(r"(?P<host>[^\s:/]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


class CrashError(Exception):
    """The process that led a task on its node has ended; or the node has."""


class Parts:
    """What a task on a node sends.

    Args:
        ray: the module.
        generator: of references to parts.

    """

    def __init__(self, ray: Any, generator: Any) -> None:
        self._ray, self._generator = ray, generator

    def next(self, timeout: float) -> tuple[str, Any] | None:
        """The next part; None where there is none any more.

        Raises:
            TimeoutError: none came within so many seconds.
            CrashError: what would send it is gone.
            WorkerError: the system ran out of memory, or our own code there raised something.

        """
        errors = self._ray.exceptions
        ready, _ = self._ray.wait([self._generator], timeout=min(max(0.0, timeout), LONGEST_WAIT))
        if not ready:
            raise TimeoutError
        try:
            part: tuple[str, Any] = self._ray.get(next(self._generator))
        except StopIteration:
            return None
        except errors.OutOfMemoryError as error:
            raise WorkerError("oom", "the node ran out of memory and Ray ended the process there") from error
        except errors.RayTaskError as error:
            raise WorkerError("failed", f"the node could not run it: {reason_of(error.cause)}") from error
        except errors.RayError as error:
            raise CrashError(type(error).__name__) from error
        return part

    def cancel(self) -> None:
        """End the process that leads the task, and with it all that this has started."""
        self._ray.cancel(self._generator, force=True)


class Gateway:
    """A cluster that this process is connected to.

    Args:
        address: HOST:PORT of its head, or AUTO.

    Raises:
        BenchError: Ray is not installed, too old, or connected already; or there is no cluster of that version.

    """

    def __init__(self, address: str) -> None:
        self._ray = _connected(address)
        remote = self._ray.remote
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        # typed, so that it is checked alike whether Ray is installed or not
        self._on: Callable[[str], Any] = lambda node: strategies.NodeAffinitySchedulingStrategy(
            node_id=node, soft=False
        )
        # Ray would end the process after each task with a GPU, and the server that it has with it
        self._carry_out = remote(max_retries=0, max_calls=0)(carry_out)
        self._warm_up = remote(max_retries=0, max_calls=0)(warm_up)

    def nodes(self) -> list[tuple[str, Mapping[str, float]]]:
        """The id and the resources of each node that is alive."""
        return [(node["NodeID"], node["Resources"]) for node in self._ray.nodes() if node["Alive"]]

    def ask(self, nodes: Sequence[str], function: Callable[[], Any]) -> list[Any]:
        """What a function of ours returns on each of these nodes, whatever else runs there.

        Raises:
            BenchError: it cannot be run on one.

        """
        # each node unpacks the suite first, in place of what others of its machine have in the folder that they share
        self._answers(nodes, lambda: None)
        return self._answers(nodes, function)

    def _answers(self, nodes: Sequence[str], function: Callable[[], Any]) -> list[Any]:
        remote = self._ray.remote(num_cpus=0, max_retries=0)(function)
        asked = [remote.options(scheduling_strategy=self._on(node)).remote() for node in nodes]
        answers = []
        for node, reference in zip(nodes, asked, strict=True):
            try:
                answers.append(self._ray.get(reference, timeout=ANSWER_SECONDS))
            except Exception as error:  # whatever Ray makes of it
                cause = getattr(error, "cause", None) or error
                raise BenchError(
                    f"node {node[:6]} cannot run this suite: {reason_of(cause)}; install there what is installed here, "
                    "or leave the node out"
                ) from error
        return answers

    def begin(self, node: Node, order: Order, gpus: int) -> Parts:
        """Have the order carried out on the node, once no other task of a run is there."""
        return Parts(self._ray, self._alone(self._carry_out, node, gpus).remote(order))

    def warm_up(self, node: Node, order: Order, gpus: int) -> None:
        """Have the node get ready, and do not wait for it."""
        self._alone(self._warm_up, node, gpus).remote(order)

    def answers(self, node: Node) -> bool:
        """Whether the node still runs what it is asked to."""
        remote = self._ray.remote(num_cpus=0, max_retries=0)(_nothing)
        try:
            self._ray.get(remote.options(scheduling_strategy=self._on(node.id)).remote(), timeout=PROBE_SECONDS)
        except self._ray.exceptions.RayError:
            return False
        return True

    def put(self, value: Any) -> Any:
        """A reference to a value in the object store, which lasts as long as it."""
        return self._ray.put(value)

    def close(self) -> None:
        """Leave the cluster, which ends all that runs there for this process."""
        self._ray.shutdown()

    def _alone(self, remote: Any, node: Node, gpus: int) -> Any:
        return remote.options(num_cpus=0, num_gpus=gpus, resources={RESOURCE: 1}, scheduling_strategy=self._on(node.id))


def _nothing() -> None:
    """Answers a probe."""


def _connected(address: str) -> Any:
    """Ray, connected."""
    ray = _imported()
    if ray.is_initialized():
        raise BenchError("this program is connected to Ray already: call ray.shutdown() before bench.run")
    _check(address)
    with staged() as folder, held_back():  # Ray puts a handler of its own in place of ours, which come back so
        try:
            ray.init(
                address=address,
                runtime_env={"working_dir": str(folder), "env_vars": ENVIRONMENT},
                log_to_driver=False,  # stdout may be one JSON document
                logging_level=logging.ERROR,
            )
        except Exception as error:  # Ray raises what its parts raise
            raise _refused(address, error) from error
    _silence()
    return ray


def _imported() -> Any:
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.exceptions")
    except ImportError as error:
        raise BenchError(
            "--executor ray needs Ray, which is not installed: "
            "python -m pip install 'torch-architecture-bench[ray]', here and on every node"
        ) from error
    if tuple(int(number) for number in re.findall(r"\d+", ray.__version__)[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BenchError(f"Ray {ray.__version__} is too old: install {oldest} or later, here and on every node")
    return ray


def _silence() -> None:
    """Have Ray print nothing on stdout, where it tells the last words of a node that vanished."""
    with suppress(ImportError):
        worker: Any = importlib.import_module("ray._private.worker")
        worker.print_to_stdstream = lambda *_, **__: None


def _check(address: str) -> None:
    """See that what may be a cluster listens there: Ray itself would try for minutes."""
    if address != AUTO and not _ADDRESS.fullmatch(address):
        raise BenchError(f"--address takes HOST:PORT of the cluster's head, or {AUTO}, not '{address}'")
    if (match := _ADDRESS.fullmatch(_as_ray_reads(address))) is None:
        return
    try:
        with socket.create_connection((match["host"].strip("[]"), int(match["port"])), CONNECT_SECONDS) as connection:
            is_another = not (os.environ.get("RAY_USE_TLS") == "1" or _greets(connection))
    except (OSError, OverflowError) as error:
        raise BenchError(
            f"no Ray cluster at {match[0]}: {error}; check the address that ray start --head printed"
        ) from error
    if is_another:
        raise BenchError(f"no Ray cluster at {match[0]}, where another service listens: the head's port is often 6379")


def _as_ray_reads(address: str) -> str:
    """Where Ray would go: AUTO stands for one that it knows of, and this machine's loopback for its own address."""
    try:
        services = importlib.import_module("ray._private.services")
        return str(services.canonicalize_bootstrap_address(address))
    except Exception:  # not a public function, and Ray says more of what it does not find
        return address


def _greets(connection: socket.socket) -> bool:
    connection.sendall(HELLO)
    frame = b""
    while len(frame) < 4 and (more := connection.recv(9 - len(frame))):
        frame += more
    return frame[3:4] == SETTINGS


def _refused(address: str, error: Exception) -> BenchError:
    """What to say of a cluster that does not let this process in."""
    if "ersion mismatch" in str(error):
        return BenchError(f"the cluster at {address} has another version: {reason_of(error)}; install the same on both")
    if address == AUTO:
        return BenchError(
            f"this machine belongs to no Ray cluster: {reason_of(error)}; run ray start --head here, or give --address"
        )
    return BenchError(
        f"cannot join the Ray cluster at {address}: {reason_of(error)}; run this on a machine that belongs to it"
    )
