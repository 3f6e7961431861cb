"""Together: what the ranks of a cell decide alike and wait for, beside the exchange of gradients."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from bench.ranks.launch import Place


class Together:
    """The ranks as one of them sees them. What is agreed on goes over a group of its own, through the host's memory.

    Args:
        place: where this rank stands.

    """

    def __init__(self, place: Place) -> None:
        self.rank, self.ranks = place.rank, place.ranks
        self._group: Any = distributed.new_group(backend="gloo")  # typed as what another process might get

    def wait(self) -> None:
        """Until every rank is here."""
        distributed.barrier(group=self._group)

    def slowest(self, seconds: float) -> float:
        """The longest of the ranks' times, the same for each of them."""
        longest = torch.tensor([seconds], dtype=torch.float64)
        distributed.all_reduce(longest, op=distributed.ReduceOp.MAX, group=self._group)
        return float(longest)

    def mean(self, value: float) -> float:
        """The mean of the ranks' values, the same for each of them."""
        total = torch.tensor([value], dtype=torch.float64)
        distributed.all_reduce(total, group=self._group)
        return float(total) / self.ranks


@contextmanager
def joined(place: Place, backend: str, timeout: float) -> Iterator[Together]:
    """The ranks in a group that exchanges by `backend` ("gloo", "nccl"), over the loopback interface alone.

    They find each other through a file of theirs, so that no port is opened to others.

    Args:
        place: of this rank, whose device is open already.
        backend: of torch.distributed.
        timeout: seconds after which an exchange fails.

    """
    loopback = _loopback()
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ[name] = loopback
    # as of HashStore: documented, but exported by a condition
    store = distributed.FileStore(str(place.folder / "group"), place.ranks)  # type: ignore[attr-defined]
    distributed.init_process_group(
        backend, store=store, rank=place.rank, world_size=place.ranks, timeout=timedelta(seconds=timeout)
    )
    together = Together(place)
    yield together
    together.wait()  # who leaves early would break what the others have not finished
    distributed.destroy_process_group()  # not after an error, when the others may wait for this one for ever


def _loopback() -> str:
    """The name of the loopback interface: lo, or lo0."""
    return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
