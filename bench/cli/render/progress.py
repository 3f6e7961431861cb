"""Progress: one line that is written over on a terminal, a plain line for each result elsewhere."""

import shutil
from typing import TextIO

from bench.cli.output import CLEAR
from bench.cli.render.plan import announcement
from bench.errors import one_line
from bench.session.observer import Observer, Work
from bench.session.scheduler import Progress
from bench.store.result import Result
from bench.text import PERCENT, TIMES, duration, quantity, whole


class ProgressLine(Observer):
    """Says on a stream what a session does, and how far it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()

    def warned(self, text: str) -> None:
        """In one line, as errors are."""
        print(f"bench: {one_line(text)}", file=self._stream)

    def began(self, work: Work) -> None:
        """What is measured, and about how long that takes."""
        print(announcement(work), file=self._stream)

    def advanced(self, progress: Progress, result: Result | None) -> None:
        """Show where the run stands; with a result, what came of its task."""
        if self._live:
            self._overwrite("")
        if result is not None:
            print(f"[{whole(progress.share):>5}] {one_line(_outcome(result))}", file=self._stream, flush=True)
        elif self._live:
            left = f", {duration(progress.left)} left" if progress.left is not None else ""
            where = f"pass {progress.repeat + 1}, {progress.cell.id}: {progress.stage}"
            self._overwrite(f"[{whole(progress.share):>5}{left}] {where}")  # a narrow terminal cuts the end off

    def ended(self) -> None:
        """Leave the terminal with an empty line to write on."""
        if self._live:
            self._overwrite("")

    def turned_to(self, revision: str, number: int, count: int) -> None:
        """Which revision is next."""
        print(f"revision {revision[:10]}, {number} of {count}", file=self._stream)

    def relayed(self, line: str) -> None:
        """What another program says, set in."""
        print(f"  {line}", file=self._stream)

    def _overwrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(CLEAR + text[:width])
        self._stream.flush()


def _outcome(result: Result) -> str:
    """A result in one line."""
    values = {measurement.metric: measurement.value for measurement in result.measurements}
    words = [f"{result.cell.id} pass {result.repeat + 1}: {result.status}"]
    if "node" in result.system:
        words.append(f"on {result.system['node']}")
    if result.reason:
        words.append(result.reason)
    if "step" in values:
        words.append(f"step {quantity(values['step'], 's')}")
    if "relative_cost" in values:
        words.append(f"{quantity(values['relative_cost'], TIMES)} the reference")
    if "accuracy" in values:
        words.append(f"test accuracy {quantity(values['accuracy'], PERCENT)}")
    words += dict.fromkeys(warning.kind for warning in result.warnings)  # the whole stands in the results
    return ", ".join(words)
