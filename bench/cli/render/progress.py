"""Progress: one line that is written over on a terminal, a plain line for each result elsewhere."""

from dataclasses import replace
from typing import TextIO

from bench.cli.render.live import LiveLine
from bench.cli.render.paint import Line, Piece, print_lines
from bench.cli.render.plan import announcement
from bench.errors import one_line
from bench.plan.cell import Cell
from bench.plan.estimate import STARTUP_SECONDS
from bench.plan.short_names import BETWEEN, part_of, short_names
from bench.plan.split import judging
from bench.session.observer import Observer, Work
from bench.session.scheduler import Progress
from bench.store.result import Result
from bench.text import PERCENT, STATES, TIMES, quantity, whole


class ProgressLine(Observer):
    """Says on a stream what a session does, how far it is, and what was learnt so far."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = LiveLine(stream)
        self._names: dict[Cell, str] = {}
        self._seeded = False  # whether there are several seeds to tell apart
        self._learnt = ""

    def warned(self, text: str) -> None:
        """In one line, as errors are."""
        self._live.clear()
        print(f"bench: {one_line(text)}", file=self._stream)

    def noted(self, text: str) -> None:
        """In one line."""
        self._live.clear()
        print_lines([[(one_line(text), "dim")]], self._stream)
        self._stream.flush()

    def began(self, work: Work) -> None:
        """What is measured, and about how long that takes."""
        every = (*work.grid.cells, *work.trials)
        self._seeded = len({cell.seed for cell in every}) > 1
        cells = [cell.configuration for cell in every]
        self._names = dict(zip(cells, short_names(cells), strict=True))
        print_lines([[(announcement(work), "bold")]], self._stream)
        self._stream.flush()
        self._live.show(0.0, work.seconds - STARTUP_SECONDS, "what the machine can do")

    def advanced(self, progress: Progress, result: Result | None) -> None:
        """Show where the run stands; with a result, what came of its task."""
        if result is not None:
            self._live.clear()
            head: Piece = (f"[{whole(progress.share):>5}] ", "dim")
            print_lines([[head, *self._outcome(result)]], self._stream)
            self._learnt = self._in_short(result)
            self._stream.flush()
        name = self._name(progress.cell, progress.repeat)
        self._live.show(
            progress.share, progress.left, "" if result is not None else f"{name}: {progress.stage}", self._learnt
        )

    def ended(self) -> None:
        """Leave the terminal with an empty line to write on."""
        self._live.clear()

    def turned_to(self, revision: str, number: int, count: int) -> None:
        """Which revision is next."""
        print(f"revision {revision[:10]}, {number} of {count}", file=self._stream)

    def relayed(self, line: str) -> None:
        """What another program says, set in."""
        print(f"  {line}", file=self._stream)

    def _name(self, cell: Cell, repeat: int) -> str:
        """The short name, with the seed where there are several, and the pass where it is not the first."""
        seed = f", seed {cell.seed}" if self._seeded or cell.seed else ""
        return f"{self._short(cell)}{seed}" + (f", pass {repeat + 1}" if repeat else "")

    def _short(self, cell: Cell) -> str:
        """The short name, whatever the seed; with the learning rate that was found for it."""
        plain = cell.configuration
        if name := self._names.get(plain):
            return name
        name = self._names.get(replace(plain, learning_rate=None), plain.id)
        unknown, rate = (f"{BETWEEN}{part_of('learning_rate', rate)}" for rate in (None, plain.learning_rate))
        return name.replace(unknown, rate)

    def _in_short(self, result: Result) -> str:
        """What the line says of the last result while the next is measured."""
        values = _values(result)
        cost = f" {quantity(values['relative_cost'], TIMES)}" if "relative_cost" in values else ""
        accuracy = f" {quantity(values['accuracy'], PERCENT)}" if "accuracy" in values else ""
        return f"{self._short(result.cell)}{cost}{accuracy}"

    def _outcome(self, result: Result) -> Line:
        """A result in one line."""
        values = _values(result)
        words = [f"on {result.system['node']}"] if "node" in result.system else []
        if result.reason:
            words.append(result.reason)
        if "step" in values:
            words.append(f"step {quantity(values['step'], 's')}")
        if "relative_cost" in values:
            words.append(f"{quantity(values['relative_cost'], TIMES)} the reference")
        if "accuracy" in values:
            words.append(f"{judging([result.cell.split])} accuracy {quantity(values['accuracy'], PERCENT)}")
        warned = list(dict.fromkeys(warning.kind for warning in result.warnings))  # the whole stands in the results
        state = STATES.get(result.status, result.status)
        return [
            (one_line(self._name(result.cell, result.repeat)), "bold"),
            (": ", ""),
            (state, "" if result.status == "ok" else "red"),
            (one_line("".join(f", {word}" for word in words)), ""),
            ("".join(f", {kind}" for kind in warned), "yellow"),
        ]


def _values(result: Result) -> dict[str, float]:
    return {measurement.metric: measurement.value for measurement in result.measurements}
