"""Moments: what the host did at each moment, one node of one thread."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from bench.trace.timeline import Segment, exclusive
from bench.trace.tree import STEP, Forest, Node


def moments_of(forest: Forest) -> list[Segment[Node]]:
    """What the host did at each moment: of all threads that do something, the one with the steps' marks first."""
    main = _main_thread(forest)
    spans = [
        (start, end, _rank_on_host(node, main), node)
        for start, end, node in sorted(_innermost(forest.nodes), key=lambda span: span[:2])
        if node.thread == main or node.kind != "annotation"
    ]
    return list(exclusive(spans))


def _innermost(nodes: Iterable[Node]) -> Iterator[Segment[Node]]:
    """For each thread, segments of the innermost node that runs."""
    stacks: dict[int, list[Node]] = defaultdict(list)
    now: dict[int, float] = defaultdict(float)
    for node in nodes:
        stack = stacks[node.thread]
        yield from _ended(stack, node.start, now)
        if stack and node.start > now[node.thread]:
            yield now[node.thread], node.start, stack[-1]
        now[node.thread] = node.start
        stack.append(node)
    for stack in stacks.values():
        yield from _ended(stack, float("inf"), now)


def _ended(stack: list[Node], until: float, now: dict[int, float]) -> Iterator[Segment[Node]]:
    while stack and stack[-1].end <= until:
        node = stack.pop()
        if node.end > now[node.thread]:
            yield now[node.thread], node.end, node
            now[node.thread] = node.end


def _main_thread(forest: Forest) -> int:
    """The thread of the steps' marks, or else the one that is longest in operators."""
    times: dict[int, float] = defaultdict(float)
    for node in forest.nodes:
        if node.kind == "annotation" and node.name.startswith(STEP):
            times[node.thread] += 1e18
        elif node.kind == "operator" and node.parent is None:
            times[node.thread] += node.end - node.start
    return max(times, key=lambda thread: times[thread], default=0)


def _rank_on_host(node: Node, main: int) -> int:
    """The main thread's operators, then those of the backward pass, of other threads, and what is marked alone."""
    if node.kind == "annotation":
        return 3
    return 0 if node.thread == main else 1 if node.phase == "backward" else 2
