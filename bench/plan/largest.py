"""Largest: the search for the largest batch that fits a memory limit, by doubling and bisection, and what it found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from bench.plan.cell import Cell
from bench.plan.loader import RESIDENT
from bench.plan.short_names import BETWEEN
from bench.text import quantity
from bench.vocabulary import NO_ENGINE, STATUSES, Status, word

START = 64  # images of the first try, or the next multiple of the parts of a batch
RESOLUTION = 32  # the search ends where what fits and what does not are this share of a batch apart


@dataclass(frozen=True, slots=True)
class Try:
    """What came of training steps on batches of one size, within the limit.

    Attributes:
        batch_size: images of a batch.
        status: "ok" where they fit.
        reason: why they did not; None where they did.
        peak_memory: bytes that they took, as the metric of that name; None where that is not known.

    """

    batch_size: int
    status: Status
    reason: str | None = None
    peak_memory: float | None = None

    @property
    def fits(self) -> bool:
        """Whether they do."""
        return self.status == "ok"


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest batch of some cells.

    Attributes:
        cell: what they have in common, see `group_of`, with the batch size that was found.
        limit: bytes that the steps may take.
        most: images of the largest batch that there could be: the training images.
        tries: in the order in which they were made.

    """

    cell: Cell
    limit: float
    most: int
    tries: tuple[Try, ...] = field(default=())

    @property
    def batch_size(self) -> int:
        """That of the largest batch that fits; 0 where none does."""
        return max((each.batch_size for each in self.tries if each.fits), default=0)

    @property
    def beyond(self) -> Try | None:
        """The smallest try above it, which did not fit; None where all training images do."""
        above = [each for each in self.tries if not each.fits and each.batch_size > self.batch_size]
        return min(above, key=lambda each: each.batch_size, default=None)

    def to_dict(self) -> dict[str, Any]:
        """As stored, with the id of the cell and the batch size."""
        tries = [asdict(each) for each in self.tries]
        return {
            "id": self.cell.id,
            "cell": self.cell.to_dict(),
            "batch_size": self.batch_size,
            "limit": self.limit,
            "most": self.most,
            "tries": tries,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Largest":
        """What was stored.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.

        """
        names = [each.name for each in fields(Try)]
        tries = [Try(**{name: entry[name] for name in names}) for entry in stored["tries"]]
        for each in tries:
            word(each.status, STATUSES)
        return cls(Cell.from_dict(stored["cell"]), float(stored["limit"]), int(stored["most"]), tuple(tries))


def group_of(cell: Cell) -> Cell:
    """What has the largest batch in common with the cell: it hangs neither on the seed nor on how it is trained.

    Nor on the engine by which the net answers, since its batch is the one that it is trained with, nor on its loader.
    An average of the weights takes memory, and so do images that are augmented: they are no part of that.
    """
    plain = replace(cell, schedule="constant", test_augmentation="none", clip_norm=0.0, initialization="default")
    usual = replace(plain, seed=0, engine=NO_ENGINE, loader=RESIDENT)
    return replace(usual, batch_size=cell.accumulate)


def largest_of(stored: Iterable[Mapping[str, Any]]) -> list[Largest]:
    """The entries of run.json that can be read."""
    read = []
    for entry in stored:
        try:
            read.append(Largest.from_dict(entry))
        except (KeyError, TypeError, ValueError):
            continue
    return read


def marked(names: Sequence[str], cells: Sequence[Cell], searches: Sequence[Largest]) -> list[str]:
    """The names of the cells, with a word to those whose batch is the largest that a search found."""
    batches = {each.cell for each in searches if each.batch_size}
    largest = [replace(group_of(cell), batch_size=cell.batch_size) in batches for cell in cells]
    return [BETWEEN.join([name, *(["largest batch"] * is_it)]) for name, is_it in zip(names, largest, strict=True)]


def search(step: int, most: int, attempt: Callable[[int], Try]) -> tuple[Try, ...]:
    """Try batches, by doubling or halving and then by bisection, until the largest that fits is known closely enough.

    Args:
        step: batch sizes are multiples of it.
        most: no batch is larger.
        attempt: tries a batch size. What is larger than one that does not fit is taken not to fit either.

    Returns:
        The tries, in their order. Between the largest that fits and the next that does not lies no more than
        1 / RESOLUTION of it, or a step.

    """
    tries: list[Try] = []
    low, high = 0, most // step + 1  # in steps; nothing fits above `high`
    size = min(max(1, START // step), high - 1)
    while high - low > 1 and (high - low > low // RESOLUTION or all(each.fits for each in tries)):
        tries.append(attempt(size * step))
        low, high = (size, high) if tries[-1].fits else (low, size)
        size = _next(low, high, tries, most // step)
    return tuple(tries)


def _next(low: int, high: int, tries: list[Try], most: int) -> int:
    """The steps of the next try: doubled as long as all fit, halved as long as none does, then between the two."""
    if all(each.fits for each in tries):
        return min(2 * low, most)
    return (low + high) // 2


def sentence(largest: Largest) -> str:
    """What came of a search, in words."""
    limit, beyond = quantity(largest.limit, "B"), largest.beyond
    tries = "1 try" if len(largest.tries) == 1 else f"{len(largest.tries)} tries"
    if not largest.batch_size:
        return f"{largest.cell.id}: no batch fits {limit}, {_why_not(largest)} ({tries})"
    peak = next((each.peak_memory for each in largest.tries if each.batch_size == largest.batch_size), None)
    takes = f" and takes {quantity(peak, 'B')}" if peak is not None else ""
    next_one = f"{beyond.batch_size:,} do not ({beyond.reason})" if beyond else "there are no more training images"
    return f"{largest.cell.id}: a batch of {largest.batch_size:,} fits {limit}{takes}, {next_one}; {tries}"


def _why_not(largest: Largest) -> str:
    """Why not even the smallest batch fits."""
    beyond = largest.beyond
    if beyond is None:
        return f"of {largest.most:,} training images"
    return f"{beyond.batch_size:,} do not: {beyond.reason}"
