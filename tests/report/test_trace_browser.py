"""The page of traces in Chromium: no message, no request; keys, clicks, contrast in both schemes, narrow and wide."""

import pytest

from bench.explain.traces import explain_traces
from bench.report.trace import page_of_traces
from tests.report.test_browser import CONTRAST, browser, opened_page  # noqa: F401 - a fixture
from tests.report.test_trace import two  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser


@pytest.fixture
def paths(tmp_path, two):  # noqa: F811
    """The page of one trace, and that of two."""
    first, second = two
    pages = {"one": explain_traces(first), "two": explain_traces(second, first)}
    for name, explanation in pages.items():
        (tmp_path / f"{name}.html").write_text(page_of_traces(explanation), "utf-8")
    return [tmp_path / f"{name}.html" for name in pages]


def test_a_click_widens_a_frame_and_escape_goes_back(browser, paths):  # noqa: F811
    for tab in opened_page(browser, paths[0]):
        frame = tab.locator("#flame-device .frame", has_text="backward").first
        before = frame.bounding_box()["width"]
        frame.click()
        assert frame.bounding_box()["width"] > 1.5 * before
        assert "backward" in tab.locator("#flame-device-spot").inner_text()
        for _ in range(5):  # one frame up at a time
            tab.keyboard.press("Escape")
        assert frame.bounding_box()["width"] == pytest.approx(before, abs=1)


def test_keys_move_through_the_stack(browser, paths):  # noqa: F811
    for tab in opened_page(browser, paths[1]):
        root = tab.locator("#flame-host .frame").first
        root.focus()
        tab.keyboard.press("ArrowDown")
        focused = tab.evaluate("document.activeElement.getAttribute('aria-level')")
        assert focused == "2"
        tab.keyboard.press("ArrowUp")
        assert tab.evaluate("document.activeElement.getAttribute('aria-level')") == "1"
        assert tab.locator("#flame-host [tabindex='0']").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_all_text_has_contrast_and_nothing_sticks_out(browser, paths, scheme, width):  # noqa: F811
    for path in paths:
        for tab in opened_page(browser, path, color_scheme=scheme, viewport={"width": width, "height": 900}):
            assert [entry for entry in tab.evaluate(CONTRAST) if entry[1] < entry[2]] == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
