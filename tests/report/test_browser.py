import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from bench import text
from bench.explain.explanation import known, sentence_of
from bench.plan.cell import Cell
from bench.report import write
from bench.report.kernels import kernels
from bench.report.load import read
from bench.stats.attribution import kinds, parts_of
from bench.stats.interval import Interval
from bench.stats.ratio import ratio
from bench.text import TIMES
from tests.explain import made
from tests.report import report_sample as sample

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.browser
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip

# Contrast of every text with what is painted behind it (WCAG 2.2, 1.4.3), as [text, ratio, needed].
CONTRAST = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => rgb.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const back = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) return colour;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || !box.width || element.closest("script, title, desc, option, .unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const colour = parse(element.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(colour), light(back(element))].sort((x, y) => y - x);
    found.push([element.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05), 4.5]);
  }
  // marks and lines of pictures need 3 to 1 (1.4.11); grids and frames are decoration
  const plain = new Set(["--line", "--surface"].map((name) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }));
  for (const shape of document.querySelectorAll("svg .mark path, svg .mark use, svg use.mark, svg path.mark")) {
    const style = getComputedStyle(shape);
    if (style.fillOpacity < 1 || shape.closest("defs")) continue;
    const painted = [style.fill, style.stroke].filter((one) => one.startsWith("rgb") && !plain.has(one));
    for (const one of painted) {
      const [a, b] = [light(parse(one)), light(back(shape.closest("figure")))].sort((x, y) => y - x);
      found.push(["mark " + one, (a + 0.05) / (b + 0.05), 3]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def opened(browser, page: Path) -> Iterator["sync_api.Page"]:
    yield from opened_page(browser, page)


def opened_page(browser, path: Path, fragment: str = "", **options) -> Iterator["sync_api.Page"]:
    """The page, opened from its file; afterwards: it logged no error and asked for nothing but itself."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(120_000)  # of a machine that is busy
    tab = context.new_page()
    errors, requests = [], []
    tab.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(path.as_uri() + fragment)
    enabled(tab)
    yield tab
    assert errors == []
    assert [request.partition("#")[0] for request in requests] == [path.as_uri()]
    context.close()


def enabled(tab) -> None:
    """Wait until the page's script has unpacked its data, where it has any: then its controls are there."""
    if tab.locator("#tools").count():
        tab.locator("#tools").wait_for()


def shown_rows(tab) -> list[str]:
    return tab.eval_on_selector_all(
        "#rows tbody tr", "rows => rows.filter(r => !r.hidden).map(r => r.cells[0].dataset.value)"
    )


def test_sorting_reorders_the_rows_and_says_so(opened):
    assert shown_rows(opened)[0] == "softmax_regression"
    head = opened.locator('th[data-column="peak_memory"]')
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown_rows(opened)[:2] == ["softmax_regression", "lenet5"]
    assert set(shown_rows(opened)[-3:]) == {"resnet20", "alexnet_small", "vgg8"}
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert shown_rows(opened)[0] == "vgg6"
    assert set(shown_rows(opened)[-3:]) == {"resnet20", "alexnet_small", "vgg8"}
    assert opened.locator("th[aria-sort]").count() == 1
    assert opened.get_by_role("status").inner_text() == "Sorted by peak memory, highest first."


def test_a_filter_acts_on_table_and_pictures(opened):
    row = opened.locator("#rows tbody tr").filter(has_text="mlp").get_attribute("data-row")
    marks = "document.querySelectorAll('svg .mark').length"
    everything = opened.evaluate(marks)
    opened.get_by_label("Filter table and pictures").fill("MLP sgd")
    assert shown_rows(opened) == ["mlp"]
    visible = opened.eval_on_selector_all(
        "svg .mark", "marks => marks.filter(m => getComputedStyle(m).display !== 'none').map(m => m.dataset.rows)"
    )
    assert set(visible) == {row}
    assert 0 < len(visible) < everything
    assert opened.get_by_role("status").inner_text().startswith("1 of 10 configurations shown")
    opened.get_by_label("Filter table and pictures").fill("")
    assert len(shown_rows(opened)) == 10
    assert opened.locator(".mark.off").count() == 0


def test_columns_can_be_chosen(opened):
    assert opened.locator('th[data-column="inference"]').is_hidden()
    opened.get_by_text("Columns", exact=True).click()
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    opened.get_by_label("Inference", exact=True).check()
    assert opened.locator('th[data-column="inference"]').is_visible()
    assert opened.locator('td[data-column="inference"]').first.is_visible()


def test_another_reference_divides_the_costs(opened):
    cells = opened.locator('td[data-column="relative_cost"] .number')
    before = cells.all_inner_texts()
    opened.get_by_label("Relative cost against").select_option(label="lenet5")
    after = dict(zip(shown_rows(opened), cells.all_inner_texts(), strict=False))
    assert after["lenet5"] == "1"
    assert float(after["mlp"]) == pytest.approx(float(before[1]) / float(before[2]), rel=0.02)
    assert opened.locator('th[data-column="relative_cost"] .unit').inner_text() == f"{TIMES} lenet5"
    opened.get_by_label("Relative cost against").select_option("")
    assert cells.all_inner_texts() == before


@pytest.mark.parametrize("noise", [0.012, *(pytest.param(noise, marks=pytest.mark.slow) for noise in (0.001, 0.4))])
def test_costs_against_another_reference_are_printed_as_all_others_are(browser, tmp_path, noise):
    path = write(sample.recorded(tmp_path / "results", sample.results(noise=noise)), tmp_path / "reports")
    for tab in opened_page(browser, path):
        tab.get_by_label("Relative cost against").select_option(label="lenet5")
        cells = tab.eval_on_selector_all(
            'td[data-column="relative_cost"][data-value]',
            """cells => cells.map(({ dataset, textContent }) =>
            [dataset.value0, dataset.low0, dataset.high0, textContent])""",
        )
        costs = [Interval(*map(float, cell[:3]), 3) for cell in cells]
        (lenet5,) = (cost for cost, cell in zip(costs, cells, strict=True) if cell[3] == "1")
        for cost, cell in zip(costs, cells, strict=True):
            if cost is not lenet5:
                quotient = ratio(cost, lenet5)
                half = (quotient.high - quotient.low) / 2
                printed = text.number(quotient.value, half) + text.either_way(quotient.half_width)
                assert cell[3].replace("\u00a0", " ") == printed


def test_another_reference_leaves_out_what_has_another_denominator(browser, tmp_path):
    nets = sample.results(("mlp", "lenet5"))
    two = [replace(result, cell=replace(result.cell, denormals="flush")) for result in nets]
    path = write(sample.recorded(tmp_path / "results", [*nets, *two]), tmp_path / "reports")
    for tab in opened_page(browser, path):
        cells = tab.locator('td[data-column="relative_cost"]')
        before = cells.all_inner_texts()
        tab.get_by_label("Relative cost against").select_option(label="lenet5 · keep denormals")
        after = dict(zip(shown_rows(tab), cells.all_inner_texts(), strict=True))
        assert after["lenet5 · keep denormals"] == "1"
        assert after["mlp · keep denormals"].startswith("0.4")
        assert {after[f"{name} · flush denormals"] for name in ("mlp", "lenet5")} == {"\u2013"}
        tab.get_by_label("Relative cost against").select_option("")
        assert cells.all_inner_texts() == before


def copied(tab, name: str) -> str:
    tab.get_by_role("button", name=name).click()
    tab.get_by_text(f"Copied {len(shown_rows(tab))} configurations as {name}.").wait_for()
    return tab.evaluate("navigator.clipboard.readText()")


def test_the_table_can_be_copied(browser, page: Path):
    for tab in opened_page(browser, page, permissions=["clipboard-read", "clipboard-write"]):
        lines = copied(tab, "CSV").splitlines()
        assert lines[0].startswith("configuration,status,relative_cost,relative_cost_low,relative_cost_high")
        assert len(lines) == 11
        assert {line.count(",") for line in lines} == {lines[0].count(",")}
        assert re.match(r'"mlp","ok",[01]\.\d+,0\.\d+,1\.\d+,3,2,', lines[2])
        tab.get_by_label("Filter table and pictures").fill("lenet5")
        assert copied(tab, "Markdown").splitlines()[2].startswith("| lenet5 | 2.3")
        assert "lenet5 & 2.3" in copied(tab, "LaTeX")


def test_pointing_at_a_mark_tells_its_number(opened):
    mark = opened.locator('#speed-cost .mark[data-rows="r1"] use').last
    mark.hover()
    tip = opened.get_by_role("tooltip").inner_text().replace("\u00a0", " ")
    assert tip.startswith("mlp: relative cost 1.0")
    assert "n = 3 processes" in tip
    assert opened.locator("#rows tr.hot").get_attribute("data-row") == "r1"
    lit = "marks => marks.map(mark => [mark.closest('figure').id, mark.dataset.rows])"
    marks = opened.eval_on_selector_all("figure > svg .mark.hot", lit)
    assert all("r1" in rows.split() for _, rows in marks)
    assert len({picture for picture, _ in marks}) >= 3  # in the other pictures too
    opened.keyboard.press("Escape")
    assert opened.get_by_role("tooltip").count() == 0


@pytest.mark.parametrize("width", [320, *(pytest.param(width, marks=pytest.mark.slow) for width in (390, 768))])
def test_only_the_table_scrolls_sideways(browser, page: Path, hostile: Path, width: int):
    for path in (page, page.parent / "index.html", hostile):
        for tab in opened_page(browser, path, viewport={"width": width, "height": 844}):
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for tab in opened_page(browser, page, viewport={"width": width, "height": 844}):
        widths = tab.evaluate(
            '["scrollWidth", "clientWidth"].map((name) => document.querySelector("#table .scroll")[name])'
        )
        assert widths[0] > widths[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_marks_stand_out(browser, page: Path, scheme: str):
    for path in (page, page.parent / "index.html"):
        for tab in opened_page(browser, path, color_scheme=scheme):
            tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            contrasts = tab.evaluate(CONTRAST)
            assert len(contrasts) > 8
            assert [contrast for contrast in contrasts if contrast[1] < contrast[2]] == []


def test_hostile_texts_run_nothing(browser, hostile: Path):
    for tab in opened_page(browser, hostile, permissions=["clipboard-read", "clipboard-write"]):
        assert tab.evaluate("window.hurt") is None
        assert tab.locator("img").count() == 0
        assert re.search(r"^\"'=HYPERLINK", copied(tab, "CSV"), re.MULTILINE)
        assert "<script>" not in copied(tab, "Markdown").replace("\\<", "")


def test_it_prints(browser, page: Path):
    for tab in opened_page(browser, page):
        assert len(tab.pdf(format="A4")) > 50_000


def test_any_two_profiled_configurations_are_explained(browser, tmp_path):
    path = write(made.two_cells(tmp_path / "results"), tmp_path / "reports")
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    enabled(page)

    def told():
        texts = [page.locator(place).inner_text() for place in ("#difference-sentence", "#difference tbody")]
        return [text.replace("\u00a0", " ") for text in texts]

    first = told()
    assert first[0] == "vgg4 is 3x slower than lenet5: 50 % of it convolution backward, 45 % convolution forward."
    page.select_option("#difference-slower", label="lenet5")
    assert "take the same time" in told()[0]
    page.select_option(
        "#difference-faster", label="vgg4"
    )  # the other way round: the slower is named first all the same
    assert told() == first  # what the script says is what was written without it
    assert errors == []
    page.close()


# Seconds. No sum of their parts lies halfway between two printed numbers, where Python and JavaScript round apart.
STEPS = {
    "mlp": 3.0013e-3,
    "lenet5": 3.1627e-3,
    "vgg4": 0.99963,
    "vgg6": 0.021437,
    "resnet8": 1.5319,
    "resnet20": 1234.57,
}


def test_the_difference_is_worded_as_without_the_script(browser, tmp_path):
    results = [
        made.result(Cell(name, threads=1), step, 0.2 + at / 10, profile=made.profile())
        for at, (name, step) in enumerate(STEPS.items())
    ]
    run = made.run(tmp_path / "results", "many", results)
    profiled = {step.row.label: step.timed for step in kernels(read(run)).profiled}
    for tab in opened_page(browser, write(run, tmp_path / "reports")):
        for names in combinations(STEPS, 2):
            for place, name in zip(("slower", "faster"), names, strict=True):
                tab.select_option(f"#difference-{place}", label=name)
            slower, faster = sorted((profiled[name] for name in names), key=lambda timed: -timed.step)
            chance = slower.step / faster.step < 1.1  # of one process each
            parts = known(kinds(parts_of(slower, faster)), chance=chance)
            shown = tab.locator("#difference-sentence").inner_text().replace("\u00a0", " ")
            assert shown == sentence_of(slower, faster, parts, chance=chance)
            rows = tab.eval_on_selector_all(
                "#difference tbody tr", "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
            )
            seconds = [
                [text.quantity(size, "s") for size in (part.slower, part.faster, part.difference)] for part in parts
            ]
            assert [[cell.replace("\u00a0", " ") for cell in row] for row in rows] == [
                [part.name, *times, text.tenths(part.share)] for part, times in zip(parts, seconds, strict=True)
            ]
