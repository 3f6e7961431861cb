"""Movers: what is better or worse in one run, or on one machine, than in the one before it, beyond what chance makes.

Each column of the comparison is held against the first of its own class of machines, or else against the first of all.
Times and ratios compare as ratios, accuracies as differences, by Welch's test; a number has moved where p, counted
among all numbers of its table (Holm), is below 5 %. So in 95 % of tables in which nothing moved, nothing is said to
have.
Between runs of one class the relative cost decides, since plain times of different hours move.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from statistics import fmean

from bench.metrics import METRICS, named
from bench.report.across import Across, Figure, Machine, Net
from bench.stats.interval import Interval
from bench.stats.multiple_testing import holm
from bench.stats.shift import LEVEL, shift
from bench.vocabulary import MOVEMENTS, Movement

IMPORTED = named(lambda row: row.is_wall)
WITHIN_A_CLASS = ("relative_cost", "step", "inference", "peak_memory", "accuracy", "parameters", "flops", *IMPORTED)
ACROSS_CLASSES = ("step", "inference", *IMPORTED)  # nothing else of one class of machines compares with another's


@dataclass(frozen=True, slots=True)
class Move:
    """A metric of a net, after against before.

    Attributes:
        net: the net.
        metric: its name in `bench.metrics`.
        before: the figure that it is held against.
        after: the figure that is held against it.
        by: the ratio of the two, or their difference (`is_ratio`), with its own 95 % interval.
        p: how often chance alone makes one of the table as far; None where nothing tells.
        word: what came of it.

    """

    net: Net
    metric: str
    before: Figure
    after: Figure
    by: Interval
    p: float | None
    word: Movement

    @property
    def is_ratio(self) -> bool:
        """Whether `by` is a ratio, 1 for no change, and not a difference, 0 for none."""
        return METRICS[self.metric].kind != "share"

    @property
    def size(self) -> float:
        """How far it moved, either way: on the log scale of a ratio."""
        if not self.is_ratio:
            return abs(self.by.value)
        return abs(log(self.by.value)) if self.by.value > 0 else inf


@dataclass(frozen=True, slots=True)
class Against:
    """One column held against another.

    Attributes:
        before: the column that it is held against.
        after: the column.
        tables: the moves by metric, each with the largest losses first, then gains, then what did not move.
        new: nets that only `after` measured.
        gone: nets that only `before` measured.
        redefined: what of the protocol differs, by which no relative cost compares.
        reference: the mean ratio of the reference's seconds, whose code is the same in both; None where nothing tells.

    """

    before: Machine
    after: Machine
    tables: Mapping[str, tuple[Move, ...]]
    new: tuple[Net, ...]
    gone: tuple[Net, ...]
    redefined: tuple[str, ...]
    reference: float | None

    @property
    def movers(self) -> list[Move]:
        """All that moved, the metric that decides first."""
        return [move for moves in self.tables.values() for move in moves if move.word in ("loss", "gain")]


def compare(compared: Across) -> list[Against]:
    """Each column but the first, held against one before it."""
    return [_against(_base(machine, compared.machines), machine, compared.nets) for machine in compared.machines[1:]]


def counted(moves: Sequence[Move]) -> dict[Movement, int]:
    """How many of each word."""
    return {word: sum(move.word == word for move in moves) for word in MOVEMENTS}


def common(moves: Iterable[Move]) -> float | None:
    """The geometric mean of the ratios of a table; None without any."""
    logs = [log(move.by.value) for move in moves if move.is_ratio and move.by.value > 0]
    return exp(fmean(logs)) if logs else None


def _base(machine: Machine, machines: Sequence[Machine]) -> Machine:
    """The first column of the same class, device and threads, else the first of all."""
    place = (machine.digest, machine.device, machine.threads)
    same = [each for each in machines if (each.digest, each.device, each.threads) == place and each is not machine]
    earlier = [each for each in same if machines.index(each) < machines.index(machine)]
    return earlier[0] if earlier else machines[0]


def _against(before: Machine, after: Machine, nets: Sequence[Net]) -> Against:
    both = [net for net in nets if {before.key, after.key} <= net.by_machine.keys()]
    one_class = (before.digest, before.device, before.threads) == (after.digest, after.device, after.threads)
    redefined = tuple(_redefined(before, after)) if one_class else ()
    names = WITHIN_A_CLASS[1:] if redefined else WITHIN_A_CLASS if one_class else ACROSS_CLASSES
    tables = {name: moves for name in names if (moves := _worth_telling(_moves(name, before, after, both)))}
    timed = _moves("relative_reference", before, after, both) if one_class and not redefined else ()
    return Against(
        before,
        after,
        tables,
        new=tuple(net for net in nets if after.key in net.by_machine and before.key not in net.by_machine),
        gone=tuple(net for net in nets if before.key in net.by_machine and after.key not in net.by_machine),
        redefined=redefined,
        reference=common(timed),
    )


def _redefined(before: Machine, after: Machine) -> Iterator[str]:
    """What of the protocol both recorded otherwise."""
    for name, value in before.protocol.items():
        if after.protocol.get(name, value) != value:
            yield f"{name} {value} -> {after.protocol[name]}"


def _moves(metric: str, before: Machine, after: Machine, nets: Iterable[Net]) -> tuple[Move, ...]:
    """The table of one metric: what moved first, the farthest before the others."""
    pairs = [(net, _figure(net, before, metric), _figure(net, after, metric)) for net in nets]
    undecided = [
        _move(net, metric, old, new, epochs=before.epochs == after.epochs) for net, old, new in pairs if old and new
    ]
    known = [move.p for move in undecided if move.p is not None]
    adjusted = iter(holm(known) if known else [])
    moves = [_decided(move, None if move.p is None else next(adjusted)) for move in undecided]
    return tuple(sorted(moves, key=lambda move: (MOVEMENTS.index(move.word), -move.size, move.net.label)))


def _worth_telling(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """The moves, of exact numbers those that are not the same."""
    return tuple(move for move in moves if METRICS[move.metric].kind != "exact" or move.size)


def _figure(net: Net, machine: Machine, metric: str) -> Figure | None:
    return net.figure(machine.key, metric) or net.learnt_there.get(machine.key, {}).get(metric)


def _move(net: Net, metric: str, before: Figure, after: Figure, *, epochs: bool) -> Move:
    """The move with p of its own, which is not known where other work, another training or other threads decide."""
    ratio = METRICS[metric].kind != "share"
    if METRICS[metric].kind == "exact" and before.interval.value and after.interval.value:
        by = after.interval.value / before.interval.value
        return Move(net, metric, before, after, Interval(by, by, by, after.interval.n), float(by == 1), "not told")
    if ratio and min(before.interval.value, after.interval.value) <= 0:
        return Move(net, metric, before, after, Interval(1.0, None, None, 0), None, "not told")
    moved = shift(after.interval, before.interval, log_scale=ratio)
    certain = before.certain and after.certain and before.threads == after.threads
    certain &= epochs or not METRICS[metric].once_a_seed
    return Move(net, metric, before, after, moved.interval, moved.p if certain else None, "not told")


def _decided(move: Move, p: float | None) -> Move:
    """The move as it counts among all of its table."""
    word: Movement = "not told"
    if p is not None:
        rose = move.by.value > (1.0 if move.is_ratio else 0.0)
        better = rose == (METRICS[move.metric].direction == "higher")
        word = "within noise" if p > LEVEL else "gain" if better else "loss"
    return Move(move.net, move.metric, move.before, move.after, move.by, p, word)
