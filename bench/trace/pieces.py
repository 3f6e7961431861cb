"""Pieces: the time of the steps cut up, on the host and on the device, so that each moment counts once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from bench.trace.categories import category_of
from bench.trace.frames import Path, Stacks
from bench.trace.kernel import HOST_WAIT, KERNEL_WAIT, OTHER_WAIT, Kernel
from bench.trace.timeline import Segment, clipped, exclusive, gaps
from bench.trace.tree import DEEPEST, MODULE_MARK, STEP, Node

OUTSIDE, IDLE, WAITING = "outside operators", "idle device", "waiting for the device"
_RANKS = {"communication": 2}  # a moment in which the device computes as well is not lost to communication


class Key(NamedTuple):
    """What a moment is spent on; "" where a name is not known."""

    phase: str
    category: str
    operator: str
    module: str
    path: Path


@dataclass(frozen=True, slots=True)
class Piece:
    """Seconds of a mean step that are spent on one thing."""

    key: Key
    seconds: float


Windows = Sequence[tuple[float, float]]


def pieces_of_host(moments: Sequence[Segment[Node]], windows: Windows, stacks: Stacks) -> list[Piece]:
    """The host's pieces; those of the time in which nothing was marked and no operator ran are OUTSIDE."""
    keys: dict[int, Key] = {}
    sums: dict[Key, float] = defaultdict(float)
    for start, end, node in clipped(moments, windows):
        key = keys.get(id(node)) or keys.setdefault(id(node), _host_key(node, stacks))
        sums[key] += end - start
    sums[Key("", OUTSIDE, "", "", (OUTSIDE,))] += _length(windows) - sum(sums.values())
    return _means(sums, len(windows))


def pieces_of_device(
    kernels: Sequence[Kernel], moments: Sequence[Segment[Node]], windows: Windows, stacks: Stacks
) -> list[Piece]:
    """The device's pieces, its idle time among them by cause and by what the host did meanwhile."""
    sums: dict[Key, float] = defaultdict(float)
    ran = list(exclusive((kernel.start, kernel.end, _rank(kernel), kernel) for kernel in kernels))
    for start, end, kernel in clipped(ran, windows):
        sums[_device_key(kernel)] += end - start
    late = []
    for start, end, cause in clipped(_idle(ran, windows), windows):
        if cause == HOST_WAIT:
            late.append((start, end))
        else:
            sums[_idle_key(cause, ())] += end - start
    for start, end, node in clipped(moments, late):
        sums[_idle_key(HOST_WAIT, stacks.path(node) or (OUTSIDE,))] += end - start
    sums[_idle_key(HOST_WAIT, (OUTSIDE,))] += _length(windows) - sum(sums.values())
    return _means(sums, len(windows))


def _rank(kernel: Kernel) -> int:
    return _RANKS.get(kernel.category, 0 if kernel.is_kernel else 1)


def _host_key(node: Node, stacks: Stacks) -> Key:
    names = [name for name in node.lineage() if not name.startswith((STEP, MODULE_MARK))]
    operator = next((above.name for above in islice(_upwards(node), DEEPEST) if above.kind == "operator"), "")
    if node.kind == "launch" and "synchronize" in node.name.lower():
        category = WAITING
    elif operator or node.kind == "launch" or node.phase == "fetch":
        category = category_of(names, node.phase)
    else:
        category = OUTSIDE
    return Key(node.phase, category, operator, node.module, stacks.path(node) or (OUTSIDE,))


def _upwards(node: Node | None) -> Iterator[Node]:
    while node is not None:
        yield node
        node = node.parent


def _device_key(kernel: Kernel) -> Key:
    operator = kernel.operator or kernel.name
    return Key(kernel.phase, kernel.category, operator, kernel.module, (*kernel.path, kernel.name))


def _idle(ran: Sequence[Segment[Kernel]], windows: Windows) -> Iterator[Segment[str]]:
    """The gaps of the device with their causes; where the call for what comes next is known, each is cut in two."""
    if not windows:
        return
    for start, end, number in gaps(ran, windows[0][0], windows[-1][1]):
        if number == len(ran):
            yield start, end, HOST_WAIT  # nothing was called for any more
        elif (launched := ran[number][2].launched) is None:
            yield start, end, OTHER_WAIT
        else:
            called = min(max(launched, start), end)
            yield start, called, HOST_WAIT
            yield called, end, KERNEL_WAIT


def _idle_key(cause: str, path: Path) -> Key:
    return Key("", f"{IDLE}: {cause}", "", "", (IDLE, cause, *path))


def _length(windows: Windows) -> float:
    return sum(end - start for start, end in windows)


def _means(sums: dict[Key, float], steps: int) -> list[Piece]:
    """Seconds of a mean step, the longest first; what is left of rounding is nothing."""
    least = 1e-9 * sum(sums.values())
    pieces = [Piece(key, length * 1e-6 / steps) for key, length in sums.items() if length > least]
    return sorted(pieces, key=lambda piece: (-piece.seconds, piece.key))
