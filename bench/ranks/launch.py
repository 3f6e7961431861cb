"""Launch: fresh processes on this machine, started and watched by torchrun's agent; what each of them gives.

The agent is that of `torch.distributed.elastic`, which torchrun runs. Its rendezvous is for one machine and needs no
port: no process listens to anything but the loopback interface.
"""

import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from torch.distributed import HashStore  # type: ignore[attr-defined] # documented, but exported by a condition
from torch.distributed.elastic.agent.server.api import RunResult, WorkerSpec
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.rendezvous import RendezvousHandler, RendezvousInfo, RendezvousStoreInfo

from bench.errors import reason_of
from bench.process.follow import follow
from bench.process.scratch import scratch

Given = TypeVar("Given")
StartMethod = Literal["fork", "spawn"]

LOOK = 0.05  # seconds between looks at the processes
_FAILURE = "failure-{}.json"


class RankError(RuntimeError):
    """A rank failed or was ended; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rank stands among the others.

    Attributes:
        rank: from 0.
        ranks: how many there are.
        folder: a temporary folder of theirs, until all have ended.

    """

    rank: int
    ranks: int
    folder: Path


@dataclass(frozen=True, slots=True)
class _Call:
    """What each rank does, and the process that it must not outlive."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    folder: Path
    parent: int


def launch(ranks: int, function: Callable[..., Given], *arguments: object, start: StartMethod = "fork") -> list[Given]:
    """Run `function(place, *arguments)` in so many fresh processes at once; what each gives, by rank.

    None outlives this process. Where one fails, the others are ended. To be called where nothing has run yet that a
    fork does not take along, such as threads of OpenMP or CUDA.

    Args:
        ranks: how many.
        function: of a module, which gives what can be pickled.
        arguments: for all alike.
        start: how they are made; "spawn" imports torch for each, and its modules have to be found on the module path.

    Raises:
        RankError: one failed, or was ended.

    """
    with scratch() as name, _quiet():
        folder = Path(name)
        spec = WorkerSpec(
            role="rank",
            local_world_size=ranks,
            entrypoint=_be_a_rank,
            args=(_Call(function, arguments, folder, os.getpid()),),
            rdzv_handler=_ThisMachine(),
            max_restarts=0,
            monitor_interval=LOOK,
        )
        logs = DefaultLogsSpecs(log_dir=str(folder / "logs"))
        result = LocalElasticAgent(spec, logs, start_method=start).run()
        if result.is_failed():
            raise RankError(_first_failure(folder, ranks, result))
    return [result.return_values[rank] for rank in range(ranks)]


class _ThisMachine(RendezvousHandler):
    """A rendezvous of a single agent, which waits for nobody."""

    def get_backend(self) -> str:
        """Its name."""
        return "this machine"

    def next_rendezvous(self) -> RendezvousInfo:
        """At once: this agent is the first and the only one. The ranks do not use its address."""
        return RendezvousInfo(HashStore(), 0, 1, RendezvousStoreInfo("127.0.0.1", 0))

    def is_closed(self) -> bool:
        """Never."""
        return False

    def set_closed(self) -> None:
        """Nothing to close."""

    def num_nodes_waiting(self) -> int:
        """Nobody else comes."""
        return 0

    def get_run_id(self) -> str:
        """One name is enough, since nobody else asks."""
        return "ranks"

    def shutdown(self) -> bool:
        """Nothing is open."""
        return True


def _be_a_rank(call: _Call) -> Any:
    """In the new process: end with the parent, do the work, and leave word of why it failed."""
    follow(call.parent)  # without the agent's handler of signals, which would wait for an exchange that never ends
    place = Place(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), call.folder)
    try:
        return call.function(place, *call.arguments)
    except BaseException as error:
        facts = {"at": time.time(), "reason": reason_of(error)}
        with suppress(OSError):
            (call.folder / _FAILURE.format(place.rank)).write_text(json.dumps(facts), "utf-8")
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """The agent without its log, which repeats on stderr as a traceback what is told in one line, and its signals.

    SIGTERM alone is taken, by which it ends the ranks first; that of the keyboard is the parent's to handle.
    """
    before, ending = logging.root.manager.disable, signal.getsignal(signal.SIGTERM)
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = "SIGTERM"
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
        signal.signal(signal.SIGTERM, ending or signal.SIG_DFL)


def _first_failure(folder: Path, ranks: int, result: RunResult) -> str:
    """Which rank failed before the others did, and why; those that were ended from outside leave no word."""
    for rank, failure in result.failures.items():
        if failure.exitcode < 0:
            return f"rank {rank} was ended by {failure.signal_name()}"
    words = []
    for rank in range(ranks):
        with suppress(OSError, ValueError, KeyError):
            facts = json.loads((folder / _FAILURE.format(rank)).read_text("utf-8"))
            words.append((facts["at"], f"rank {rank}: {facts['reason']}"))
    return min(words)[1] if words else f"rank {next(iter(result.failures), 0)} ended without a word"
