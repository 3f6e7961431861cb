"""The other pages in Chromium: of several runs and machines, and of traces; both schemes, every width, on paper."""

import pytest

from bench.explain.traces import explain_traces
from bench.report.across import across
from bench.report.runs_page import write
from bench.report.trace import page_of_traces
from tests.report import test_machines as machines
from tests.report import test_movers as movers
from tests.report.test_browser import CONTRAST, browser, opened_page  # noqa: F401 - a fixture
from tests.report.test_trace import two  # noqa: F401 - a fixture
from tests.store.planted import recorded

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def others(tmp_path, two):  # noqa: F811
    """The page of movers, that of machines, and that of two traces."""
    moved = [recorded(tmp_path, name, movers.results(by=by)) for name, by in (("a", {}), ("b", movers.CHANGES))]
    hosts = [recorded(tmp_path, host, machines.results(host), plan=machines.PLAN) for host in machines.TIMES]
    traces = tmp_path / "reports" / "traces.html"
    pages = [write(runs, across(runs), traces.parent) for runs in (moved, hosts)]
    traces.write_text(page_of_traces(explain_traces(two[1], two[0])), "utf-8")
    return [*pages, traces]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_all_text_has_contrast(browser, others, scheme):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for path in others:
        for tab in opened_page(browser, path, color_scheme=scheme, bypass_csp=True):
            report = axe.run(tab).response
            violations = {each["id"]: each["nodes"][0]["html"][:200] for each in report["violations"]}
            assert (path.name, violations) == (path.name, {})
            assert len(report["passes"]) > 10
            assert [contrast for contrast in tab.evaluate(CONTRAST) if contrast[1] < contrast[2]] == []


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_nothing_sticks_out(browser, others, width):  # noqa: F811
    for path in others:
        for tab in opened_page(browser, path, viewport={"width": width, "height": 900}):
            assert (path.name, tab.evaluate("document.documentElement.scrollWidth") <= width) == (path.name, True)


def test_paper_has_their_pictures_and_tables(browser, others):  # noqa: F811
    for path in others:
        for tab in opened_page(browser, path):
            tab.emulate_media(media="print")
            assert tab.locator("svg:visible, .flame:visible").count() >= 1
            assert tab.locator("table:visible").count() >= 1
            assert len(tab.pdf(format="A4")) > 10_000
