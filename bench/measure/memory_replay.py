"""Memory replay: from what an allocator did to how many bytes of each category a step holds when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.devices.interface import AllocatorEvent
from bench.measure.blocks import GAP
from bench.vocabulary import FETCH, MEMORY_CATEGORIES, MemoryCategory

AGAIN = "again"  # stands where a phase would, while a part is recomputed within the backward pass
MOST_PHASES = 64  # that are kept: a step may evaluate the model any number of times
MOST_POINTS = 160 + MOST_PHASES  # that are kept: 2 for each of equal spans of a step, and one where each phase begins
_KEPT_FOR_BACKWARD = ("forward", "loss")


@dataclass(frozen=True, slots=True)
class Moment:
    """What was known at a mark.

    Attributes:
        phase: that begins there; GAP where the step ends, AGAIN where activations are computed again.
        owned: the storages of model and optimizer then, by address: what each is, and its bytes.

    """

    phase: str
    owned: Mapping[int, tuple[MemoryCategory, int]]


@dataclass(slots=True)
class _Block:
    """Memory from when it was handed out to when it was taken back, by the places of these events."""

    size: int
    start: int
    phase: str = GAP
    end: int | None = None
    category: MemoryCategory | None = None


def replayed(events: Sequence[AllocatorEvent], moments: Sequence[Moment], first: int) -> dict[str, Any]:
    """The step that begins with the moment at place `first`, as `bench.store.stored.StoredMemory` has it.

    What model and optimizer own is known by address, whenever it was handed out: an address that is in use is of one
    thing. The rest follows from its life. What the fetch leaves are inputs; what forward pass and loss leave to the
    backward pass, and what a recomputed part leaves to its own, are activations; all else is temporary.
    """
    marks = [at for at, event in enumerate(events) if not event.size]
    start, end = marks[first], marks[len(moments) - 1]
    blocks = _blocks(events[: end + 1], dict(zip(marks, moments, strict=False)), start)
    began = events[start].seconds
    seconds = [event.seconds - began for event in events[start : end + 1]]
    held = _held(blocks, start, end)
    phases = [
        (moment.phase, at - start)
        for at, moment in zip(marks[first:], moments[first:], strict=False)
        if moment.owned and moment.phase != GAP
    ][:MOST_PHASES]
    kept = _kept(seconds, [sum(row) for row in held], [at for _, at in phases])
    return {
        "seconds": [_rounded(seconds[at]) for at in kept],
        "bytes": {category: [held[at][place] for at in kept] for place, category in enumerate(MEMORY_CATEGORIES)},
        "phases": [{"phase": phase, "start": _rounded(seconds[at])} for phase, at in phases],
        "end": _rounded(seconds[-1]),
    }


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.7f}")


def _blocks(events: Sequence[AllocatorEvent], moments: Mapping[int, Moment], start: int) -> list[_Block]:
    """All memory that was handed out, and at the place `start` what is owned already."""
    live: dict[int, _Block] = {}
    every: list[_Block] = []
    phase = GAP
    for at, event in enumerate(events):
        if event.size > 0:
            live[event.address] = _Block(event.size, at, phase)
            every.append(live[event.address])
        elif event.size < 0:
            if block := live.pop(event.address, None):
                block.end = at
        else:
            moment = moments[at]
            if at == start:
                before = {
                    address: _Block(size, -1) for address, (_, size) in moment.owned.items() if address not in live
                }
                live.update(before)
                every += before.values()
            _name(live, phase, moment)
            phase = moment.phase
    return every


def _name(live: Mapping[int, _Block], phase: str, moment: Moment) -> None:
    """Say what is held where one phase ends and another begins, as far as it is known by now."""
    for address, (category, _) in moment.owned.items():
        if block := live.get(address):
            block.category = block.category or category
    if phase == FETCH:
        _leave(live.values(), (FETCH,), "inputs")
    elif phase == AGAIN:
        _leave(live.values(), (AGAIN,), "activations")
    elif moment.phase == "backward":
        _leave(live.values(), _KEPT_FOR_BACKWARD, "activations")


def _leave(blocks: Iterable[_Block], phases: Sequence[str], category: MemoryCategory) -> None:
    """What these phases leave behind is of that category, where it is not known to be of another."""
    for block in blocks:
        if block.category is None and block.phase in phases:
            block.category = category


def _held(blocks: Sequence[_Block], start: int, end: int) -> list[list[int]]:
    """Bytes by category after each event from `start` to `end`."""
    changes = [[0] * len(MEMORY_CATEGORIES) for _ in range(start, end + 1)]
    for block in blocks:
        if block.end is not None and block.end <= start:
            continue
        place = MEMORY_CATEGORIES.index(block.category or "temporary")
        changes[max(block.start - start, 0)][place] += block.size
        if block.end is not None:
            changes[block.end - start][place] -= block.size
    for before, row in pairwise(changes):
        for place, size in enumerate(before):
            row[place] += size
    return changes


def _kept(seconds: Sequence[float], totals: Sequence[int], begins: Iterable[int]) -> list[int]:
    """The places to keep: where phases begin, and of each span of time the highest and the last; no peak is lost."""
    span = (seconds[-1] or 1.0) / ((MOST_POINTS - MOST_PHASES) // 2 - 1)
    places = {*begins}
    spans: dict[int, list[int]] = {}
    for at, moment in enumerate(seconds):
        spans.setdefault(int(moment / span), []).append(at)
    for those in spans.values():
        places |= {max(those, key=totals.__getitem__), those[-1]}
    return sorted(places)
