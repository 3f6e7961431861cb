"""Text: digits follow the interval, units take a prefix, and terminal, page and comment print the same number alike."""

import math
import subprocess
import sys

import pandas as pd
import pytest

from bench.cli.render.tables import overview
from bench.report.record import Record, Row, Value
from bench.report.table import columns, entries
from bench.report.units import with_unit
from bench.store.facts import RunFacts
from bench.text import (
    PERCENT,
    TIMES,
    change,
    count,
    duration,
    either_way,
    joined,
    number,
    percent,
    plural,
    quantity,
    signed,
    signed_range,
    tenths,
    whole,
    with_interval,
)
from bench.verdict.markdown import markdown
from bench.verdict.verdict import Decision, Verdict

METRICS = {  # by metric: its unit, and the title of its column on the terminal, which shows it without more
    "step": ("s", "step"),
    "peak_memory": ("B", "memory"),
    "parameters": ("1", "parameters"),
    "accuracy": ("1", "accuracy"),
}
VALUES = [0.0, 1e-12, 9.996e-4, 0.0123, 0.98744, 0.99999, 1.0, 9.996, 12.0, 562.0, 999.6, 61_706.0, 2.57e8, 3e12, 1e20]


def row(metric, value, unit, *, low=None, high=None, n=1):
    """One pooled number, as a run's frame has it."""
    cell = {"id": "net", "machine": None, "status": "ok", "seeds": n, "lost": "", "threads_used": None}
    return {**cell, "metric": metric, "unit": unit, "value": value, "median": value, "low": low, "high": high, "n": n}


def on_the_page(metric, value, unit, *, low=None, high=None, n=1):
    """The number's entry in the table of the page, and its column."""
    shown = Value(metric, unit, "lower", "p10", None, value, low, high, n, seeds=n)
    record = Record("run", RunFacts(), (Row("net", 0, "net", {}, "ok", None, (), {metric: shown}),), ())
    (column,) = columns(record)
    return entries(record, column)["net"], column


def in_a_comment(metric, value, unit):
    """The number in the table of a pull request's comment."""
    verdict = Verdict(cell="net", metric=metric, verdict="unchanged", unit=unit, before=value)
    text = markdown(Decision(kind="ab", before="a", after="b", verdicts=(verdict,), command="again"))
    return next(line for line in text.splitlines() if line.startswith("| net")).split(" | ")[2]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [*VALUES, *(-value for value in VALUES), math.nan, math.inf, -math.inf])
def test_terminal_page_and_comment_print_the_same_number_alike(metric, value):
    unit, title = METRICS[metric]
    (terminal,) = overview(pd.DataFrame([row(metric, value, unit)]))
    entry, column = on_the_page(metric, value, unit)
    page = with_unit(entry.text, column.scale).replace("\u00a0", " ")
    assert (terminal[title], in_a_comment(metric, value, unit)) == (page, page)


@pytest.mark.parametrize("value", VALUES[1:])
@pytest.mark.parametrize("half", [1e-5, 0.0032, 0.012, 0.3])
def test_terminal_and_page_give_the_same_digits_and_interval(value, half):
    low, high = value / (1 + half), value * (1 + half)
    (terminal,) = overview(pd.DataFrame([row("relative_cost", value, "1", low=low, high=high, n=3)]))
    entry, _ = on_the_page("relative_cost", value, "1", low=low, high=high, n=3)
    assert terminal["relative cost"] == f"{entry.text} {entry.plus}".replace("\u00a0", " ")


@pytest.mark.parametrize("half", [0.0004, 0.0032, 0.01, 0.2])
def test_terminal_and_page_give_an_accuracy_alike(half):
    (terminal,) = overview(pd.DataFrame([row("accuracy", 0.7, "1", low=0.7 - half, high=0.7 + half, n=3)]))
    entry, _ = on_the_page("accuracy", 0.7, "1", low=0.7 - half, high=0.7 + half, n=3)
    assert terminal["accuracy"] == f"{entry.text} {entry.plus} % (3 seeds)"


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (2.31415, 0.032, "2.31"),
        (2.31415, 0.012, "2.314"),
        (2.31415, None, "2.31"),
        (19.4, 3.0, "19"),
        (81_963.0, 7_000.0, "82,000"),
        (0.21, 0.002, "0.210"),
        (0.0, None, "0.00"),
        (1.0, 1e-12, "1.0000"),
        (5.0, 40.0, "5.0"),
        (9.996, None, "10.0"),
        (9.996, 0.1, "10.00"),
        (2.31415, math.inf, "2.31"),
        (2.31415, math.nan, "2.31"),
        (math.nan, 0.1, "nan"),
        (-math.inf, None, "-inf"),
    ],
)
def test_digits_follow_the_interval(value, half, text):
    assert number(value, half) == text


@pytest.mark.parametrize(
    ("value", "symbol", "text"),
    [
        (0.00421, "s", "4.21 ms"),
        (0.000264, "s", "264 µs"),
        (9.996e-4, "s", "1.00 ms"),
        (1.5, "s", "1.50 s"),
        (12.34, "s", "12.3 s"),
        (123.4, "s", "123 s"),
        (3600.0, "s", "3,600 s"),
        (1e-9, "s", "1.00 ns"),
        (-0.00421, "s", "-4.21 ms"),
        (0, "s", "0 s"),
        (math.nan, "s", "nan s"),
        (2.08e6, "B", "2.08 MB"),
        (12, "B", "12.0 B"),
        (3e12, "FLOP", "3.00 TFLOP"),
        (46_400, "", "46,400"),
        (562, "", "562"),
        (0.0, "", "0"),
        (0.98744, PERCENT, "98.74 %"),
        (0.0, PERCENT, "0.00 %"),
        (1.234, TIMES, f"1.23{TIMES}"),
        (35_800, "images/s", "35,800 images/s"),
    ],
)
def test_a_value_with_its_unit(value, symbol, text):
    assert quantity(value, symbol) == text


@pytest.mark.parametrize("exponent", range(-9, 1))
def test_three_digits_are_kept(exponent):
    value = 1.23456 * 10**exponent
    figure, _, unit = quantity(value, "s").partition(" ")
    scale = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    assert float(figure) * scale == pytest.approx(value, rel=0.005)


def test_an_interval_shares_the_unit_of_its_value():
    assert with_interval(0.97, PERCENT, 0.01) == "97.0 ± 1.0 %"
    assert with_interval(0.97, PERCENT, None) == "97.00 %"
    assert with_interval(0.0123, "s", 0.0004) == "12.3 ± 0.4 ms"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0062, "0.62 %"),
        (0.05, "5 %"),
        (0.0512, "5.1 %"),
        (0.0996, "10 %"),
        (0.123, "12 %"),
        (-1.234, "-123 %"),
        (-0.0, "0 %"),
        (3e-9, "0.0000003 %"),
    ],
)
def test_a_percentage_has_two_digits_at_least(share, text):
    assert percent(share) == text


def test_a_share_in_a_column_has_one_place():
    assert [tenths(share) for share in (0.1234, 0.0, -0.0001, None)] == ["12.3 %", "0.0 %", "0.0 %", "-"]
    assert [whole(share) for share in (0.42, 1.0, -0.001)] == ["42 %", "100 %", "0 %"]


def test_a_half_width_beyond_the_value_is_a_factor():
    assert either_way(0.0512) == "± 5.1 %"
    assert either_way(1.5) == f"{TIMES}/÷ 2.50"
    assert either_way(8.9) == f"{TIMES}/÷ 9.90"
    assert {either_way(share) for share in (9.1, 1e17, float("inf"))} == {f"{TIMES}/÷ more than 10"}


def test_a_change_comes_with_its_interval():
    assert change(1.042, 1.01, 1.075) == "+4.2 % (+1.0 to +7.5)"
    assert change(0.9) == "-10.0 %"
    assert change(47.657, 40.0, 56.8) == "+4,665.7 % (+3,900.0 to +5,580.0)"
    assert change(1.1, 3e-9, 1.9e9) == change(1.1, 0.0, 2.0) == f"+10.0 % ({TIMES}/÷ more than 10)"
    assert signed_range(-0.012, 0.007) == "-1.2 to +0.7 %"


@pytest.mark.parametrize("share", [0.0, -0.0, 0.0004, -0.0004])
def test_a_change_that_rounds_to_nothing_has_no_sign(share):
    assert signed(share) == "0.0 %"
    assert change(1 + share, 1 - 0.0004, 1 + 0.0004) == "0.0 % (0.0 to 0.0)"
    assert signed_range(share, 0.01) == "0.0 to +1.0 %"
    assert signed(0.0006) == "+0.1 %"


def test_a_count_keeps_its_digits():
    assert [count(value) for value in (None, 669_706.0, 1234.5, 0)] == ["absent", "669,706", "1,234.5", "0"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 0 min"),
        (3900, "1 h 5 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_a_duration(seconds, text):
    assert duration(seconds) == text


def test_nouns():
    assert [plural(number_of, "seed") for number_of in (0, 1, 2, 1200)] == [
        "0 seeds",
        "1 seed",
        "2 seeds",
        "1,200 seeds",
    ]
    assert [plural(1, "process"), plural(3, "process")] == ["1 process", "3 processes"]
    assert joined(["a"]) == "a"
    assert joined("abc") == "a, b and c"
    assert joined("abcdefgh", most=3) == "a, b and 6 more"
    assert joined([]) == ""


def test_a_comparison_prints_its_numbers_without_the_half_that_draws():
    script = "import sys, bench.cli.commands.ab, bench.cli.render.tables; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(("half", "text"), [(0.0196, "0.00"), (0.3, "0.0"), (2.0, "0.0"), (None, "0.00")])
def test_nothing_has_as_many_places_as_its_half_width(half, text):
    assert number(0.0, half) == text
