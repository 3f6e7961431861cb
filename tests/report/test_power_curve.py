from xml.etree import ElementTree as ET

from bench.report.power_curve import power_curve

CURVES = [
    {"tolerance": 0.03, "slowdowns": (0.0, 0.05, 0.1), "found": (0.0, 0.9, 1.0)},
    {"tolerance": 0.05, "slowdowns": (0.0, 0.05, 0.1), "found": (0.0, 0.8, 1.0)},
]
REAL = [{"slowdown": 0.1, "share": 1.0, "low": 0.69, "high": 1.0, "count": 10}]


def test_the_picture_is_an_svg_that_names_what_it_shows():
    text = power_curve(CURVES, REAL, "What the gate finds here")
    words = " ".join(ET.fromstring(text).itertext())
    for part in ("true slowdown, %", "comparisons that fail, %", "tolerance 3 %", "tolerance 5 %", "95 % interval"):
        assert part in words
    assert "What the gate finds here" in words


def test_the_same_calibration_gives_the_same_picture():
    assert power_curve(CURVES, REAL, "x") == power_curve(CURVES, REAL, "x")


def test_a_dollar_in_a_machine_s_name_is_a_dollar():
    assert "$5 box$" in power_curve(CURVES, [], "a $5 box$")
