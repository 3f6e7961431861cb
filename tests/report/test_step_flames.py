"""The flame graphs of profiled steps: what the page's script is given, and what it draws of it."""

import json
import shutil

import pytest

from bench.report import write
from bench.report.kernels import kernels
from bench.report.load import read
from bench.report.step_flames import flames
from tests.explain import made
from tests.report import report_sample as sample

HOSTILE = [["forward", "convolution", sample.ATTACK, f"{sample.ATTACK}.0 Conv2d", 3e-3, 1]]
NESTED = [
    ["forward", "convolution", "aten::conv2d", "body.0.conv Conv2d", 2e-3, 1],
    ["forward", "normalization", "aten::batch_norm", "body.0.norm BatchNorm2d", 1e-3, 1],
    ["backward", "convolution", "aten::convolution_backward", "body.0.conv Conv2d", 5e-3, 1],
]


def test_the_parts_of_each_step_add_up_to_it_and_have_a_look(tmp_path):
    data = json.loads(flames(kernels(read(made.two_cells(tmp_path))).profiled))
    for cell in data["cells"].values():
        assert sum(seconds for *_, seconds in cell["rows"]) == pytest.approx(cell["seconds"], rel=1e-3)
        assert {category for _, category, *_ in cell["rows"]} <= data["looks"].keys()
    assert {cell["network"] for cell in data["cells"].values()} == {"vgg4", "lenet5"}


def test_no_name_ends_the_element_that_holds_it(tmp_path):
    results = [made.result(made.VGG, 9e-3, profile=made.profile(HOSTILE))]
    text = flames(kernels(read(made.run(tmp_path, "hostile", results))).profiled)
    assert "<" not in text
    assert sample.ATTACK in [operator for _, _, operator, *_ in json.loads(text)["cells"]["r0"]["rows"]]


@pytest.mark.slow
@pytest.mark.browser
def test_a_step_and_the_difference_of_two_are_drawn_widened_and_drawn_anew(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    slow = made.result(made.VGG, 9e-3, profile=made.profile(NESTED))
    fast = made.result(made.LENET, 3e-3, profile=made.profile((*made.BACKWARD, *HOSTILE)))
    page = write(made.run(tmp_path / "results", "flames", [slow, fast]), tmp_path / "reports")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page()
        errors = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(page.as_uri())
        tab.locator("#tools").wait_for()  # the script has its data

        def words(place):
            frames = tab.locator(f"{place} .frame").all()
            return [frame.get_attribute("aria-label").replace("\u00a0", " ") for frame in frames]

        details = tab.locator("#kernels details:has(.step-flame)", has_text="vgg4: ")
        assert details.locator(".frame").count() == 0  # drawn as it is opened
        details.locator("summary").click()
        details.locator(".frame").first.wait_for()  # the browser tells of what opens in a task of its own
        drawn = words("#kernels details[open]")
        assert drawn[0] == "step: 9.00 ms, 100.0 % of the step"
        names = [word.partition(":")[0] for word in drawn]
        assert names[names.index("body.0") + 1] == "body.0.conv Conv2d"
        assert any(word.endswith("; convolution") for word in drawn)

        grown = words("#growth")
        assert grown[0] == "step: +6.00 ms: 3.00 ms in lenet5, 9.00 ms in vgg4"
        assert tab.locator("#growth .grown.strong").count() > 0
        assert tab.evaluate("window.hurt") is None
        inner = tab.locator("#growth .frame").nth(1)
        inner.click()
        whole = tab.locator("#growth .flame").bounding_box()["width"]
        assert inner.bounding_box()["width"] == pytest.approx(whole, abs=2)
        tab.keyboard.press("ArrowUp")
        assert tab.locator("#growth .frame").first.evaluate("frame => frame === document.activeElement")
        tab.select_option("#difference-slower", label="lenet5")
        assert words("#growth")[0].startswith("step: +0 s")
        assert errors == []
        browser.close()
