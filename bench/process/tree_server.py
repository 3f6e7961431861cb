"""Tree server: a program that forks workers which run the code of one source tree, as its parent orders.

Run as a script by its path, since the tree may be of another revision: CONTRACT.md, beside this file, says what it
needs of that tree. It imports nothing of the suite before it knows the tree, and nothing but the tree's protocol where
that is not the one asked for.

    python tree_server.py CONTROL '{"paths": [...], "unset": [...], "protocol": n}'

CONTROL is the descriptor of a stream socket. Each line that comes is {"start": entry, "path": [...], "cores": [...],
"folder": f}, with two descriptors: the worker's end of a pipe, through which the task comes, and the end of another
that gets {"exit": code, "left": n} once the worker has ended, n processes of its code having been ended after it. It is
answered {"pid": n} or {"refused": why}. The first line that goes out is {"protocol": n}, null where the tree has none
that is known, or {"refused": why, "missing": module or null}.

When the parent hangs up or ends, everything that was started here is ended, processes of users' code included.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

_BEGUN = "BENCH_TREE_SERVER"  # set where the environment is pinned already
_POLL = 0.005  # seconds
_GRACE = 0.3  # seconds in which what a worker leaves behind may end by itself, as helpers of libraries do
_PATIENCE = 2.0  # seconds until what was killed is gone
_TO_DIE_WITH_PARENT, _TO_ADOPT = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER of prctl(2)
_HEARD = (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP)
# Where the version of the protocol stands; the second place is that of the revisions that speak version 1.
_PLACES = (("bench.process.channel", "PAIR_PROTOCOL"), ("bench.channel", "DUET_PROTOCOL"))


def main() -> None:
    """Serve until the parent hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    orders = json.loads(sys.argv[2])
    _ask_the_system(_TO_DIE_WITH_PARENT, signal.SIGKILL)
    if _has_hung_up(control):  # before the system was asked
        os._exit(1)
    sys.path[:0] = orders["paths"][:-1]
    sys.meta_path.insert(0, _OwnModules(orders["paths"]))
    try:
        protocol = _protocol()
        if protocol == orders["protocol"]:  # a revision of another may lack what comes now
            _pin_the_environment(orders["unset"])
            _preload()
    except BaseException as error:  # whatever a revision's own modules raise is why it is refused
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        _say(control, {"refused": " ".join(f"{type(error).__name__}: {error}".split()), "missing": missing})
        return
    _say(control, {"protocol": protocol})
    if protocol == orders["protocol"]:
        _serve(control)
    os._exit(0)  # taking torch down takes the better part of a second, and whoever reads the run's output waits for it


def _has_hung_up(control: socket.socket) -> bool:
    try:
        return bool(select.select([control], [], [], 0)[0]) and not control.recv(1, socket.MSG_PEEK)
    except OSError:  # it hung up in the middle
        return True


def _protocol() -> int | None:
    """The version that the tree speaks; None where it stands in none of its places."""
    for module, name in _PLACES:
        try:
            version: int | None = getattr(importlib.import_module(module), name, None)
        except ModuleNotFoundError as error:
            if not error.name or not module.startswith(error.name) or error.name == "bench":
                raise
        else:
            return version
    return None


def _preload() -> None:
    """What every worker needs, imported once before any is forked."""
    gc.disable()  # each of its looks at a growing million of objects finds nothing: a seventh of the time goes there
    for name in importlib.import_module("bench.process.worker_main").PRELOAD:
        importlib.import_module(name)
    gc.enable()


class _OwnModules:
    """Finds the suite's modules in the tree alone: an editable install would lend those that the tree lacks."""

    def __init__(self, paths: list[str]) -> None:
        self._paths = paths

    def find_spec(self, name: str, path: Sequence[str] | None = None, _: object = None) -> ModuleSpec | None:
        """The tree's module of that name; nothing for other packages, which the finders after this one look for."""
        if name.partition(".")[0] not in {"bench", "architectures"}:
            return None
        spec = PathFinder.find_spec(name, self._paths if path is None else path)
        if spec is None:
            raise ModuleNotFoundError(f"No module named '{name}'{_namesake(name)}", name=name)
        return spec


def _namesake(name: str) -> str:
    """What to say of a folder of the user's that has the module, and is called as a package of the suite."""
    package, *rest = name.split(".")
    for folder in map(Path, sys.path):
        is_suite = all((folder / each / "__init__.py").is_file() for each in ("bench", "architectures"))
        place = folder.joinpath(package, *rest)
        if not is_suite and (place.is_dir() or place.with_suffix(".py").is_file()):
            return f": {folder / package} has it, but '{package}' is a package of the benchmark suite, so rename yours"
    return ""


def _pin_the_environment(unset: list[str]) -> None:
    """Begin again with the allocator's settings, which glibc reads when a process starts; what the user set stays."""
    if _BEGUN in os.environ:
        return
    settings = importlib.import_module("bench.process.worker").ENVIRONMENT
    pinned = {name: value for name, value in settings.items() if name not in unset}
    environment = {**pinned, **os.environ, _BEGUN: "1", "BENCH_START_METHOD": "fork"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - this very program


@dataclass(slots=True)
class _Workers:
    """The workers that run, by process, each with the pipe that is told its end."""

    ends: dict[int, int] = field(default_factory=dict)

    def note_ends(self) -> None:
        """Tell of each worker that has ended, once nothing of its code runs any more."""
        while (ended := _ended_child()) is not None:
            child, status = ended
            if child in self.ends:
                left = _end_those_left(self.ends)
                _sweep(child)
                end = self.ends.pop(child)
                with suppress(OSError):  # nobody waits for it any more
                    os.write(end, json.dumps({"exit": os.waitstatus_to_exitcode(status), "left": left}).encode())
                os.close(end)

    def end(self) -> None:
        """End them all, and what they leave."""
        for child in self.ends:
            os.kill(child, signal.SIGKILL)
        for child in self.ends:
            os.waitpid(child, 0)
            _sweep(child)
        _end_those_left((), grace=0.0)


def _serve(control: socket.socket) -> None:
    """Start workers and tell their ends, until the parent hangs up or this process is to end."""
    workers, woken = _Workers(), _signals()
    while True:
        ready = select.select([control.fileno(), woken], [], [])[0]
        if woken in ready and set(os.read(woken, 4096)) - {signal.SIGCHLD}:
            break
        workers.note_ends()
        if control.fileno() in ready:
            try:
                text, descriptors, _, _ = socket.recv_fds(control, 2**20, 2)
            except OSError:  # it hung up in the middle
                break
            if not text:
                break
            _say(control, _started(control, descriptors, json.loads(text), workers))
    workers.end()


def _signals() -> int:
    """A pipe that gets the number of each signal: of a child's end, and of being told to end oneself."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in _HEARD:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)  # put off while this process was started
    _ask_the_system(_TO_ADOPT, 1)
    _ask_the_system(_TO_DIE_WITH_PARENT, signal.SIGTERM)  # from here on there is something to end first
    return read


def _started(
    control: socket.socket, descriptors: Sequence[int], order: dict[str, Any], workers: _Workers
) -> dict[str, Any]:
    """The answer to an order: the process that does it, or why there is none."""
    try:
        connection, end = descriptors  # fewer where this process may open no more
        child = os.fork()
    except (ValueError, OSError) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        return {"refused": f"the system gives no process: {error}"}
    if child == 0:
        _be_a_worker(control, connection, [end, *workers.ends.values()], order)
    os.close(connection)
    workers.ends[child] = end
    return {"pid": child}


def _ended_child() -> tuple[int, int] | None:
    """A child that has ended, with its status; None while all run, or where there is none."""
    try:
        child, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (child, status) if child else None


def _end_those_left(workers: Collection[int], grace: float = _GRACE) -> int:
    """End the processes that ended workers left to this one; how many did not end by themselves."""
    until = time.monotonic() + grace
    while (left := _adopted(workers)) and time.monotonic() < until:
        time.sleep(_POLL)
    count, until = len(left), time.monotonic() + _PATIENCE
    while left and time.monotonic() < until:  # the end of each may leave others here
        for child in left:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        time.sleep(_POLL)
        left = _adopted(workers)
    return count


def _adopted(workers: Collection[int]) -> list[int]:
    """The children of this process that are none of the workers, and run."""
    with suppress(AttributeError, ChildProcessError):  # a system that has no such call lets nobody adopt
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return [child for child in _own_children() if child not in workers and not _has_ended(child)]
    return []


def _own_children() -> list[int]:
    """The children of this process, as the system tells; none where it does not."""
    own, children = str(os.getpid()), []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            if path.read_text(errors="replace").rpartition(")")[2].split()[1] == own:
                children.append(int(path.parent.name))
    return children


def _has_ended(child: int) -> bool:
    """Whether an adopted child has; the system forgets it then."""
    with suppress(ChildProcessError):
        return os.waitpid(child, os.WNOHANG)[0] == child
    return True


def _sweep(worker: int) -> None:
    """Remove the temporary folders of a worker that could not do so itself (bench/process/scratch.py)."""
    for folder in Path(tempfile.gettempdir()).glob(f"bench-{worker}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _ask_the_system(option: int, value: int) -> None:
    with suppress(AttributeError, OSError):  # not Linux, where end of file on the socket ends this process all the same
        ctypes.CDLL(None).prctl(option, value)


def _be_a_worker(control: socket.socket, connection: int, ends: Sequence[int], order: dict[str, Any]) -> None:
    """Do what was ordered, in a process that was just forked; never returns."""
    try:
        signal.set_wakeup_fd(-1)
        for number in _HEARD:
            signal.signal(number, signal.SIG_DFL)
        control.close()
        for end in ends:
            os.close(end)
        _work(importlib.import_module("multiprocessing.connection").Connection(connection), order)
    except EOFError:  # the parent was interrupted before it sent a task
        os._exit(1)
    except BaseException as error:  # nothing may go on from here as a second server
        with suppress(BaseException):
            reason = " ".join(str(error).split())[:500]
            sys.stderr.write(f"bench: worker: {type(error).__name__}: {reason}\n")
            sys.stderr.flush()
    os._exit(1)


def _work(connection: Any, order: dict[str, Any]) -> None:
    """Take the task and do it in the parent's folder, on the parent's cores.

    OpenMP may have bound this process to a single core as a module was imported (OMP_PROC_BIND).
    """
    sys.path += [path for path in order["path"] if path not in sys.path]
    if order["folder"]:
        with suppress(OSError):  # it was removed meanwhile
            os.chdir(order["folder"])
    task = connection.recv()
    importlib.import_module(order["start"].partition(":")[0])
    if order["cores"]:
        with suppress(OSError):  # they were taken away from the parent meanwhile
            os.sched_setaffinity(0, order["cores"])
    importlib.import_module("bench.process.worker_main").work(connection, order["start"], task)


def _say(control: socket.socket, answer: dict[str, Any]) -> None:
    with suppress(OSError):  # it has hung up
        control.sendall(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
