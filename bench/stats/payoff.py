"""Payoff: after how many steps what is faster has made up for what it took to get there."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, log

from bench.stats.interval import Interval
from bench.stats.ratio import ratio
from bench.stats.shift import shift
from bench.vocabulary import Pays


@dataclass(frozen=True, slots=True)
class Payoff:
    """Whether a faster step makes up for what was spent on it once, and when.

    Attributes:
        pays: "yes" or "no" where the saving is certain either way, else "not known".
        ratio: a faster step over a plain one.
        steps: until both have taken as long; None unless it pays.
        seconds: that these take, what was spent included; likewise.

    """

    pays: Pays
    ratio: Interval
    steps: Interval | None = None
    seconds: Interval | None = None


def payoff(spent: Interval, plain: Interval, faster: Interval) -> Payoff:
    """When `spent` seconds have paid, by the steps' seconds before and after; all are geometric means over processes.

    With a saving of p - f seconds a step that is spent / (p - f) steps, or spent / (1 - f / p) seconds. The saving has
    Welch's interval, as the ratio f / p has; that of a quotient is put together end by end on the log scale: Zou &
    Donner, "Construction of confidence limits about effect measures" (Statistics in Medicine 27, 2008). Nothing is
    told where the saving's interval holds 0, or where there is none.
    """
    share = ratio(faster, plain)
    saving = shift(plain, faster, log_scale=False).interval
    low, high = saving.low, saving.high
    if low is None or high is None or share.low is None or share.high is None:
        return Payoff("not known", share)
    if high < 0:
        return Payoff("no", share)
    if low <= 0 or share.high >= 1:
        return Payoff("not known", share)
    steps = _quotient(spent, saving)
    seconds = _quotient(spent, Interval(1 - share.value, 1 - share.high, 1 - share.low, share.n))
    return Payoff("yes", share, steps, seconds)


def _quotient(above: Interval, below: Interval) -> Interval:
    """Of positive numbers; `below` has an interval."""
    value, n = above.value / below.value, min(above.n, below.n)
    if above.low is None or above.high is None or above.low <= 0:
        return Interval(value, None, None, n)
    low, high = _known((below.low, below.high))
    shorter = hypot(log(above.value / above.low), log(high / below.value))
    longer = hypot(log(above.high / above.value), log(below.value / low))
    return Interval(value, value * exp(-shorter), value * exp(longer), n)


def _known(ends: Sequence[float | None]) -> list[float]:
    return [end for end in ends if end is not None]
