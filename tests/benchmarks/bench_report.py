"""What a page takes and weighs, of a dozen cells and of a thousand, and how soon a filter has acted there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from bench.report import write
from tests.report.many import many

ROOT = Path(__file__).parents[2]
GOALS = {12: (4, 3), 1000: (20, 10)}  # cells: seconds from the command to the page, megabytes
ROUNDS = 3
HANDED = ("Commit", "Layerize")  # as the trace calls the last of the page's work on a frame; newer ones lack the first
FILTERS = ("adam", "adam mlp", "", "nadam b", "resnet8")


@pytest.mark.parametrize("cells", GOALS)
@pytest.mark.benchmark(group="page")
def bench_page(benchmark, tell, tmp_path, cells):
    """The command, its start-up and the imports included."""
    run = many(tmp_path / "results", cells)
    command = [sys.executable, "-m", "bench", "report", run.name]

    def reported():
        began = perf_counter()
        subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
        return perf_counter() - began

    seconds = benchmark.pedantic(lambda: np.median([reported() for _ in range(ROUNDS)]), rounds=1, iterations=1)
    size = (tmp_path / "reports" / f"{run.name}.html").stat().st_size / 1e6
    most_seconds, most_size = GOALS[cells]
    tell(f"`report` of {cells} cells, median", f"{seconds:.1f} s", f"<= {most_seconds} s", seconds=seconds)
    tell(f"the page of {cells} cells", f"{size:.1f} MB", f"<= {most_size} MB", megabytes=size)


@pytest.mark.benchmark(group="page")
def bench_filter(benchmark, tell, tmp_path):
    """From the input to the frame that shows what it left, as Chromium traces it."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    page = write(many(tmp_path / "results", 1000), tmp_path / "reports")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        times = benchmark.pedantic(lambda: [filtered(browser, tab, text) for text in FILTERS], rounds=1, iterations=1)
        browser.close()
    slowest = max(times)
    tell("a filter over 1,000 cells, the slowest of five", f"{slowest * 1e3:.0f} ms", "<= 100 ms", slowest=slowest)


def filtered(browser, tab, text):
    """Seconds from the dispatch of the input until the frame after it was handed to the compositor."""
    browser.start_tracing(page=tab, categories=["devtools.timeline"])
    tab.get_by_label("Filter table and pictures").fill(text)
    tab.wait_for_timeout(2000)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    dispatch = next(event for event in events if event["name"] == "EventDispatch" and is_input(event))
    after = [event for event in events if event["name"] in HANDED and event["ts"] >= dispatch["ts"]]
    first = min(after, key=lambda event: (event["name"] != HANDED[0], event["ts"]))
    return (first["ts"] + first.get("dur", 0) - dispatch["ts"]) / 1e6


def is_input(event):
    return event.get("args", {}).get("data", {}).get("type") == "input"
