"""The page in Chromium: first screen, panels, side by side, percentiles, weights, address, keys, axe, pictures."""

import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from bench import text
from bench.report import write
from bench.report.page import asset
from bench.report.percentiles import PERCENTILES
from bench.report.preference import AIMS
from bench.report.rank import ranks
from bench.report.record import Record, Value
from bench.report.table import columns
from bench.stats.interval import Interval, of_ratios
from bench.stats.ratio import ratio
from bench.stats.welch import difference
from bench.store.pooling import pooled
from bench.text import TIMES
from tests.conftest import HANG
from tests.explain import made
from tests.report import report_sample as sample
from tests.report.many import many
from tests.report.report_sample import planted
from tests.report.screenshots import MOST_FAR, STORED, far, seeded_page, shots
from tests.report.test_browser import CONTRAST, browser, opened_page, shown_rows  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (360, 768, 1440, 2200, 2560)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory) -> tuple[Path, Record]:
    """A page of seven configurations with three seeds of three repeats each, and its record."""
    return seeded_page(tmp_path_factory.mktemp("seeded"))


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


def held(tab, expected: str) -> None:
    """Wait until the address holds this."""
    tab.wait_for_function("(text) => decodeURIComponent(location.hash).includes(text)", arg=expected)


def test_what_came_out_is_seen_at_once(browser, seeded):  # noqa: F811
    path, record = seeded
    for tab in opened_page(browser, path, viewport={"width": 1440, "height": 900}):
        for place in ("#summary h2", "#choose-relative-cost svg", "#short", "#short tr:last-child"):
            box = tab.locator(place).first.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 900
        assert "Cheapest step: softmax_regression" in tab.locator("#summary h2").inner_text()
        assert tab.locator("#short tbody tr").count() == len(record.rows)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_is_used_and_none_is_exceeded(browser, page, seeded, width):  # noqa: F811
    label = quote("lenet5")
    for fragment in ("", f"#open={label}", "#ticked=mlp&ticked=lenet5&side=open"):
        for tab in opened_page(browser, seeded[0], fragment, viewport={"width": width, "height": 900}):
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.locator("#panel").is_visible() == bool(fragment)
    if width >= 2200:
        for tab in opened_page(browser, seeded[0], viewport={"width": width, "height": 900}):
            inside, all_of_it = tab.evaluate(
                "['clientWidth', 'scrollWidth'].map((name) => document.querySelector('#table .scroll')[name])"
            )
            assert all_of_it <= inside  # no column is cut off
            assert inside > 0.9 * width


def test_a_name_opens_its_panel_and_keys_alone_do_everything(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page, permissions=["clipboard-read", "clipboard-write"]):
        press = tab.keyboard.press
        for _ in range(60):
            press("Tab")
            if tab.evaluate("document.activeElement.dataset.open") == "r2":
                break
        press("Enter")
        panel = tab.get_by_role("dialog")
        assert panel.get_by_role("heading", level=2).inner_text() == "lenet5"
        assert tab.evaluate("document.activeElement.id") == "panel-title"
        parts = panel.get_by_role("heading", level=3).all_inner_texts()
        assert parts == [
            "Numbers", "Distribution of the step", "Phases of a step, as measured", "Learning curve", "Warnings",
            "Repeat it", "Settings and environment",
        ]  # fmt: skip
        held(tab, "open=lenet5")
        for _ in range(20):
            press("Tab")
            if "Copy the command" in (tab.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
                break
        press("Enter")
        panel.get_by_text("Copied.").wait_for()
        stored = tab.locator('.commands > div[data-rows="r2"] code').text_content()
        assert tab.evaluate("navigator.clipboard.readText()") == stored
        assert "bench run" in stored
        press("Escape")
        assert panel.count() == 0
        assert tab.evaluate("document.activeElement.dataset.open") == "r2"
        for name in ("lenet5", "mlp"):
            tab.get_by_label(f"Compare {name}").focus()
            press("Space")
        tab.get_by_role("button", name="Compare side by side").focus()
        press("Enter")
        assert tab.get_by_role("dialog").get_by_role("heading", level=2).inner_text() == "lenet5 · mlp"
        press("Escape")
        assert tab.get_by_role("dialog").count() == 0


def test_a_mark_opens_the_panel_of_its_cell(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page):
        tab.locator('#choose-relative-cost use.mark[data-rows="r1"]').last.click()
        assert tab.get_by_role("dialog").get_by_role("heading", level=2).inner_text() == "mlp"


def test_a_failed_cell_says_why_and_a_warning_is_in_the_panel(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page, "#open=vgg8"):
        assert "killed while it held 7.9 GB" in tab.get_by_role("dialog").inner_text()
        assert "out of memory" in tab.get_by_role("dialog").inner_text()
        tab.evaluate("location.hash = 'open=convnet'")
        tab.get_by_role("dialog").get_by_text("412 page faults a step").first.wait_for()


def test_side_by_side_has_the_ratios_of_our_own_statistics(browser, seeded):  # noqa: F811
    path, record = seeded
    rows = {row.label: row for row in record.rows}
    for tab in opened_page(browser, path, "#ticked=mlp&ticked=lenet5&ticked=vgg6&side=open"):
        sheet = {
            plain(cells[0]): [plain(cell) for cell in cells[1:]]
            for cells in tab.eval_on_selector_all(
                "#side tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
            )
        }
        shown = {column.heading: column.metric for column in columns(record) if column.shown}
        judged = 0
        for heading, metric in shown.items():
            if metric in ("accuracy", "time_to_accuracy", "step_median", "parameters", "flops"):
                continue
            base = rows["mlp"].values[metric]
            for at, name in ((1, "lenet5"), (2, "vgg6")):
                value = rows[name].values[metric]
                each = ratio(*(Interval(side.value, side.low, side.high, side.n) for side in (value, base)))
                half = (each.high - each.low) / 2
                middle, low, high = (text.number(end, half) for end in (each.value, each.low, each.high))
                assert f"{middle}{TIMES} ({low} to {high})" in sheet[heading][at]
                assert ("not told apart" in sheet[heading][at]) == (each.low <= 1 <= each.high)
                judged += 1
        assert judged >= 12
        accuracies = [
            [training["epochs"][-1]["test_accuracy"] for training in rows[name].training] for name in ("mlp", "vgg6")
        ]
        welch = difference(*accuracies)
        half = welch.half(0.975) * 100
        middle, low, high = (text.number(welch.value * 100 + side * half, half) for side in (0, -1, 1))
        assert f"+{middle} points (+{low} to +{high})" in sheet["Test accuracy"][2]
        assert sheet["Parameters"][2].endswith(f"{text.number(288_170 / 669_706)}{TIMES}")


def test_four_are_ticked_at_most_and_two_at_least(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page, "#ticked=mlp&ticked=nobody&ticked=mlp"):
        assert tab.locator("input.tick:checked").count() == 1
        assert tab.get_by_role("button", name="Compare side by side").is_disabled()
        for name in ("lenet5", "convnet", "vgg6"):
            tab.get_by_label(f"Compare {name}").check()
        assert tab.get_by_label("Compare resnet8").is_disabled()
        held(tab, "ticked=mlp&ticked=lenet5&ticked=convnet&ticked=vgg6")
        tab.get_by_role("button", name="Clear").click()
        assert tab.locator("input.tick:checked").count() == 0
        assert tab.get_by_label("Compare resnet8").is_enabled()


def test_profiled_cells_side_by_side_show_the_difference_of_their_kernels(browser, tmp_path):  # noqa: F811
    path = write(made.two_cells(tmp_path / "results"), tmp_path / "reports")
    for tab in opened_page(browser, path, "#ticked=lenet5&ticked=vgg4&side=open"):
        sentence, panel = tab.locator("#difference-sentence").inner_text(), tab.get_by_role("dialog").inner_text()
        assert " ".join(sentence.split()) in " ".join(panel.split())  # a blank that does not break is one
        tab.evaluate("location.hash = 'open=lenet5'")
        tab.get_by_role("dialog").get_by_role("heading", name="Kernels").wait_for()


def test_the_address_brings_back_what_was_seen(browser, seeded):  # noqa: F811
    for tab in opened_page(browser, seeded[0]):
        tab.get_by_label("Filter table and pictures").fill("e")
        tab.locator('th[data-column="peak_memory"] button').click()
        tab.locator('th[data-column="peak_memory"] button').click()
        tab.get_by_text("Columns", exact=True).click()
        tab.get_by_label("Inference", exact=True).check()
        tab.get_by_label("Forward", exact=True).uncheck()
        tab.get_by_label("Relative cost against").select_option(label="lenet5")
        tab.get_by_label("Times as").select_option("p90")
        tab.get_by_label("Compare vgg6").check()
        tab.get_by_label("Compare separable").check()
        tab.locator('#rows [data-open="r2"]').click()
        held(tab, "open=lenet5")
        held(tab, "sort=-peak_memory")
        address = tab.evaluate("location.hash")
        seen = (tab.locator("#rows").inner_text(), tab.get_by_role("dialog").inner_text(), shown_rows(tab))
    for tab in opened_page(browser, seeded[0], "#table&" + address[1:]):
        assert (tab.locator("#rows").inner_text(), tab.get_by_role("dialog").inner_text(), shown_rows(tab)) == seen
        assert tab.locator("input.tick:checked").count() == 2
        assert tab.get_by_label("Relative cost against").evaluate("e => e.selectedOptions[0].textContent") == "lenet5"
        assert abs(tab.evaluate("document.getElementById('table').getBoundingClientRect().top")) < 40
        tab.locator('nav a[href="#trust"]').click()  # a section keeps what is seen
        held(tab, "trust&filter=e")
        tab.evaluate("location.hash = 'filter=mlp'")  # another address is followed
        tab.wait_for_function("() => document.querySelectorAll('#rows tbody tr:not([hidden])').length === 1")
        assert tab.get_by_role("dialog").count() == 0


def test_a_page_as_it_is_written_has_no_fragment(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page):
        tab.get_by_label("Filter table and pictures").fill("m")
        held(tab, "filter=m")
        tab.get_by_label("Filter table and pictures").fill("")
        tab.wait_for_function("() => location.hash === ''")
        assert tab.url == page.as_uri()


def test_every_percentile_is_printed_as_python_prints_it(browser, seeded):  # noqa: F811
    path, record = seeded
    scales = {column.metric: column.scale for column in columns(record)}
    for tab in opened_page(browser, path):
        before = tab.locator("#rows").inner_text()
        for name in PERCENTILES:
            tab.get_by_label("Times as").select_option(name)
            for row, metric in product(record.rows[:4], ("step", "forward", "optimizer")):
                taken = row.percentiles[metric][name]
                cell = tab.locator(f'tr[data-row="{row.key}"] td[data-column="{metric}"] .number')
                half = (taken.high - taken.low) / 2
                assert cell.inner_text() == text.figure(taken.value, scales[metric], half)
            assert tab.locator('th[data-column="step"] .detail').first.inner_text().startswith(f"{name},")
        tab.get_by_label("Times as").select_option("")
        assert tab.locator("#rows").inner_text() == before


def scores(record: Record, weights: dict[str, int]) -> dict[str, float]:
    """The weighted means of the logarithms of each row's three numbers above the best of each, as factors."""
    logs = {
        row.key: np.log([
            1 - row.values[name].value if name == "accuracy" else row.values[name].value for name in weights
        ])
        for row in record.rows
    }  # fmt: skip
    best, shares = np.min([*logs.values()], axis=0), np.array([*weights.values()]) / sum(weights.values())
    return {key: float(np.exp(shares @ (each - best))) for key, each in logs.items()}


def test_weights_rank_by_the_weighted_mean_of_logarithms(browser, seeded):  # noqa: F811
    path, record = seeded
    expected = scores(record, dict(zip(AIMS, (6, 3, 1), strict=True)))
    for tab in opened_page(browser, path, "#weights=6,3,1"):
        cells = tab.eval_on_selector_all(
            'td[data-column="preference"]',
            """cells => cells.map(({ dataset: { value, low, high }, parentNode, lastChild }) =>
            [parentNode.dataset.row, [value, low, high].map(Number), lastChild.textContent])""",
        )
        assert {key: ends[0] for key, ends, _ in cells} == pytest.approx(expected, rel=1e-5)
        assert [key for key, *_ in cells] == sorted(expected, key=expected.__getitem__)
        rows = [replace(planted("mlp"), key=key, values={"relative_cost": cost(*ends)}) for key, ends, _ in cells]
        places = ranks(rows, "relative_cost")
        assert {key: place for key, _, place in cells} == {key: str(place) for key, place in places.items()}
        tab.get_by_text("My weights").click()
        for name in AIMS:
            tab.locator(f'#weights input[name="{name}"]').fill("0")
        tab.wait_for_function("() => location.hash === ''")
        assert tab.locator('td[data-column="preference"]').first.is_hidden()
        assert shown_rows(tab) == [row.label for row in record.rows]


# What the table is like at once after the filter was changed, each time before a frame was painted.
FILTERED = """(texts) => texts.map((text) => {
  const filter = document.getElementById("filter");
  filter.value = text;
  filter.dispatchEvent(new Event("input"));
  const rows = [...document.querySelectorAll("#rows tbody tr")].filter((row) => !row.hidden);
  return [rows.length, rows.findIndex((row) => row.classList.contains("later"))];
})"""


def test_a_filter_shows_at_once_what_is_in_sight_and_the_rest_soon(browser, tmp_path):  # noqa: F811
    cells = 140
    path = write(many(tmp_path / "results", cells), tmp_path / "reports")
    for tab in opened_page(browser, path):
        (few, none_later), (every, first_later) = tab.evaluate(FILTERED, ["mlp", ""])
        assert (few, none_later, every) == (cells / len(sample.NETS), -1, cells)
        assert 20 < first_later < cells
        tab.locator("#rows tr.later").first.wait_for(state="detached")
        tab.locator(".mark.off").first.wait_for(state="detached")
        tab.evaluate(FILTERED, ["lenet5", "nothing", "mlp"])  # the last alone counts
        tab.locator("#rows tr.later").first.wait_for(state="detached")
        shown = {row for row in shown_rows(tab) if "mlp" in row}
        assert len(shown) == len(shown_rows(tab)) == few
        keys = {*tab.eval_on_selector_all("#rows tbody tr:not([hidden])", "rows => rows.map((r) => r.dataset.row)")}
        tab.locator('.key .mark.off[data-rows="r0"]').first.wait_for(state="attached")
        until = time.monotonic() + HANG
        while (gone := gone_of(tab)) & keys or len(gone) != cells - few:
            assert time.monotonic() < until, (gone & keys, len(gone))
        tab.wait_for_timeout(300)
        assert gone_of(tab) == gone  # nothing that went on before changes it later


def gone_of(tab) -> set[str]:
    """The rows whose marks are turned off, by the marks that stand for one row alone."""
    off = "marks => marks.filter((mark) => mark.classList.contains('off')).map((mark) => mark.dataset.rows)"
    return {rows for rows in tab.eval_on_selector_all(".mark", off) if rows and " " not in rows}


def cost(value: float, low: float, high: float) -> Value:
    return Value("relative_cost", "1", "lower", "p25", 1, value, low, high, 3)


def test_the_script_compares_as_our_statistics_do(browser):  # noqa: F811
    random = np.random.default_rng(4)
    groups = [np.exp(random.normal(0, random.uniform(0.001, 0.5), random.integers(2, 40))) for _ in range(80)]
    pairs = list(zip(groups[::2], groups[1::2], strict=True))
    sides = [[of_ratios(group) for group in pair] for pair in pairs]
    plain_means = [[pooled(group, "mean") for group in pair] for pair in pairs]
    as_data = [
        [[{"value": each.value, "low": each.low, "high": each.high, "n": each.n} for each in pair] for pair in listed]
        for listed in (sides, plain_means)
    ]
    tab = browser.new_page()
    ratios, differences = tab.evaluate(
        f"""(listed) => {{ {asset("page/comparison.js")}
        return ["ratio", "difference"].map((how, at) => listed[at].map(([a, b]) => compared(a, b, how))); }}""",
        as_data,
    )
    tab.close()
    for (above, below), shown in zip(sides, ratios, strict=True):
        own = ratio(above, below)
        assert [shown[end] for end in ("value", "low", "high")] == pytest.approx(
            [own.value, own.low, own.high], rel=1e-9
        )
    for (new, old), shown in zip(pairs, differences, strict=True):
        welch = difference(old, new)
        half = welch.half(0.975)
        assert [shown["value"], shown["low"], shown["high"]] == pytest.approx(
            [welch.value, welch.value - half, welch.value + half], abs=1e-9
        )


@pytest.fixture(scope="module")
def views(page, seeded, hostile, tmp_path_factory):
    """Pages with the fragment of their address and a width: every kind of view there is."""
    root = tmp_path_factory.mktemp("profiled")
    profiled = write(made.two_cells(root / "results"), root / "reports")
    return [
        (page, "", 1440), (page, "#open=lenet5&weights=1,1,1&times=p90", 1440), (page, "#open=vgg8", 390),
        (seeded[0], "#ticked=mlp&ticked=vgg6&side=open", 390), (profiled, "#ticked=lenet5&ticked=vgg4&side=open", 2200),
        (hostile, "", 768), (page.parent / "index.html", "", 1440),
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, views, scheme):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for path, fragment, width in views:
        size = {"width": width, "height": 900}
        for tab in opened_page(browser, path, fragment, color_scheme=scheme, viewport=size, bypass_csp=True):
            report = axe.run(tab).response
            violations = {each["id"]: each["nodes"][0]["html"][:200] for each in report["violations"]}
            assert (path.name, fragment, violations) == (path.name, fragment, {})
            assert len(report["passes"]) > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panels_have_contrast(browser, page, scheme):  # noqa: F811
    for fragment in ("#open=lenet5&weights=1,2,1", "#ticked=mlp&ticked=lenet5&side=open"):
        for tab in opened_page(browser, page, fragment, color_scheme=scheme):
            tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            assert [contrast for contrast in tab.evaluate(CONTRAST) if contrast[1] < contrast[2]] == []


def test_paper_has_what_was_seen_and_no_controls(browser, page: Path):  # noqa: F811
    for tab in opened_page(browser, page, "#open=lenet5&ticked=mlp&filter=e"):
        tab.emulate_media(media="print")
        for place in ("#panel", "#ticked", "#tools", "nav", "input.tick"):
            assert tab.locator(place).first.is_hidden()
        assert tab.locator("#summary h2").is_visible()
        assert tab.locator("#short").is_visible()
        assert tab.locator("#rows tbody tr:visible").count() == len(shown_rows(tab))
        assert len(tab.pdf(format="A4")) > 50_000


def test_neither_results_nor_addresses_can_run_anything(browser, hostile: Path):  # noqa: F811
    names = ("filter", "sort", "columns", "reference", "times", "weights", "ticked", "side", "open")
    attack = quote(sample.ATTACK)
    address = "#" + "&".join([attack, *(f"{name}={attack}" for name in names)])
    for tab in opened_page(browser, hostile, address):
        assert tab.evaluate("window.hurt") is None
    for tab in opened_page(browser, hostile, permissions=["clipboard-read", "clipboard-write"]):
        for button in tab.locator("#rows .open").all():
            button.click()
            tab.get_by_role("dialog").get_by_role("heading", level=2).wait_for()
        for tick in tab.locator("input.tick").all()[:4]:
            tick.check()
        tab.get_by_role("button", name="Compare side by side").click()
        assert tab.locator("#side").count() == 1
        assert tab.evaluate("window.hurt") is None
        assert tab.locator("img").count() == 0
        address = tab.evaluate("location.hash")
    for tab in opened_page(browser, hostile, address):
        assert tab.evaluate("window.hurt") is None


def test_it_looks_as_it_did(browser, seeded):  # noqa: F811
    for name, tab, shot in shots(browser, seeded[0]):
        stored = (STORED / f"{name}.png").read_bytes()
        assert (name, far(shot, stored) <= MOST_FAR) == (name, True)
        tab.add_style_tag(content="#summary, #table { display: none !important; }")  # which is noticed
        if name != "panel":
            assert far(tab.screenshot(), stored) > MOST_FAR
