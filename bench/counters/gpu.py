"""GPU: its clock, power, temperature and users around a block of steps, and what held its clock down meanwhile."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# Bits of nvmlDeviceGetCurrentClocksEventReasons that slow a GPU down under load; being idle (bit 0) and a clock that
# somebody set (bits 1 and 8) do not.
THROTTLES = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x10: "sync boost",
    0x20: "software thermal",
    0x40: "hardware thermal",
    0x80: "power brake",
}
HELD = 0.05  # share of a block for which its clock is held down, from which on the block is throttled: chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a driver tells of a GPU at one moment; None, or nothing, for what it does not tell.

    Attributes:
        clock: of its multiprocessors, in Hz.
        watts: that the board draws.
        celsius: its temperature.
        reasons: what holds the clock down now.
        held: seconds for which each reason has held it down so far.
        users: how many processes compute on it.

    """

    clock: float | None = None
    watts: float | None = None
    celsius: float | None = None
    reasons: tuple[str, ...] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    users: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a driver told around a block.

    Attributes:
        clock: the mean of before and after, in Hz; None where it is not told.
        watts: after it.
        celsius: after it.
        throttled: what held the clock down for more than HELD of it; where no driver counts that, right after it.
        others: processes that compute on the GPU and are not ours.

    """

    clock: float | None = None
    watts: float | None = None
    celsius: float | None = None
    throttled: tuple[str, ...] = ()
    others: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As stored: what is told, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def around(before: Moment, after: Moment, seconds: float, own: int) -> Around:
    """What two moments say of the block between them.

    Args:
        before: right before it.
        after: right after it.
        seconds: that it took.
        own: how many of the processes on the GPU are ours.

    """
    clocks = [moment.clock for moment in (before, after) if moment.clock is not None]
    counted = {name: held - before.held[name] for name, held in after.held.items() if name in before.held}
    throttled = tuple(name for name, held in counted.items() if held > HELD * seconds) if counted else after.reasons
    return Around(
        clock=sum(clocks) / len(clocks) if clocks else None,
        watts=after.watts,
        celsius=after.celsius,
        throttled=throttled,
        others=max(0, (after.users or 0) - own),
    )
