"""Payoffs in words: a line for each compiled configuration that says whether compiling pays, and when."""

import pandas as pd

from bench.store.payoffs import in_words, payoffs


def compiling(table: pd.DataFrame) -> list[str]:
    """Such as "compiling mlp-...: pays after 5,120 steps (4,800 to 5,500), 12.3 s (11.5 to 13.2)"."""
    rows = list(payoffs(table))
    several = len({row["machine"] for row, _ in rows}) > 1
    return [
        f"compiling {row['id']}{where(row['machine'], several)}: {in_words(paid, contended=bool(row['contended']))}"
        for row, paid in rows
    ]


def where(machine: object, several: bool) -> str:
    """After an id, the machine that its numbers are of, where there are several."""
    return f" on {machine[:6]}" if several and isinstance(machine, str) else ""
