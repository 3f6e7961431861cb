"""Units: a metric has its symbol, and its number on the page is never torn from it."""

import pytest

from bench.report.record import Value
from bench.report.table import amount
from bench.report.units import either_way, percent, quantity, tick
from bench.text import TIMES

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("metric", "unit", "value", "text"),
    [
        ("step", "s", 0.0123, "12.3 ms"),
        ("step", "s", 4.5e-5, "45.0 µs"),
        ("step", "s", 125.0, "125 s"),
        ("peak_memory", "B", 24_000_000, "24.0 MB"),
        ("peak_memory", "B", 12, "12.0 B"),
        ("flops", "1", 2.57e8, "257 MFLOP"),
        ("parameters", "1", 61_706, "61,706"),
        ("accuracy", "1", 0.98744, "98.74 %"),
        ("throughput", "1/s", 35_800, "35,800 images/s"),
    ],
)
def test_units_are_scaled(metric, unit, value, text):
    assert quantity(metric, unit, value).replace(SPACE, " ") == text


def test_ticks_have_no_padding():
    assert tick("step", "s", 0.01).replace(SPACE, " ") == "10 ms"
    assert tick("parameters", "1", 1e6).replace(SPACE, " ") == "1 M"
    assert tick("parameters", "1", 2e4) == "20,000"


def test_a_number_and_its_unit_stay_on_one_line():
    assert percent(0.0512) == f"5.1{SPACE}%"
    assert either_way(0.0512) == f"± 5.1{SPACE}%"
    assert quantity("step", "s", 0.0123) == f"12.3{SPACE}ms"
    assert quantity("parameters", "1", 61_706) == "61,706"


@pytest.mark.parametrize(("low", "high"), [(3e-9, 1.9e9), (0.0, 5.0)])
def test_an_interval_without_an_end_is_called_so(low, high):
    """Two seeds that differ tenfold have an interval over eighteen decades, whose ends say nothing."""
    value = Value("time_to_accuracy", "s", "lower", "at target", 2, 2.4, low, high, 2, seeds=2)
    assert amount(value) == f"2.4{SPACE}s ({TIMES}/÷ more than{SPACE}10, this run, n = 2 seeds)"


def test_an_accuracy_keeps_the_ends_of_its_interval():
    value = Value("accuracy", "1", "higher", "final", None, 0.5, 0.0, 1.0, 2, seeds=2)
    assert amount(value) == f"50{SPACE}% (0.0 to 100, n = 2 seeds)"
