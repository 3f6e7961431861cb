"""Steps: when each ends with the work it launched, and which of them the trace does not hold whole."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.text import percent
from bench.trace.kernel import Kernel
from bench.trace.tree import WHOLE_TRACE, Forest

ENOUGH = 0.8  # of what the other steps have; with less a step has lost something
_LAUNCHING = ("launch", "memcpy", "memset")  # what the names of calls that put work on the device hold


@dataclass(frozen=True, slots=True)
class Step:
    """One profiled step; times in microseconds.

    Attributes:
        name: as it is marked.
        start: when it began on the host, or when the device had done all that was launched before, if that is later.
        end: when both the host and what it launched were done.
        lost: why it is left out; "" where the trace holds all of it.

    """

    name: str
    start: float
    end: float
    lost: str

    @property
    def length(self) -> float:
        """Microseconds; those of successive steps leave nothing out between them but what the host does outside."""
        return self.end - self.start


def steps_of(forest: Forest, kernels: Sequence[Kernel]) -> list[Step]:
    """The steps of a trace, in order, none of which overlaps the one before."""
    lost = lost_steps(forest, kernels)
    ends = [end for _, end, _ in forest.steps]
    for kernel in kernels:
        if kernel.step >= 0:
            ends[kernel.step] = max(ends[kernel.step], kernel.end)
    steps: list[Step] = []
    before = _ended_before(forest, kernels)
    for at, (start, _, name) in enumerate(forest.steps):
        begin = min(start, kernels[0].start) if name == WHOLE_TRACE and kernels else max(start, before)
        before = max(ends[at], begin)
        steps.append(Step(name, begin, before, lost.get(at, "")))
    return steps


def _ended_before(forest: Forest, kernels: Sequence[Kernel]) -> float:
    """When the device had done what was launched before the first step; -inf where there was nothing."""
    if not forest.steps:
        return -float("inf")
    begin, last = forest.steps[0][0], forest.steps[-1][1]
    early = (
        kernel.end
        for kernel in kernels
        if kernel.step < 0 and (kernel.start < last if kernel.launched is None else kernel.launched <= begin)
    )
    return max(early, default=-float("inf"))


def lost_steps(forest: Forest, kernels: Sequence[Kernel]) -> dict[int, str]:
    """By step, why it is not whole: of steps that lost kernels, of empty ones, and of a first or last one cut short."""
    count = len(forest.steps)
    if count < 2:
        return {}
    operators = Counter(node.step for node in forest.nodes if node.kind == "operator")
    lost = _without_kernels(forest, kernels, operators) if kernels else {}
    enough = ENOUGH * _typical([operators[at] for at in range(count)])
    repeated = Counter(operators[at] for at in range(count))
    for at in range(count):
        if operators[at] == 0 and enough and not kernels:
            lost.setdefault(at, "no operator in it")
        elif at in (0, count - 1) and operators[at] < enough and repeated[operators[at]] == 1:
            lost.setdefault(at, f"cut short, {percent(operators[at] * ENOUGH / enough)} of the operators of the others")
    return lost if len(lost) < count else {}


def _without_kernels(forest: Forest, kernels: Sequence[Kernel], operators: Counter[int]) -> dict[int, str]:
    """Steps whose launches have no kernels in the trace, or that have fewer kernels an operator than the others."""
    ran = Counter(kernel.step for kernel in kernels)
    all_steps = range(len(forest.steps))
    shares = [kept / called if called else 1.0 for called, kept in launches_of(forest, kernels)]
    counted = all(operators[at] for at in all_steps)  # replayed graphs have kernels and no operator
    dense = [ran[at] / (operators[at] if counted else 1) for at in all_steps]
    best, typical = max(shares), _typical(dense)
    lost = {}
    for at in all_steps:
        if not ran[at]:
            lost[at] = "no kernel in it"
        elif shares[at] < ENOUGH * best:
            lost[at] = f"kernels of {percent(shares[at])} of its launches alone"
        elif dense[at] < ENOUGH * typical:
            lost[at] = f"{percent(dense[at] / typical)} of the kernels{' an operator' * counted} of the others"
    return lost


def launches_of(forest: Forest, kernels: Sequence[Kernel]) -> list[tuple[int, int]]:
    """Of each step, how many calls put work on the device, and how many of these have it in the trace."""
    numbers = {kernel.correlation for kernel in kernels}
    launches = [node for node in forest.nodes if node.kind == "launch" and _launches(node.name)]
    called = Counter(node.step for node in launches)
    kept = Counter(node.step for node in launches if node.correlation in numbers)
    return [(called[at], kept[at]) for at in range(len(forest.steps))]


def _launches(name: str) -> bool:
    plain = name.lower()
    return any(part in plain for part in _LAUNCHING)


def _typical(numbers: Sequence[float]) -> float:
    """The median, the upper of two: what is lost makes numbers smaller."""
    return sorted(numbers)[len(numbers) // 2] if numbers else 0.0
