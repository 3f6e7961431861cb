"""The sections Memory, Answers and Optimizers in Chromium: they fit phones and desks, in light and dark."""

import pytest

from bench.report import write
from tests.report import report_sample as sample
from tests.report.test_answers import recorded as answered
from tests.report.test_browser import CONTRAST, browser, opened_page  # noqa: F401 - a fixture
from tests.report.test_memory import AGAIN, EAGER, held, result
from tests.report.test_race import results_of_a_race

pytestmark = pytest.mark.browser
PLAN = {"targets": ["mlp=90%", "lenet1=95%"], "seeds": [0, 1, 2], "epochs": 1}
PICTURES = {"memory": 4, "answers": 4, "race": 1}
OUTSIDE = """(svg) => { const room = svg.getBoundingClientRect(); return [...svg.querySelectorAll("text")]
  .filter((text) => { const box = text.getBoundingClientRect();
    return box.left < room.left - 2 || box.right > room.right + 2; }).map((text) => text.textContent); }"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A page of one run that has all of it."""
    root = tmp_path_factory.mktemp("sections")
    steps = [(EAGER, 1.0, 480), (AGAIN, 1.3, 80)]
    traded = [result(cell, step + at / 50, 700.0 + at, at, held(kept)) for cell, step, kept in steps for at in (0, 1)]
    served = [each for each in answered(root / "answered").results() if each.cell.architecture == "lenet5"]
    every = [*traded, *served, *results_of_a_race()]
    return write(sample.recorded(root / "results", every, plan=PLAN), root / "reports")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), pytest.param(1440, "light", marks=pytest.mark.slow)])
def test_they_fit_and_can_be_read(browser, path, width, scheme):  # noqa: F811
    for tab in opened_page(browser, path, viewport={"width": width, "height": 900}, color_scheme=scheme):
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for section, count in PICTURES.items():
            drawn = tab.locator(f"#{section} figure svg[role=img]")
            assert drawn.count() == count, section
            assert [drawn.nth(at).evaluate(OUTSIDE) for at in range(count)] == [[]] * count, section
        assert [contrast for contrast in tab.evaluate(CONTRAST) if contrast[1] < contrast[2]] == []


def test_keys_reach_the_numbers(browser, path):  # noqa: F811
    for tab in opened_page(browser, path):
        for picture, words in (
            ("memory-peaks", "480 B activations"),
            ("answers-latency", "latency, p99"),
            ("race-profile", "n = 3 seeds"),
        ):
            summary = tab.locator(f"#{picture} summary")
            summary.focus()
            tab.keyboard.press("Enter")
            assert words in tab.locator(f"#{picture} .numbers").inner_text().replace("\u00a0", " ")
