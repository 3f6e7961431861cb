"""Symbols: what stands after the number of a metric, as `bench.text` takes it."""

from bench.text import PERCENT, TIMES

_SHARES = {"accuracy", "train_accuracy", "reached", "phase_gap"}


def symbol_of(metric: str, unit: str) -> str:
    """The symbol of a metric that is stored in that unit; "" for a count."""
    if metric in _SHARES:
        return PERCENT
    if metric.startswith("flops"):
        return "FLOP"
    if unit == "1":
        return TIMES if metric.startswith("relative") else ""
    return "images/s" if unit == "1/s" else unit
