"""Flame: the pieces of a step as a tree of frames, or those of two steps as one tree with the times of both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.trace.frames import Path
from bench.trace.pieces import Piece


@dataclass(slots=True)
class Frame:
    """A frame of the stack; times in seconds of a mean step, of the first trace (`before`) and of the second.

    Attributes:
        category: what its own time is for; "" where it has none.
        before: with all frames within it; 0 where there is one trace alone.
        after: likewise.
        own_before: without them.
        own_after: likewise.
        within: the frames within it by name.

    """

    name: str
    category: str = ""
    before: float = 0.0
    after: float = 0.0
    own_before: float = 0.0
    own_after: float = 0.0
    within: "dict[str, Frame]" = field(default_factory=dict)

    @property
    def difference(self) -> float:
        """Seconds by which it grew."""
        return self.after - self.before

    @property
    def own_difference(self) -> float:
        """Seconds by which its own time grew; those of all frames add up to the difference of the steps."""
        return self.own_after - self.own_before


def grown(pieces: Sequence[Piece], before: Sequence[Piece] = (), name: str = "step") -> Frame:
    """The tree of a step, or of two."""
    root = Frame(name)
    for piece in before:
        _add(root, piece, piece.seconds, 0.0)
    for piece in pieces:  # the largest first, so that a frame has the category of most of its own time
        _add(root, piece, 0.0, piece.seconds)
    return root


def _add(root: Frame, piece: Piece, before: float, after: float) -> None:
    frame = root
    frame.before, frame.after = frame.before + before, frame.after + after
    for name in piece.key.path:
        frame = frame.within.setdefault(name, Frame(name))
        frame.before, frame.after = frame.before + before, frame.after + after
    frame.category = frame.category or piece.key.category
    frame.own_before, frame.own_after = frame.own_before + before, frame.own_after + after


def frames(root: Frame, above: Path = ()) -> Iterator[tuple[Path, Frame]]:
    """Every frame with its stack, the outermost first."""
    yield above, root
    for frame in root.within.values():
        yield from frames(frame, (*above, frame.name))


def changed(roots: Iterable[Frame]) -> list[tuple[Path, Frame]]:
    """The frames whose own time differs, the largest difference first."""
    every = [(path, frame) for root in roots for path, frame in frames(root) if frame.own_difference]
    return sorted(every, key=lambda entry: (-abs(entry[1].own_difference), entry[0]))
