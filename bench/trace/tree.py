"""Tree: the operators of the host as a forest by thread, each with its own time, its phase, its module and its step."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from bench import vocabulary
from bench.trace.events import Event, Trace

PHASES = (*vocabulary.PHASES, vocabulary.WHOLE_STEP)
MODULE_MARK = "nn.Module: "
OPERATORS = {"cpu_op", "operator"}
LAUNCHES = ("runtime", "driver")  # how the categories of calls to a device end: "cuda_runtime", "xpu_driver"
_ANNOTATIONS = {"user_annotation"}
_FRAMES = "python_function"
BACKWARD = "autograd::engine::evaluate_function"
_FETCH = "enumerate(DataLoader)"
STEP = "ProfilerStep#"
DEEPEST = 200  # frames of a stack that are looked at, more than an honest trace has
WHOLE_TRACE = "whole trace"  # the name of the one step of a trace that marks none
LOSS = "(loss)"  # the module of what belongs to no module but to the loss

Window = tuple[float, float, str]  # start, end, name


@dataclass(slots=True)
class Node:
    """One operator, annotation or launch of the host; times in microseconds.

    Attributes:
        kind: "operator", "annotation" or "launch".
        parent: the node it was called in.
        inner: time of the operators called in it, the nearest ones alone.
        step: which profiled step, -1 outside all of them.
        phase: one of PHASES, or "" where it is not known.
        module: the path of the module, "" where there is none.
        thread: the number of its thread in the trace.
        external: the number by which kernels name their operator, -1 where there is none.

    """

    name: str
    kind: str
    start: float
    end: float
    sequence: int
    correlation: int
    thread: int = 0
    external: int = -1
    parent: "Node | None" = None
    inner: float = 0.0
    step: int = -1
    phase: str = ""
    module: str = ""

    @property
    def own(self) -> float:
        """Time that no operator called in it takes."""
        return max(self.end - self.start - self.inner, 0.0)

    def lineage(self) -> list[str]:
        """The names of the node and of what it was called in, the innermost first, as deep as an honest trace goes."""
        names, node = [], self
        while True:
            names.append(node.name)
            if node.parent is None or len(names) == DEEPEST:
                return names
            node = node.parent


@dataclass(frozen=True, slots=True)
class Forest:
    """What the host did.

    Attributes:
        nodes: every node, in the order of its start.
        steps: the window of each profiled step; WHOLE_TRACE alone where none is marked.
        phases: the window of each phase of each step, in order; empty where none is marked.

    """

    nodes: Sequence[Node]
    steps: Sequence[Window]
    phases: Sequence[Window] = field(default=())


def grow(trace: Trace) -> Forest:
    """The forest of a trace."""
    events = [one for one in trace.events if one["ph"] == "X" and _kind(one)]
    if any(_is_own_mark(event) for event in events):  # they are paths, and say more than the frames of Python do
        events = [event for event in events if str(event.get("cat", "")).lower() != _FRAMES]
    threads: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        threads[event.get("pid"), event.get("tid")].append(event)
    nodes = [node for number, thread in enumerate(threads.values()) for node in _nested(thread, number)]
    nodes.sort(key=lambda node: node.start)
    steps = _steps(nodes) or _whole(trace)
    phases = _phases(nodes)
    _place(nodes, steps, phases)
    _name_modules(nodes)
    return Forest(nodes, steps, phases)


def _kind(event: Event) -> str:
    category = str(event.get("cat", "")).lower()
    if category in OPERATORS:
        # older versions filed annotations as operators too
        return "annotation" if event["name"].startswith((STEP, "Optimizer.", _FETCH)) else "operator"
    if category == _FRAMES:  # those of modules, which traces with stacks have
        return "annotation" if event["name"].startswith(MODULE_MARK) else ""
    return "annotation" if category in _ANNOTATIONS else "launch" if category.endswith(LAUNCHES) else ""


def _is_own_mark(event: Event) -> bool:
    return bool(event["name"].startswith(MODULE_MARK)) and str(event.get("cat", "")).lower() in _ANNOTATIONS


def _nested(events: list[Event], thread: int) -> Iterable[Node]:
    """The nodes of one thread, tied to the ones that hold them in time."""
    # the longer of two that start together holds the other; of two alike the first in the file does
    order = sorted(((event["ts"], -event["dur"], at) for at, event in enumerate(events)), key=itemgetter(0, 1, 2))
    stack: list[tuple[Node, Node | None]] = []  # each with the nearest operator at or above it
    for start, length, at in order:
        node = _node(events[at], start, start - length, thread)
        while stack and stack[-1][0].end <= start:
            stack.pop()
        node.parent, holder = stack[-1] if stack else (None, None)
        if node.parent:
            node.end = min(node.end, node.parent.end)  # stamps are rounded: a child may seem to outlast its parent
        if node.kind == "operator" and holder:
            holder.inner += node.end - node.start
        stack.append((node, node if node.kind == "operator" else holder))
        yield node


def _node(event: Event, start: float, end: float, thread: int) -> Node:
    args = event.get("args", {})
    return Node(
        event["name"],
        _kind(event),
        start,
        end,
        number_of(args, "Sequence number"),
        number_of(args, "correlation"),
        thread,
        external_of(args),
    )


def number_of(facts: Mapping[str, Any], name: str) -> int:
    """A number that an event tells, -1 for none."""
    number = facts.get(name, -1)
    return number if isinstance(number, int) and not isinstance(number, bool) else -1


def external_of(facts: Mapping[str, Any]) -> int:
    """The number by which kernels and operators belong together, as newer traces spell it or older ones."""
    return number_of(facts, "External id" if "External id" in facts else "external id")


def _steps(nodes: Sequence[Node]) -> list[Window]:
    """The marked steps, of the thread that has most of them where traces of several processes were merged."""
    marks: dict[int, list[Window]] = defaultdict(list)
    for node in nodes:
        if node.kind == "annotation" and node.name.startswith(STEP):
            marks[node.thread].append((node.start, node.end, node.name))
    if marks or not nodes:
        return max(marks.values(), key=len, default=[])
    return [(nodes[0].start, max(node.end for node in nodes), WHOLE_TRACE)]


def _whole(trace: Trace) -> list[Window]:
    """One step for a trace that the host left nothing in."""
    timed = [event for event in trace.events if event["ph"] == "X" and str(event.get("cat", "")).lower() != "trace"]
    ends = (event["ts"] + event["dur"] for event in timed)
    return [(min(event["ts"] for event in timed), max(ends), WHOLE_TRACE)] if timed else []


def _phases(nodes: Sequence[Node]) -> list[Window]:
    """Annotations that bear a phase's name, however it is adorned ("## forward ##"), one within another left out."""
    windows: list[Window] = []
    for node in nodes:
        name = phase_named(node)
        if name and (not windows or node.start >= windows[-1][1]):
            windows.append((node.start, node.end, name))
    return windows


def phase_named(node: Node) -> str:
    """The phase whose name an annotation bears, "" for none."""
    name = re.sub(r"[^a-z_]", "", node.name.lower()) if node.kind == "annotation" and len(node.name) < 40 else ""
    return name if name in PHASES else ""


def _place(nodes: Sequence[Node], steps: Sequence[Window], phases: Sequence[Window]) -> None:
    """Give each node its step and its phase; by time, since the backward pass may run in a thread of its own."""
    starts, marks = [step[0] for step in steps], [phase[0] for phase in phases]
    for node in nodes:
        at = bisect_right(starts, node.start) - 1
        node.step = at if at >= 0 and node.start < steps[at][1] else -1
        at = bisect_right(marks, node.start) - 1
        if at >= 0 and node.start < phases[at][1]:
            node.phase = phases[at][2]
        else:
            node.phase = _guessed(node)


def _guessed(node: Node) -> str:
    """The phase by what torch itself marks, for traces that were not made here."""
    if node.name.startswith("Optimizer.step"):
        return "optimizer"
    if node.name.startswith("Optimizer.zero_grad"):
        return "zero_grad"
    if node.name.startswith(BACKWARD):
        return "backward"
    if node.name.startswith(_FETCH):
        return "fetch"
    inherited = node.parent.phase if node.parent and _hands_down(node.parent) else ""
    return inherited or ("forward" if node.name.startswith(MODULE_MARK) else "")


def _hands_down(node: Node) -> bool:
    """Whether what is called in the node has its phase: not so of a step's mark, or of one of the user's."""
    return node.kind == "operator" or node.name.startswith(("Optimizer.", MODULE_MARK, _FETCH))


def _name_modules(nodes: Sequence[Node]) -> None:
    """Give each node its module; backward nodes have that of the operator that recorded them.

    An operator and the backward node that it records share a sequence number, and the last operator to start under a
    number is the one that used it up.
    """
    recorded: dict[int, str] = {}
    last: dict[int, str] = defaultdict(str)  # by step: gradients are accumulated right after the node they come from
    for node in nodes:
        if node.name.startswith(MODULE_MARK):
            node.module = node.name.removeprefix(MODULE_MARK)
        elif node.phase == "backward":
            if node.name.startswith(BACKWARD):
                module = recorded.get(node.sequence)
                node.module = last[node.step] if module is None else module
                last[node.step] = node.module
            elif node.parent:
                node.module = node.parent.module
        else:
            node.module = LOSS if node.phase == "loss" else node.parent.module if node.parent else ""
            if node.kind == "operator" and node.sequence >= 0:
                recorded[node.sequence] = node.module
