"""Summary: a trace as a small table, seconds of one step by phase, category, operator and module."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.trace.categories import category_of
from bench.trace.device import busy, idle, kernels_of, spans_of
from bench.trace.events import Trace
from bench.trace.kernel import CAUSES, Kernel
from bench.trace.notes import notes_of
from bench.trace.steps import steps_of
from bench.trace.tree import Forest, grow

MOST_ROWS, MOST_KERNELS = 2000, 40
REST = "(the rest)"
_MICRO = 1e-6

Key = tuple[str, str, str, str]  # phase, category, operator, module


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of time of one step."""

    step: int
    key: Key
    seconds: float


def summarize(trace: Trace) -> dict[str, Any]:
    """What a trace says of one step, as plain data; times in seconds.

    Keys: `side`, whose work it is, the "host" or the "device" beside it; `steps`, how many the trace holds whole, and
    `seconds` of one; `left_out`, name and reason of each other step; `notes`, sentences on what is left out, placed
    without a launch, or in no step; `phases`, seconds of each; `rows`, lists of phase, category, operator, module,
    seconds and calls: the time that no operator called within takes; on a device also `launches` by phase, `busy`,
    `idle` by cause, and `kernels`, lists of name, category, seconds and calls.
    Times are of the whole steps that were no slower than the median one, since contention only ever adds time; calls
    and `launches` are means over all whole steps. On the CPU `rows` are of the host's operators, on a GPU of the
    kernels that they launched. `busy` and `idle` add up to `seconds`; a phase without a kernel takes none of them. A
    number of launches is whole where all steps have that one, and has a decimal point where they differ.
    """
    forest = grow(trace)
    kernels = kernels_of(trace, forest)
    steps = steps_of(forest, kernels)
    whole = [at for at, step in enumerate(steps) if not step.lost]
    common = {
        "side": "device" if kernels else "host",
        "events": len(trace.events),
        "steps": len(whole),
        "left_out": [[step.name, step.lost] for step in steps if step.lost],
        "notes": notes_of(trace, forest, kernels, steps),
    }
    return common | (_on_device(kernels, forest, whole) if kernels else _on_host(forest, whole))


def _used(lengths: Sequence[float], whole: Sequence[int]) -> list[int]:
    """The steps whose times count."""
    middle = sorted(lengths[at] for at in whole)[(len(whole) - 1) // 2] if whole else 0.0
    return [at for at in whole if lengths[at] <= middle]


def _mean(microseconds: Iterable[float], used: Sequence[int]) -> float:
    """Seconds a step, of what all the used steps took."""
    return sum(microseconds) * _MICRO / max(len(used), 1)


def _on_host(forest: Forest, whole: Sequence[int]) -> dict[str, Any]:
    lengths = [end - start for start, end, _ in forest.steps]
    used, known = _used(lengths, whole), set(whole)
    operators = [node for node in forest.nodes if node.kind == "operator" and node.step in known]
    parts = [
        _Part(
            node.step,
            (node.phase, category_of(_operators(node.lineage()), node.phase), node.name, node.module),
            node.own * _MICRO,
        )
        for node in operators
    ]
    windows: dict[str, float] = defaultdict(float)
    chosen = set(used)
    for start, end, name in forest.phases:
        at = next((at for at, step in enumerate(forest.steps) if step[0] <= start < step[1]), -1)
        windows[name] += (end - start) * _MICRO / len(used) if at in chosen else 0.0
    return {
        "seconds": _mean([lengths[at] for at in used], used),
        "phases": dict(windows),
        "rows": _rows(parts, used, len(whole)),
    }


def _operators(names: list[str]) -> list[str]:
    """The names without our own marks, which do not say what an operator is for."""
    return [name for name in names if not name.startswith(("ProfilerStep#", "nn.Module: "))]


def _on_device(kernels: Sequence[Kernel], forest: Forest, whole: Sequence[int]) -> dict[str, Any]:
    known = set(whole)
    inside = [kernel for kernel in kernels if kernel.step in known]
    parts = [
        _Part(
            kernel.step,
            (kernel.phase, kernel.category, kernel.operator or kernel.name, kernel.module),
            (kernel.end - kernel.start) * _MICRO,
        )
        for kernel in inside
    ]
    spans = spans_of(inside, forest.steps)
    lengths = [sum(phases.values()) for phases in spans]
    used = _used(lengths, whole)
    phases = dict.fromkeys((name for *_, name in forest.phases), 0.0)
    for at in used:
        for phase, length in spans[at].items():
            phases[phase] = phases.get(phase, 0.0) + length * _MICRO / len(used)
    steps = max(len(whole), 1)
    own = [[kernel for kernel in inside if kernel.step == at] for at in used]
    waits = [idle(kernels) for kernels in own]
    return {
        "seconds": _mean([lengths[at] for at in used], used),
        "phases": dict(phases),
        "rows": _rows(parts, used, steps),
        "launches": _launches(inside, whole),
        "busy": _mean([end - start for kernels in own for start, end in busy(kernels)], used),
        "idle": {cause: _mean([causes[cause] for causes in waits], used) for cause in CAUSES},
        "kernels": _kernel_rows(inside, used, steps),
    }


def _launches(kernels: Iterable[Kernel], whole: Sequence[int]) -> dict[str, float]:
    """Kernels a step by phase: whole numbers where all steps have as many, else their mean."""
    counts = Counter((kernel.phase, kernel.step) for kernel in kernels if kernel.is_kernel)
    each = {phase: [counts[phase, at] for at in whole] for phase in dict.fromkeys(phase for phase, _ in counts)}
    return {
        phase: numbers[0] if len({*numbers}) == 1 else sum(numbers) / len(numbers) for phase, numbers in each.items()
    }


def _rows(parts: Sequence[_Part], used: Sequence[int], steps: int) -> list[list[Any]]:
    """Lists of phase, category, operator, module, seconds, calls; the longest, and the rest of each phase in one."""
    chosen = set(used)
    return _table(parts, lambda part: part.key, chosen, steps, MOST_ROWS)


def _kernel_rows(kernels: Sequence[Kernel], used: Sequence[int], steps: int) -> list[list[Any]]:
    parts = [
        _Part(kernel.step, ("", kernel.category, kernel.name, ""), (kernel.end - kernel.start) * _MICRO)
        for kernel in kernels
        if kernel.is_kernel
    ]
    rows = _table(parts, lambda part: part.key, set(used), steps, MOST_KERNELS)
    return [[name, category, seconds, calls] for _, category, name, _, seconds, calls in rows]


def _table(
    parts: Sequence[_Part], key: Callable[[_Part], Key], chosen: set[int], steps: int, most: int
) -> list[list[Any]]:
    seconds: dict[Key, float] = defaultdict(float)
    calls: Counter[Key] = Counter()
    for part in parts:
        calls[key(part)] += 1
        seconds[key(part)] += part.seconds / len(chosen) if part.step in chosen else 0.0
    order = sorted(calls, key=lambda name: (-seconds[name], name))
    rows = [[*name, seconds[name], _whole(calls[name] / max(steps, 1))] for name in order[:most]]
    rest: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for name in order[most:]:
        rest[name[0], name[1]][0] += seconds[name]
        rest[name[0], name[1]][1] += calls[name] / max(steps, 1)
    return rows + [
        [phase, category, REST, "", total, _whole(count)] for (phase, category), (total, count) in rest.items()
    ]


def _whole(number: float) -> float:
    """A count as a whole number where it is one."""
    return int(number) if float(number).is_integer() else number
