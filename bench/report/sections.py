"""Sections: the pictures of a run's page, section by section; those of a larger run on several cores."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from bench.report import svg
from bench.report.answers import answers
from bench.report.insight import insight
from bench.report.kernels import Kernels, kernels
from bench.report.learning_curves import learning
from bench.report.memory import memory
from bench.report.parallel import Told, all_of
from bench.report.plotting import Picture
from bench.report.predictions import seeing
from bench.report.race import racing
from bench.report.recipes import changing
from bench.report.record import Record
from bench.report.scaling import scaling
from bench.report.speed import speed
from bench.report.surface import surface
from bench.report.tradeoffs import choosing
from bench.report.tuning import tuning

Section = tuple[str, str, str, list[Picture]]
ENOUGH_ROWS = 6  # with fewer, drawing takes hardly longer than to fork
_DRAWN: tuple[tuple[str, str, str, Callable[[Record], list[Picture]]], ...] = (
    ("choose", "Choose", "What each configuration gives for what it costs.", choosing),
    ("speed", "Speed", "What a step costs, where its time goes, and how much it varies.", speed),
    ("memory", "Memory", "What a step holds, when, and what for.", memory),
    ("ranks", "Ranks", "What is gained by several processes that train together.", scaling),
    ("answers", "Answers", "What it takes to serve a trained net, by each engine, and what it loses.", answers),
    ("learning", "Learning", "How accuracy, loss and gradients develop in training.", learning),
    ("seeing", "Seeing", "The data, what nets say of it, and where they are wrong.", seeing),
    ("insight", "Insight", "What nets have learnt, what they look at, and how they are fooled.", insight),
    ("recipe", "Recipe", "What each change of a training costs a step, and what it gains in accuracy.", changing),
    ("surface", "Loss surface", "Where each optimizer goes from the same start, on planes through the loss.", surface),
    ("race", "Optimizers", "How near each optimizer is to the fastest, over all workloads.", racing),
    ("tuning", "Learning rates", "How much accuracy hangs on the learning rate.", tuning),
)
_listener: ContextVar[Told] = ContextVar("listener", default=lambda *_: None)


@contextmanager
def watched(listener: Told) -> Iterator[None]:
    """Pages that are drawn in this block tell how many of how many parts are done."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def each_picture(record: Record) -> list[Picture]:
    """All pictures of the page, drawn in this process, so that they can be kept as they were drawn."""
    profiled = kernels(record)
    pictures = [picture for *_, draw in _DRAWN for picture in draw(record)]
    return [*pictures, *([profiled.picture] if profiled else [])]


def drawn(record: Record) -> tuple[list[Section], Kernels | None]:
    """The sections that have pictures (id, heading, lead, pictures), and that on kernels."""
    functions: list[Callable[[Record], Any]] = [*(entry[3] for entry in _DRAWN), kernels]
    with svg.style():
        apart = len(record.rows) >= ENOUGH_ROWS
        *pictures, profiled = all_of(functions, record, _listener.get(), apart=apart)
    having = [(entry, drew) for entry, drew in zip(_DRAWN, pictures, strict=True) if drew]
    sections = [(name, heading, lead, drew) for (name, heading, lead, _), drew in having]
    return sections, profiled
