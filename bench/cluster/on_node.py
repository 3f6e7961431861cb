"""On a node: what Ray's process there does for one task: forks a worker of its own server, and passes its parts on.

The worker is what a local one is. The server outlives the task, as Ray keeps the process for the next one.
"""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cluster.parcels import Parcel, laid_out
from bench.errors import BenchError, reason_of
from bench.plan.copies import COPIES, below
from bench.plan.origin import BASE
from bench.process.local import Workers
from bench.process.worker import LONGEST_WAIT, WorkerError

BEGUN, ENDED = "begun", "ended"  # the first part, and the last of a worker that did not end well


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a node is asked to do.

    Attributes:
        entry: the function of a worker, "module:function"; "" to get ready for the next order.
        task: its task.
        round: of the run; servers are renewed where it is another than before.
        parcel: the files that the run names.
        environment: variables that a worker has in place of Ray's own; an empty one is not set.

    """

    entry: str = ""
    task: Any = None
    round: int = 0
    parcel: Parcel
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Station:
    """The server of this process.

    Attributes:
        workers: forks from it.
        devices: the GPUs that it may use, by what Ray says.
        round: of the run that it was last renewed for.

    """

    workers: Workers
    devices: str | None
    round: int = 0


_stations: list[_Station] = []  # one at most


def carry_out(order: Order, get: Callable[[Any], Any] | None = None) -> Iterator[tuple[str, Any]]:
    """What the worker sends, after BEGUN: until then its time has not begun.

    Args:
        order: what to do.
        get: gives what a reference into the object store stands for; None for Ray's.

    """
    try:
        workers = _ready(order, get or importlib.import_module("ray").get)
        yield from _parts(workers, order)
    except WorkerError as error:
        yield ENDED, (error.status, error.reason, error.outside)
    except (BenchError, OSError) as error:
        yield ENDED, ("failed", reason_of(error), False)


def warm_up(order: Order, get: Callable[[Any], Any] | None = None) -> None:
    """Have a server import torch meanwhile; whoever starts the first worker hears of trouble."""
    for _ in carry_out(order, get):
        pass


def _parts(workers: Workers, order: Order) -> Iterator[tuple[str, Any]]:
    if not order.entry:
        workers.prepare()
        return
    with workers.start(order.entry, order.task) as worker:
        yield BEGUN, None
        while (part := worker.receive(LONGEST_WAIT)) is not None:
            yield part


def _ready(order: Order, get: Callable[[Any], Any]) -> Workers:
    """The workers of this process, in the folder that stands for the one at home, of the order's round."""
    copies = laid_out(order.parcel, get)
    os.environ.update({COPIES: str(copies), **order.environment})
    for name in (BASE, *(name for name, value in order.environment.items() if not value)):
        os.environ.pop(name, None)
    os.chdir(below(Path(copies), Path(order.parcel.base)))
    station = _station()
    if station.round != order.round:
        station.workers.renew()
        station.round = order.round
    return station.workers


def _station() -> _Station:
    """The one of this process; another where Ray gives it other GPUs than before."""
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    if _stations and _stations[0].devices != devices:
        _stations.pop().workers.close()
    if not _stations:
        _stations.append(_Station(Workers(), devices))
    return _stations[0]
