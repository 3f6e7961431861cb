"""Tree server: a program that forks workers which run the code of one source tree, as its parent orders.

Run as a script by its path, since the tree may be of another revision: CONTRACT.md, beside this file, says what it
needs of that tree. It imports nothing of the suite before it knows the tree, and nothing but the tree's protocol where
that is not the one asked for.

    python tree_server.py CONTROL '{"paths": [...], "unset": [...], "protocol": n}'

CONTROL is the descriptor of a stream socket. Each line that comes is {"start": entry, "path": [...], "cores": [...],
"folder": f}, with the descriptor of the worker's end of a pipe, through which the task comes, answered {"pid": n} or
{"refused": why}; or {"end": pid, "patience": seconds}, answered {"exit": code}. The first line that goes out is
{"protocol": n}, null where the tree has none that is known, or {"refused": why, "missing": module or null}.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

_BEGUN = "BENCH_TREE_SERVER"  # set where the environment is pinned already
_POLL = 0.005  # seconds
# Where the version of the protocol stands; the second place is that of the revisions that speak version 1.
_PLACES = (("bench.process.channel", "PAIR_PROTOCOL"), ("bench.channel", "DUET_PROTOCOL"))


def main() -> None:
    """Serve until the parent hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    orders = json.loads(sys.argv[2])
    with suppress(AttributeError, OSError):  # not Linux: end of file on the socket ends it too
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
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


def _serve(control: socket.socket) -> None:
    while True:
        text, descriptors, _, _ = socket.recv_fds(control, 2**20, 1)
        if not text:
            return
        order = json.loads(text)
        if "start" in order:
            try:
                _say(control, {"pid": _fork(control, descriptors[0], order)})
            except OSError as error:
                _say(control, {"refused": f"the system gives no process: {error}"})
            os.close(descriptors[0])
        else:
            _say(control, {"exit": _end(order["end"], order["patience"])})


def _fork(control: socket.socket, descriptor: int, order: dict[str, Any]) -> int:
    """The id of a fresh process that runs what was ordered."""
    child = os.fork()
    if child:
        return child
    try:
        control.close()
        connection = importlib.import_module("multiprocessing.connection").Connection(descriptor)
        _work(connection, order)
    except EOFError:  # the parent was interrupted before it sent a task
        os._exit(1)
    except BaseException:  # nothing may go on from here as a second server
        traceback.print_exc()
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


def _end(child: int, patience: float) -> int | None:
    """How the worker ended, after so many seconds at most; None while it runs. Negative for a signal."""
    until = time.monotonic() + patience
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(_POLL)


def _say(control: socket.socket, answer: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):
        control.sendall(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
