import pytest

from bench.report.units import joined, number, percent, plural, quantity, tick

SPACE = "\u00a0"


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
    ],
)
def test_digits_follow_the_interval(value, half, text):
    assert number(value, half) == text


def test_counts_keep_their_digits():
    assert number(669_706.0, exact=True) == "669,706"


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


def test_words():
    assert percent(0.0512) == f"5.1{SPACE}%"
    assert plural(1, "visit") == "1 visit"
    assert plural(2, "visit") == "2 visits"
    assert joined(["a"]) == "a"
    assert joined("abc") == "a, b and c"
    assert joined("abcdefgh", most=3) == "a, b and 6 more"
    assert joined([]) == ""
