"""Attribution: which phases, categories, operators and modules make up the difference of two step times.

The frame is timed: each phase's difference is that of its own times, measured without a profiler. Within a phase the
profile says how the time is spread. So the parts add up to the measured difference, and no profiled time enters it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bench.vocabulary import FETCH, PHASE_PURPOSES

UNTOLD = "not in any phase"
ROUNDING = 1e-9  # of a step
APART = {"host": "outside operators", "device": "idle device"}  # by the side that the profile is of
UNKNOWN = "not profiled"

Level = Literal["phase", "category", "operator", "module"]
LEVELS: tuple[Level, ...] = ("phase", "category", "operator", "module")


@dataclass(frozen=True, slots=True)
class Timed:
    """One cell as it was timed.

    Attributes:
        name: what to call it.
        step: seconds of a step, without the fetch of its batch.
        phases: seconds of each phase.
        profile: a summary of its trace (`bench.trace.summary`), or None.
        modules: goes before the names of its modules, where those of two models are not the same; "" for nothing.

    """

    name: str
    step: float
    phases: Mapping[str, float]
    profile: Mapping[str, Any] | None = None
    modules: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the step: where it belongs, and its seconds in the slower and in the faster cell."""

    phase: str
    category: str
    operator: str
    module: str
    slower: float
    faster: float

    @property
    def difference(self) -> float:
        """Seconds that it adds to the slower cell."""
        return self.slower - self.faster


@dataclass(frozen=True, slots=True)
class Share:
    """Parts under one name, put together.

    Attributes:
        share: of the whole difference; all shares of one level add up to 1. Negative where the slower cell is the
            faster one. None where there is no difference.

    """

    name: str
    slower: float
    faster: float
    share: float | None

    @property
    def difference(self) -> float:
        """Seconds that it adds to the slower cell."""
        return self.slower - self.faster


def parts_of(slower: Timed, faster: Timed) -> list[Part]:
    """Parts whose differences add up to the difference of the two steps, the largest first.

    Where either has no profile, only phases are distinguished.
    """
    whole = slower.profile is not None and faster.profile is not None
    sums: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for side, cell in enumerate((slower, faster)):
        for key, seconds in _spread(cell, whole):
            sums[key][side] += seconds
    parts = [Part(*key, *seconds) for key, seconds in sums.items()]
    return sorted(parts, key=lambda part: (-abs(part.difference), part.phase, part.operator, part.module))


def _spread(cell: Timed, whole: bool) -> Iterable[tuple[tuple[str, str, str, str], float]]:
    """The step's seconds by phase, category, operator and module."""
    phases = {phase: seconds for phase, seconds in cell.phases.items() if phase != FETCH}
    for phase, seconds in phases.items():
        yield from _within(cell, phase, seconds) if whole else [((phase, UNKNOWN, "", ""), seconds)]
    rest = cell.step - sum(phases.values())
    if abs(rest) > ROUNDING * cell.step:
        yield (UNTOLD, UNTOLD, "", ""), rest


def _within(cell: Timed, phase: str, seconds: float) -> Iterable[tuple[tuple[str, str, str, str], float]]:
    """The seconds of a phase spread as its profile says; what is in no operator has a name of its own."""
    profile = cell.profile or {}
    rows = [row for row in profile.get("rows", ()) if row[0] == phase]
    inside = sum(row[4] for row in rows)
    whole = max(profile.get("phases", {}).get(phase, 0.0), inside)
    apart = APART.get(str(profile.get("side")), UNKNOWN)
    for _, category, operator, module, own, _ in rows:
        name = f"{cell.modules}{module}" if module else ""
        if whole:
            yield (phase, category, operator, name), seconds * own / whole
    yield (phase, apart, "", ""), seconds * (1 - inside / whole if whole else 1.0)


def shares(parts: Sequence[Part], level: Level) -> list[Share]:
    """The parts put together by one of their names, the largest difference first."""
    return _shares(parts, [getattr(part, level) or _nameless(part, level) for part in parts])


def kinds(parts: Sequence[Part]) -> list[Share]:
    """The parts put together by category and phase, such as "convolution backward"."""
    return _shares(parts, [kind_of(part) for part in parts])


def kind_of(part: Part) -> str:
    """What a part is, in words: its category, with the phase where that is not said by it."""
    says_phase = part.category in (part.phase, UNTOLD) or part.phase in ("", *PHASE_PURPOSES)
    if part.category == UNKNOWN:
        return part.phase
    if part.category in APART.values():
        return f"{part.category} in {part.phase}" if part.phase else part.category
    return part.category if says_phase else f"{part.category} {part.phase}"


def _nameless(part: Part, level: Level) -> str:
    """The name of parts that have none at this level."""
    if level == "module" and part.operator:
        return f"({part.phase or 'no module'})"
    return part.category


def _shares(parts: Sequence[Part], names: Sequence[str]) -> list[Share]:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for part, name in zip(parts, names, strict=True):
        sums[name][0] += part.slower
        sums[name][1] += part.faster
    total = sum(part.difference for part in parts)
    rows = [
        Share(name, ours, theirs, (ours - theirs) / total if total else None) for name, (ours, theirs) in sums.items()
    ]
    return sorted(rows, key=lambda share: (-abs(share.difference), share.name))
