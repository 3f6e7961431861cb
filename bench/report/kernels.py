"""Kernels: the section with each configuration's step by category, operator and module, and how two of them differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

from matplotlib.ticker import FuncFormatter

from bench.explain.doubt import chance_of
from bench.explain.explanation import known, scaled, sentence_of
from bench.metrics import FLOPS_OF
from bench.plan.cell import Cell
from bench.report import svg
from bench.report.plotting import MOST_ROWS, Picture, beside, finish, rowed
from bench.report.record import Record, Row
from bench.report.roofline import bound_row, bound_text, ceilings_of, unbroken
from bench.report.units import percent, quantity
from bench.stats.attribution import APART, UNTOLD, Part, Share, Timed, kinds, parts_of, shares
from bench.stats.roofline import ceiling_for, is_disturbed, with_doubts
from bench.text import number
from bench.trace.categories import CATEGORIES
from bench.vocabulary import STEP_PHASES

MOST_PARTS, MOST_LINES = 40, 12
NOTHING = Timed("nothing", 0.0, {}, {})
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "---", "+++", "|||")
ORDER = (*CATEGORIES, *APART.values(), UNTOLD)
# each category's look is its own on every page; colours repeat with another hatch
_LOOK = {name: (svg.SERIES[at % 8], _HATCHES[(at + at // 8) % 8]) for at, name in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Profiled:
    """One configuration's step and its parts.

    Attributes:
        row: the configuration.
        timed: the step and its phases, with the profile.
        parts: the step's parts, its modules with the row's name before theirs.
        bare: the same without.
        kinds: by category and phase, with seconds; all of them.
        lists: heading to (name, time, share) of the largest.
        facts: what else the trace says, as pairs of name and text.
        half: half the width of the step's interval on the log scale; None where there is none.

    """

    row: Row
    timed: Timed
    parts: Sequence[Part]
    bare: Sequence[Part]
    kinds: Sequence[Share]
    lists: Mapping[str, Sequence[tuple[str, str, str]]]
    facts: Sequence[tuple[str, str]]
    half: float | None


@dataclass(frozen=True, slots=True)
class Kernels:
    """The section: its picture, every profiled configuration, and the difference of the slowest and the fastest."""

    picture: Picture
    profiled: Sequence[Profiled]
    slower: str
    faster: str
    sentence: str
    difference: Sequence[Share]

    @property
    def unnamed(self) -> str:
        """The part that no sentence names."""
        return UNTOLD


def kernels(record: Record) -> Kernels | None:
    """The section, if any configuration was profiled."""
    profiles = _profiles(record)
    profiled = [step for row in record.having("step")[:MOST_ROWS] if (step := _profiled(record, row, profiles))]
    if not profiled:
        return None
    order = sorted(profiled, key=lambda step: step.timed.step)
    slower, faster = order[-1], order[0]
    chance = chance_of(slower.timed.step / faster.timed.step, [slower.half, faster.half])
    parts = known(kinds(parts_of(slower.timed, faster.timed)), chance=chance)
    sentence = sentence_of(slower.timed, faster.timed, parts, chance=chance) if len(profiled) > 1 else ""
    return Kernels(_picture(profiled), profiled, slower.row.key, faster.row.key, sentence, parts[:MOST_LINES])


def _profiles(record: Record) -> dict[Cell, Mapping[str, Any]]:
    """The first sound profile of each cell."""
    sound = [result for result in record.results if result.get("profile") and is_sound(result["profile"])]
    return {Cell.from_dict(result["cell"]): result["profile"] for result in reversed(sound)}


def _profiled(record: Record, row: Row, profiles: Mapping[Cell, Mapping[str, Any]]) -> Profiled | None:
    profile = next((profiles[cell] for cell in row.cells if cell in profiles), None)
    if profile is None:
        return None
    step = row.values["step"].value
    own: dict[str, float] = {phase: row.values[phase].value for phase in STEP_PHASES if phase in row.values}
    timed = Timed(row.label, step, scaled(own, step) if own else {"step": step}, profile, f"{row.label}: ")
    parts = parts_of(timed, NOTHING)
    bare = parts_of(Timed(row.label, step, timed.phases, profile), NOTHING)
    lists = {"Operators": _lines(shares(bare, "operator")), "Modules": _lines(shares(bare, "module"))}
    lists |= {"Categories against the roofline": _against_roof(record, row, shares(bare, "category"))}
    folder = f"results/{record.name}/traces"
    return Profiled(
        row,
        timed,
        parts,
        bare,
        kinds(bare)[:MOST_PARTS],
        {name: lines for name, lines in lists.items() if lines},
        list(_facts(record, row, profile, folder)),
        None if (half := row.values["step"].relative_half) is None else log1p(half),
    )


def is_sound(profile: Any) -> bool:
    """Whether it is a profile as this version writes it; the file may be of anyone."""
    if not isinstance(profile, dict) or not isinstance(profile.get("phases"), dict):
        return False
    rows = profile.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 6 for row in rows):
        return False
    texts = all(isinstance(text, str) for row in rows for text in row[:4])
    return texts and all(_is_time(seconds) for seconds in (*profile["phases"].values(), *(row[4] for row in rows)))


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _lines(largest: Sequence[Share]) -> list[tuple[str, str, str]]:
    """The largest as texts: name, time, share."""
    return [(part.name, _seconds(part.slower), percent(part.share or 0.0)) for part in largest[:MOST_LINES]]


def _against_roof(record: Record, row: Row, categories: Sequence[Share]) -> list[tuple[str, str, str]]:
    """Of the categories whose FLOPs are known: the rate they reach, and that as a share of the ceiling."""
    ceiling = ceiling_for(row.cell, ceilings_of(record))
    lines = []
    for category in categories:
        flops = row.values.get(FLOPS_OF.get(category.name, ""))
        if flops and flops.value and category.slower > 0 and ceiling:
            rate = flops.value / category.slower
            share = with_doubts(rate / ceiling["flops_per_second"], "compute", is_disturbed(ceiling, "compute"))
            lines.append((category.name, f"{quantity('flops', '1', rate)} a second", unbroken(share)))
    return lines


def _facts(record: Record, row: Row, profile: Mapping[str, Any], folder: str) -> Iterator[tuple[str, str]]:
    overhead = row.values.get("profiler_overhead")
    if overhead:
        yield "Profiler's overhead", f"a profiled step took {number(overhead.value)} times as long as a timed one"
    if bound := bound_row(record, row):
        yield "Bound", bound_text(bound)
    launches = profile.get("launches")
    if isinstance(launches, dict):
        yield (
            "Kernel launches a step",
            ", ".join(f"{phase or 'unmarked'} {count:g}" for phase, count in launches.items()),
        )
    idle = profile.get("idle")
    if isinstance(idle, dict):
        waits = [f"{cause} {_seconds(seconds)}" for cause, seconds in idle.items() if _is_time(seconds) and seconds]
        yield "Idle device, a step", ", ".join(waits) or "never"
    notes = profile.get("notes")
    for note in notes if isinstance(notes, list) else ():
        yield "Of the trace", str(note)
    reading = profile.get("reading")
    yield from _read(reading) if isinstance(reading, dict) else ()
    yield "Trace", f"in {folder}: python -m bench tensorboard {record.name}, or open the file at ui.perfetto.dev"


def _read(reading: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What torch-tb-profiler says."""
    for name, value in (reading.get("gpu") or {}).items():
        if _is_time(value):
            yield name.replace("_", " ").capitalize(), f"{value:.3g} %" if name == "occupancy" else percent(value)
    for device, size in (reading.get("peak_memory") or {}).items():
        if _is_time(size):
            yield f"Memory that the profiler saw allocated, at its peak, {device}", quantity("memory", "B", size)
    for advice in reading.get("advice") or ():
        yield "Advice", str(advice)


def _seconds(seconds: float) -> str:
    return quantity("step", "s", seconds)


def _picture(profiled: Sequence[Profiled]) -> Picture:
    drawn = rowed("kernels-categories", [step.row for step in profiled], extra=120)
    axes = drawn.axes
    seen: list[str] = []
    for at, step in enumerate(profiled):
        left = 0.0
        by_name = {share.name: share for share in shares(step.parts, "category")}
        for name in sorted(by_name, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
            share = by_name[name].share or 0.0
            if share < 0.001:
                continue
            colour, hatch = _LOOK.get(name, (svg.SERIES[7], "xxx"))
            seen += [name] if name not in seen else []
            bar = axes.barh(at, share, left=left, height=0.64, color=colour, hatch=hatch, edgecolor=svg.SURFACE)
            text = f"{step.row.label}: {name} {_seconds(by_name[name].slower)}, {percent(share)} of the step"
            drawn.mark(bar, [step.row.key], text)
            left += share
        beside(drawn, step.row, at, _seconds(step.timed.step))
    names = sorted(seen, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    looks = [_LOOK.get(name, (svg.SERIES[7], "xxx")) for name in names]
    swatches: list[Any] = [axes.barh(0, 0, color=colour, hatch=hatch, edgecolor=svg.SURFACE) for colour, hatch in looks]
    drawn.figure.legend(swatches, names, loc="outside upper center", ncols=3, fontsize=9)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    axes.set_xlabel("share of the step · its time at the right")
    caption = (
        "What the operators of a step are for. The times of the phases are measured without a profiler; within a phase "
        "they are spread as the profile says. On a CPU, what is outside operators is Python and the cost of calling; "
        "on a GPU the bars are of kernels, and the rest is an idle device."
    )
    return finish(drawn, "Time by category", caption)
