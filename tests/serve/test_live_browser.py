"""The live page in Chromium: cells appear without a reload, and the report takes its place when the run has ended."""

import shutil
import threading

import pytest

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.serve.pages import Pages
from bench.serve.server import Server
from tests.store.planted import measured, recorded

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def server(tmp_path):
    with Server("127.0.0.1", 0, Pages(tmp_path / "results", tmp_path / "reports")) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_cells_appear_as_they_end_and_then_the_report(tmp_path, server):
    first = measured(Cell("mlp"), "xeon", step=0.01, relative_cost=2.0)
    hostile = measured(Cell("<img src=x onerror=alert(1)>"), "xeon", step=0.02, relative_cost=3.0)
    plan = Plan(architectures=("mlp", "lenet5"), repeats=1)
    run = recorded(tmp_path / "results", "going", [first], plan=plan, status="running", cells=2)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        page = browser.new_page()
        troubles, addresses = [], set()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: addresses.add(request.url.partition("?")[0]))
        page.goto(f"{server.address}going.html")
        page.evaluate("window.kept = true")
        assert page.locator("#cells tr").count() == 1
        run.append(hostile)
        page.locator("#cells tr").nth(1).wait_for()  # no function: the page's policy allows no text as code
        assert page.locator("#cells th").nth(1).inner_text() == "<img src=x onerror=alert(1)>"
        assert page.locator("#standing").inner_text() == "running: 2 of 2 cells measured, 2 processes of 2 at most"
        assert page.evaluate("window.kept")  # it was not loaded again
        run.note(status="finished")
        page.locator("#standing").wait_for(state="detached")
        page.wait_for_load_state()
        assert page.locator("h1").inner_text() == "going"
        assert not page.evaluate("window.kept")
        page.goto(server.address)
        page.locator("text=finished").first.wait_for()
        browser.close()
    assert troubles == []
    assert addresses <= {server.address, f"{server.address}going.html", f"{server.address}favicon.ico"}
