"""Paths in Chromium: a slider and a button walk them again, by keys too; without a script they stand whole."""

import pytest

from bench.report import write
from tests.report import report_sample as sample
from tests.report.surface_sample import stored, surface
from tests.report.test_browser import browser, opened_page  # noqa: F401 - a fixture
from tests.report.test_surface import CELLS, results

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LINE = "#surface-start svg .mark path[d]:not(defs path)"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    root = tmp_path_factory.mktemp("surface")
    run = sample.recorded(root / "results", results(), surfaces=stored(surface(CELLS)))
    return write(run, root / "reports")


def points(tab, at=0):
    """The points of a path's line, to a tenth of a pixel."""
    parts = tab.locator(LINE).nth(at).get_attribute("d").replace("M", "L").strip("L").split("L")
    return [tuple(round(float(value), 1) for value in part.split()) for part in parts]


def test_the_slider_walks_all_paths_and_keys_move_it(browser, path):  # noqa: F811
    for tab in opened_page(browser, path, "#surface"):
        whole = points(tab)
        assert len(whole) == 4
        slider = tab.locator("#surface-start input[type=range]")
        slider.focus()
        tab.keyboard.press("Home")
        assert {point for at in range(3) for point in points(tab, at)} == {whole[0]}
        tab.keyboard.press("End")
        assert points(tab) == whole


def test_play_goes_from_the_start_to_the_end_and_stops_when_asked(browser, path):  # noqa: F811
    for tab in opened_page(browser, path, "#surface"):
        button = tab.locator("#surface-start .walk button")
        button.focus()
        tab.keyboard.press("Enter")
        assert button.inner_text() == "Stop"
        tab.wait_for_function("document.querySelector('#surface-start input[type=range]').value < 1000")
        tab.keyboard.press("Enter")
        assert button.inner_text() == "Play"


def test_nothing_moves_where_motion_is_unwanted_and_all_is_there_without_a_script(browser, path):  # noqa: F811
    for tab in opened_page(browser, path, "#surface", reduced_motion="reduce"):
        assert tab.locator("#surface-start .walk button").is_hidden()
        assert tab.locator("#surface-start .walk input").is_visible()
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(path.as_uri())
    assert tab.locator("#surface .walk").count() == 0
    assert len(points(tab)) == 4
    context.close()
