"""Beside: imported figures of other machines next to a run's own, side by side and never compared.

A model is known by its name; where a file has it at several image sizes, the size nearest to ours stands there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.store.elsewhere import Figure, FigureFile, load_each
from bench.store.machines import class_of, digests_of, host_of, of_several
from bench.store.pooling import pooled
from bench.store.published import PublishedComparison, comparisons
from bench.store.run import PUBLISHED, Run
from bench.store.warning import DISTURBED, Warning, disturbed_parts
from bench.text import as_published, either_way, number, plural, quantity
from bench.vocabulary import FigurePart

_RATES: Mapping[FigurePart, str] = {"inference": "inference_throughput", "training": "throughput"}
_STEPS: Mapping[FigurePart, str] = {"inference": "inference", "training": "step"}
_WHAT: Mapping[FigurePart, str] = {"inference": "inference, images a second", "training": "training, images a second"}
COLLECTIONS = ("timm", "torchvision")  # whose nets are known by name
_UNTOLD = "the file does not say its device, precision and version of torch"
_ROUNDED = 0.005e6  # parameters: the files have millions with two places


@dataclass(slots=True)
class _Own:
    """What a run holds of one configuration on one class of machines: by metric, the value of each process.

    `machine` is the name of that class where the run has several. Processes in which other work disturbed a metric are
    kept apart: they count only where there are no others.
    """

    cell: Cell
    machine: str
    quiet: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)

    def values(self, metric: str) -> list[float]:
        """Those that count."""
        return self.quiet.get(metric) or self.busy.get(metric, [])

    def contended(self, metric: str) -> bool:
        """Whether there are none but disturbed ones."""
        return metric not in self.quiet and metric in self.busy

    @property
    def image_size(self) -> int | None:
        """Pixels of an edge, where the data set's name has them, as synthetic:3x224x224 does."""
        shape = re.search(r"(?:^|:)\d+x\d+x(\d+)", self.cell.dataset)
        return int(shape[1]) if shape else None


def published_of(run: Run) -> list[PublishedComparison]:
    """The published figures that speak of the run's architectures: the suite's, then those that were imported."""
    imported, _ = figures_near(run.folder)
    machines = digests_of(run.heads())
    published = comparisons(run.lines(), run.facts, machines)
    return [*published, *beside(run.lines() if imported else (), imported, machines)]


def figures_near(folder: Path) -> tuple[tuple[FigureFile, ...], list[BenchError]]:
    """The imported figures that are kept where the run of that folder is, and why others cannot be read."""
    figures, errors = load_each(folder.parent / PUBLISHED.name)
    return tuple(figures.values()), errors


def beside(
    lines: Iterable[Mapping[str, Any]], imported: Sequence[FigureFile], machines: Mapping[str, str]
) -> list[PublishedComparison]:
    """Each imported figure of a model of the run that the run has a number for, beside that number.

    Args:
        lines: stored lines of the run.
        imported: the files that figures were read from.
        machines: the name of each class of machines that the run was measured on; its numbers stand apart by it.

    """
    return [
        _pair(own, figure, source)
        for own in (_by_configuration(lines, of_several(machines)) if imported else ())
        for source in imported
        for figure in _nearest(own, source)
    ]


def _by_configuration(lines: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[_Own]:
    every: dict[tuple[Cell, str], _Own] = {}
    for line in lines:
        cell, machine = Cell.from_dict(line["cell"]).configuration, class_of(line)
        own = every.setdefault((cell, machine), _Own(cell, names.get(machine, "")))
        parts = disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))
        for reading in line["measurements"]:
            row = METRICS.get(reading["metric"])
            values = own.busy if row and row.timed_in in parts else own.quiet
            if reading["value"]:
                values.setdefault(reading["metric"], []).append(reading["value"])
    return list(every.values())


def _nearest(own: _Own, source: FigureFile) -> Iterator[Figure]:
    """The figures of the model, of each part those of the image size that is nearest to ours."""
    name = _model(own.cell)
    for part, rate in _RATES.items():
        speaking = [each for each in source.figures if each.part == part and _bare(each.model) == name]
        if speaking and own.values(rate):
            least = min(_distance(own, figure) for figure in speaking)
            yield from (figure for figure in speaking if _distance(own, figure) == least)


def _model(cell: Cell) -> str:
    """The name of a cell's net where it is registered or of a collection; "" where it is somebody's own."""
    collection, colon, name = cell.source("architecture").partition("(")[0].rpartition(":")
    return _bare(name) if not colon or collection in COLLECTIONS else ""


def _bare(model: str) -> str:
    """A name of timm's without the weights after the point."""
    return model.partition(".")[0]


def _distance(own: _Own, figure: Figure) -> int:
    sizes = (own.image_size, figure.image_size)
    return abs(sizes[0] - sizes[1]) if sizes[0] and sizes[1] else 0


def _pair(own: _Own, figure: Figure, source: FigureFile) -> PublishedComparison:
    cell, name = own.cell, _RATES[figure.part]
    rate, step = pooled(own.values(name), "log_mean"), own.values(_STEPS[figure.part])
    certainty = "" if rate.half_width is None else f" {either_way(rate.half_width)}"
    batch = _batch(pooled(step, "log_mean").value if step else None, cell.batch_size)
    processes = f"{plural(rate.n, 'process')}{f' on {own.machine}' if own.machine else ''}"
    doubt = f"; {DISTURBED}" * own.contended(name)
    theirs = f"{as_published(figure.images_per_second)} images/s{_batch(figure.seconds, figure.batch_size)}"
    return PublishedComparison(
        configuration=cell.id,
        what=_WHAT[figure.part],
        published=theirs,
        ours=f"{number(rate.value)} images/s{certainty}{batch} ({processes}{doubt})",
        verdict="another machine's: not compared",
        differs=tuple(_differs(own, figure)),
        source=f"{figure.model} in {source.file}, by {source.tool}",
        sha256=source.sha256,
    )


def _batch(seconds: float | None, size: int | None) -> str:
    """A batch's time and size, as far as they are known."""
    batch = f"a batch of {size:,}" if size else "a batch of unknown size"
    return f", {quantity(seconds, 's')} {batch}" if seconds else f", {batch}"


def _differs(own: _Own, figure: Figure) -> Iterator[str]:
    """What stands between the two numbers, as far as it is known."""
    cell, size = own.cell, own.image_size
    yield f"on {figure.device} instead of {host_of(cell.device, own.machine)}" if figure.device else _UNTOLD
    if figure.batch_size != cell.batch_size:
        yield f"batch size {cell.batch_size} instead of {figure.batch_size or 'an unknown one'}"
    if size is None or size != figure.image_size:
        theirs = f"{figure.image_size} pixels an edge" if figure.image_size else "an unknown size"
        yield f"images of {f'{size} pixels an edge' if size else cell.dataset} instead of {theirs}"
    counted = own.values("parameters")
    if counted and figure.parameters and abs(counted[0] - figure.parameters) > _ROUNDED:
        ours, theirs = (f"{count / 1e6:.2f} million" for count in (counted[0], figure.parameters))
        yield f"{ours} parameters instead of {theirs}: another net, or another number of classes"
    if figure.passes:
        parts = ", ".join(f"{name} {quantity(seconds, 's')}" for name, seconds in figure.passes.items())
        yield f"theirs by parts: {parts}"
