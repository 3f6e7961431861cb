"""Payoffs: when compiling pays, by the cell of the same run that compiles nothing."""

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from bench.metrics import METRICS
from bench.plan.compiled import ARGUMENTS, COMPILED
from bench.stats.interval import Interval
from bench.stats.payoff import Payoff, payoff
from bench.store.quotients import Row, alike, interval_of, with_rows
from bench.store.warning import DISTURBED
from bench.text import is_endless, number, quantity

STEPS, SECONDS = "pays_after_steps", "pays_after_seconds"
_APART = ("mode", "implementation")
_TAKEN = ("compile_time", "step")


def payoffs(table: pd.DataFrame) -> Iterator[tuple[Row, Payoff]]:
    """Each compiled row of steps whose eager cell the frame has too, on the same machine, and whether that pays."""
    modes, updates = table["mode"].isin(ARGUMENTS), table["implementation"].eq(COMPILED)
    if not (modes | updates).any():
        return
    apart = _APART if "seed" in table else (*_APART, "seed")  # which pooled ones have not
    rows = table[table["metric"].isin(_TAKEN)].to_dict("records")
    known = {(row["metric"], row["mode"], row["implementation"], alike(row, apart)): row for row in rows}
    for row in rows:
        if row["metric"] != "step" or not (row["mode"] in ARGUMENTS or row["implementation"] == COMPILED):
            continue
        rest = alike(row, apart)
        update = "default" if row["implementation"] == COMPILED else row["implementation"]
        plain = known.get(("step", "eager", update, rest))
        spent = known.get(("compile_time", row["mode"], row["implementation"], rest))
        if plain is not None and spent is not None:
            paid = payoff(interval_of(spent), interval_of(plain), interval_of(row))
            doubtful = any(bool(each["contended"]) for each in (row, plain, spent))
            yield {**row, "contended": doubtful}, paid


def with_payoffs(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with rows more for the steps and the seconds after which compiling pays, where it is certain to."""
    more = [
        _row(row, metric, number)
        for row, paid in payoffs(table)
        for metric, number in ((STEPS, paid.steps), (SECONDS, paid.seconds))
        if number is not None
    ]
    return with_rows(table, more)


def in_words(paid: Payoff, *, contended: bool = False) -> str:
    """Whether it pays, and when, with intervals where there are some; and that other work had a part in all of them."""
    return f"{_verdict(paid)}{f'; {DISTURBED}' * contended}"


def _verdict(paid: Payoff) -> str:
    times = f"a step takes {number(paid.ratio.value)} times as long as eager"
    if paid.ratio.low is None or paid.ratio.high is None:
        return f"not known whether it pays, for want of an interval; {times}"
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


def _row(row: Row, metric: str, number: Interval) -> dict[Hashable, Any]:
    kind = METRICS[metric]
    own: dict[Hashable, Any] = {"metric": metric, "unit": kind.unit, "direction": kind.direction}
    ends: dict[Hashable, Any] = {"value": number.value, "low": number.low, "high": number.high, "n": number.n}
    return {**row, **own, **ends, "median": None, "samples": 0, "left_out": 0}
