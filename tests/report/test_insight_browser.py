"""The section Insight in Chromium: it fits phones and desks, in light and dark, with and without a script."""

from dataclasses import replace

import pytest

from bench.report import write
from tests.report import report_sample as sample
from tests.report.insight_sample import insight, looked_into
from tests.report.test_browser import CONTRAST, browser, opened_page  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = 9


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A page of three nets with two seeds, of which one has neither convolutions nor feature maps."""
    root = tmp_path_factory.mktemp("insight")
    seen = {"lenet5": insight(0.43), "resnet8": insight(0.71), "mlp": replace(insight(0.2), features=None, edges=None)}
    results = sample.results(tuple(seen), seeds=2, repeats=1)
    every = [looked_into(each, seen[each.cell.architecture]) for each in results]
    return write(sample.recorded(root / "results", every), root / "reports")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_it_fits_and_can_be_read(browser, path, width, scheme):  # noqa: F811
    for tab in opened_page(browser, path, "#insight", viewport={"width": width, "height": 900}, color_scheme=scheme):
        section = tab.locator("#insight")
        assert section.locator("figure svg[role=img]").count() == PICTURES
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        outside = """(svg) => { const room = svg.getBoundingClientRect(); return [...svg.querySelectorAll("text")]
          .filter((text) => { const box = text.getBoundingClientRect();
            return box.left < room.left - 2 || box.right > room.right + 2; }).map((text) => text.textContent); }"""
        assert [section.locator("svg").nth(at).evaluate(outside) for at in range(PICTURES)] == [[]] * PICTURES
        contrasts = tab.evaluate(CONTRAST)
        assert [contrast for contrast in contrasts if contrast[1] < contrast[2]] == []


def test_marks_tell_what_they_are_and_keys_reach_the_numbers(browser, path):  # noqa: F811
    for tab in opened_page(browser, path):
        tab.locator("#insight-fooled svg .mark image").nth(1).hover()
        tip = tab.get_by_role("tooltip").inner_text().replace("\u00a0", " ")
        assert "test image 7 within eps 0.05: taken for 1 70 %" in tip
        summary = tab.locator("#insight-robustness summary")
        summary.focus()
        tab.keyboard.press("Enter")
        assert "robust accuracy, eps 0.1" in tab.locator("#insight-robustness .numbers").inner_text()


def test_it_is_all_there_without_a_script(browser, path):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(path.as_uri())
    assert tab.locator("#insight figure").count() == PICTURES
    assert "keeps" in tab.locator("#insight-robustness figcaption").inner_text()
    context.close()
