"""Payoffs in words: a line for each compiled configuration that says whether compiling pays, and when."""

import pandas as pd

from bench.stats.payoff import Payoff
from bench.store.payoffs import payoffs
from bench.text import is_endless, number, quantity


def compiling(table: pd.DataFrame) -> list[str]:
    """Such as "compiling mlp-...: pays after 5,120 steps (4,800 to 5,500), 12.3 s (11.5 to 13.2)"."""
    rows = list(payoffs(table))
    several = len({row["machine"] for row, _ in rows}) > 1
    return [f"compiling {row['id']}{_where(row['machine'], several)}: {sentence(paid)}" for row, paid in rows]


def sentence(paid: Payoff) -> str:
    """Whether it pays, and when, with intervals where there are some."""
    times = f"a step takes {number(paid.ratio.value)} times as long as eager"
    if paid.ratio.low is None or paid.ratio.high is None:
        return f"not known whether it pays, as one process gives no interval; {times}"
    times += f" ({number(paid.ratio.low)} to {number(paid.ratio.high)})"
    if paid.pays == "no":
        return f"does not pay; {times}"
    if paid.steps is None or paid.seconds is None:
        return f"not known whether it pays; {times}"
    steps, seconds = paid.steps, paid.seconds
    after = f"{number(steps.value)} steps{_ends(steps.low, steps.high)}"
    return f"pays after {after}, {quantity(seconds.value, 's')}{_ends(seconds.low, seconds.high, 's')}; {times}"


def _ends(low: float | None, high: float | None, unit: str = "") -> str:
    if low is None or high is None or is_endless(low, high):
        return ""
    if not unit:
        return f" ({number(low)} to {number(high)})"
    return f" ({quantity(low, unit)} to {quantity(high, unit)})"


def _where(machine: object, several: bool) -> str:
    return f" on {machine[:6]}" if several and isinstance(machine, str) else ""
