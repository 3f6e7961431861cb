"""Held memory: a pass of its own that has a step's allocations recorded, and says what they were for."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from bench import optimizers
from bench.measure.memory_replay import AGAIN, Moment, replayed
from bench.measure.profile import marked_step, stderr_closed
from bench.measure.workload import Workload
from bench.vocabulary import MemoryCategory

Owned = dict[int, tuple[MemoryCategory, int]]


def held_memory(work: Workload) -> dict[str, Any] | None:
    """What one steady step of a fresh workload holds when, as `bench.store.stored.StoredMemory` has it.

    Two steps are recorded, and the second is told: what the first left is known by then, and told when it is let go.
    None where the device records no allocations.
    """
    work.train()
    for _ in range(work.settling):
        work.step()
    look = _Look(work)
    with stderr_closed():
        events = work.device.allocations(look.run)
    return None if events is None else replayed(events, look.moments, look.first)


def peak_of(memory: Mapping[str, Any]) -> int:
    """The most bytes that the step holds at once."""
    return max(map(sum, zip(*memory["bytes"].values(), strict=True)))


class _Look:
    """Two steps, with what is owned at each mark within them.

    Attributes:
        moments: one for each mark, in order.
        first: the place among them of the second step's first.

    """

    def __init__(self, work: Workload) -> None:
        self._work = work
        self._mark: Callable[[], None] = lambda: None
        self.moments: list[Moment] = []
        self.first = 0

    def run(self, mark: Callable[[], None]) -> None:
        """The two steps."""
        self._mark = mark
        if self._work.recomputed is not None:
            self._work.recomputed.around = self._again
        for _ in range(2):
            self.first = len(self.moments)
            marked_step(self._work, _Entered(self._enter))

    def _enter(self, phase: str) -> None:
        self.moments.append(Moment(phase, _owned(self._work)))
        self._mark()

    @contextmanager
    def _again(self) -> Iterator[None]:
        """What is in this block computes activations again."""
        phase = self.moments[-1].phase
        for name in (AGAIN, phase):
            self.moments.append(Moment(name, {}))
            self._mark()
            if name == AGAIN:
                yield


class _Entered(list[str]):
    """Phases as they begin, each told to a listener."""

    def __init__(self, listener: Callable[[str], None]) -> None:
        super().__init__()
        self._listener = listener

    def append(self, phase: str) -> None:
        """Tell it."""
        self._listener(phase)
        super().append(phase)


def _owned(work: Workload) -> Owned:
    """The storages that model and optimizer have on the device, by address: what each is, and its bytes."""
    parameters = list(work.model.parameters())
    groups: dict[MemoryCategory, list[Tensor]] = {
        "weights": [*parameters, *work.model.buffers()],
        "gradients": [parameter.grad for parameter in parameters if parameter.grad is not None],
        "optimizer state": optimizers.state_of(work.optimizer),
    }
    owned: Owned = {}
    for category, tensors in groups.items():
        for tensor in tensors:
            if tensor.device.type == work.device.torch_device.type:
                storage = tensor.untyped_storage()
                owned.setdefault(storage.data_ptr(), (category, storage.nbytes()))
    return owned
