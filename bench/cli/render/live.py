"""Live: the line of a terminal that says how far something is and is written over; elsewhere there is none."""

from typing import TextIO

from bench.cli.output import Output
from bench.cli.render.bar import bar, has_blocks
from bench.cli.render.paint import Piece, overwrite
from bench.errors import one_line
from bench.text import duration, whole

_WIDTH = 20  # letters of the bar


class LiveLine:
    """Bar, share and time left, what is being done, and what was learnt so far; a narrow terminal cuts the end off."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.is_terminal if isinstance(stream, Output) else stream.isatty()
        self._blocks = has_blocks(getattr(stream, "encoding", None) or "ascii")

    def show(self, share: float, left: float, doing: str, learnt: str = "") -> None:
        """Write over what stands there."""
        if self._live:
            done = bar(share, _WIDTH, blocks=self._blocks)
            line: list[Piece] = [
                (done, "cyan"),
                (("\u2500" if self._blocks else ".") * (_WIDTH - len(done)), "dim"),
                (f" {whole(share)}, {duration(left)} left", "bold"),
                (f"  {one_line(doing)}" if doing else "", ""),
                (f"  ({one_line(learnt)})" if learnt else "", "dim"),
            ]
            overwrite([piece for piece in line if piece[0]], self._stream)

    def clear(self) -> None:
        """Leave the line empty, to write on."""
        if self._live:
            overwrite([], self._stream)
