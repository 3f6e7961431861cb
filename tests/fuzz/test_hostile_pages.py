"""Pages of records whose every text is hostile, in Chromium, every control operated: they run, ask and show nothing."""

import json
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from bench.cli import run_command_line
from bench.store.result import Measurement, Result
from bench.store.warning import Warning
from tests.fuzz import seeds
from tests.report import report_sample as sample
from tests.report.test_browser import browser, opened_page  # noqa: F401 - a fixture
from tests.trace import gpu

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PWN = "window.__pwned=1"
PAYLOADS = (
    f"<script>{PWN}</script>",
    f"</script><script>{PWN}</script>",
    f"</style></title></textarea></svg><script>{PWN}</script>",
    f'"><img src=x onerror="{PWN}">',
    f"' onmouseover='{PWN}' x='",
    f'" autofocus onfocus="{PWN}" x="',
    f"<svg/onload={PWN}>",
    f"<iframe srcdoc='<script>parent.{PWN[7:]}</script>'>",
    f"javascript:{PWN}",
    f"<a href=javascript:{PWN}>x</a><base href=//example.com/><meta http-equiv=refresh content='0;url=//example.com'>",
    "<link rel=stylesheet href=//example.com/x.css><object data=//example.com/x></object>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "$\\frac{x$ \\href{x}",
    '=HYPERLINK("http://example.com")',
    "]]>--><!--",
    "\u202egpj.exe\u2066\u200f",
    "nul\x00 esc\x1b[2J bell\x07 \ud800",
    "&lt;script&gt;&#60;b&#62;",
    "<b>" + "x" * 5000,
)
TAGS = """() => [...new Set([...document.querySelectorAll("*")].map((element) => element.localName))]"""
FOREIGN = {"img", "iframe", "object", "embed", "base", "link", "audio", "video", "applet", "frame"}
ATTRIBUTES = """() => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
  .filter((one) => /^on/i.test(one.name) || /^\\s*javascript:/i.test(one.value)
    || (/^(src|href|action|data|srcdoc)$/i.test(one.localName) && /^(https?:)?\\/\\//i.test(one.value)
      && !element.closest("[data-source], .source, .published")))
  .map((one) => `${element.localName} ${one.name}=${one.value.slice(0, 60)}`))"""
OPERATE = """(payload) => {
  const keys = ["Enter", " ", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "Home", "End", "Escape"];
  for (const box of document.querySelectorAll("details")) box.open = true;
  for (const input of document.querySelectorAll("input, textarea")) {
    if (["checkbox", "radio"].includes(input.type)) { input.click(); continue; }
    for (const text of [payload, ""]) {
      input.value = text;
      for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, {bubbles: true}));
    }
  }
  for (const select of document.querySelectorAll("select"))
    for (const option of select.options) {
      select.value = option.value;
      for (const kind of ["input", "change"]) select.dispatchEvent(new Event(kind, {bubbles: true}));
    }
  const controls = document.querySelectorAll(
    "button, summary, [role=button], [role=treeitem], [tabindex], a[href^='#']");
  let count = 0;
  for (const control of [...controls].slice(0, 400)) {
    count += 1;
    control.click();
    for (const kind of ["mouseover", "mousemove", "focusin"])
      control.dispatchEvent(new MouseEvent(kind, {bubbles: true}));
    for (const key of keys) control.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  }
  for (const mark of [...document.querySelectorAll("svg .mark")].slice(0, 300))
    for (const kind of ["pointerenter", "pointerover", "mouseover", "mousemove", "click"])
      mark.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: 10, clientY: 10}));
  return count;
}"""


def spoiled(value: Any, words: Any) -> Any:
    """The same plain data with another payload for every text, keys included."""
    if isinstance(value, str):
        return next(words)
    if isinstance(value, dict):
        return {f"{key} {next(words)}": spoiled(item, words) for key, item in value.items()}
    return [spoiled(item, words) for item in value] if isinstance(value, list | tuple) else value


def results(words: Any) -> list[Result]:
    """Results whose every free text is a payload; closed words and numbers stay, or nothing would be drawn."""
    names = {name: next(words) for name in seeds.NETS}
    grid = []
    for result in seeds.results():
        training = result.training
        if training:
            texts = {"classes": [next(words) for _ in range(10)]}
            training = {
                **training,
                **texts,
                "gradients": {**training["gradients"], "names": [next(words) for _ in range(4)]},
            }
        profile = {
            "side": "host", "events": 3, "steps": 2, "left_out": [[next(words), next(words)]], "notes": [next(words)],
            "seconds": 0.01, "phases": {"forward": 0.01}, "trace": next(words),
            "rows": [["forward", next(words), next(words), next(words), 0.01, 2]],
        }  # fmt: skip
        grid.append(
            replace(
                result,
                cell=replace(result.cell, architecture=names[result.cell.architecture], dataset=next(words)[:60]),
                measurements=(*result.measurements, Measurement(next(words), next(words), "lower", 1.0, "exact")),
                warnings=(Warning("training", "drifting", None, next(words)),),
                operators={"forward": {next(words): 2}},
                training=training,
                profile=profile,
                system={**sample.SYSTEM, "cpu": next(words), "gpu": next(words), next(words): next(words)},
                started=next(words),
            )
        )
    return [*grid, Result(replace(grid[0].cell, optimizer=next(words)), "failed", next(words), system=sample.SYSTEM)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of such records, made by the commands that make them: report, index, history, trace."""
    folder, words = tmp_path_factory.mktemp("hostile"), cycle(PAYLOADS)
    facts = {name: spoiled(value, words) for name, value in sample.FACTS.items()} | {"plan": sample.FACTS["plan"]}
    run = sample.recorded(folder / "results", results(words), "hostile", **facts)
    check = seeds.a_check()
    for verdict in check["verdicts"]:
        texts = {name: next(words) for name in ("cell", "metric", "reason", "remedy", "statistic", "unit")}
        verdict.update(texts, evidence=[next(words)])
    check.update(before=next(words), command=next(words), notes=[*PAYLOADS[:-2]], overall=next(words))
    (run.folder / "check.json").write_text(json.dumps(check).replace("\\ud800", ""))
    events = [{**event, "name": f"{event['name'][:14]}{next(words)}"} for event in gpu.training()]
    (folder / "t.json").write_text(json.dumps({"traceEvents": events, next(words): next(words)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in (
            ["report", "hostile"],
            ["history"],
            ["trace", "t.json", "t.json", "--report", "reports/trace.html"],
        ):
            assert run_command_line(command) == 0
    return sorted((folder / "reports").glob("*.html"))


def test_no_text_gets_out_of_its_place(browser, pages):  # noqa: F811
    assert [path.name for path in pages] == [
        "history.html",
        "hostile+machines.html",
        "hostile.html",
        "index.html",
        "trace.html",
    ]
    for path in pages:
        for tab in opened_page(browser, path, permissions=["clipboard-read", "clipboard-write"]):
            assert tab.locator("text=__pwned").count() or path.name == "index.html"  # the payloads are there, as text
            for payload in PAYLOADS[:3]:
                tab.evaluate(OPERATE, payload)
            tab.wait_for_timeout(50)
            assert tab.evaluate("window.__pwned") is None, path.name
            assert FOREIGN & {*tab.evaluate(TAGS)} == set(), path.name
            assert tab.evaluate(ATTRIBUTES) == [], path.name
