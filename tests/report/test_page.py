import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from bench.report import page_of, write
from bench.report.load import read
from bench.report.page import page_script
from tests.report import report_sample as sample


class Elements(HTMLParser):
    """Every element with its attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def written(root: Path, results: list, **facts) -> str:
    return write(sample.recorded(root / "results", results, **facts), root / "reports").read_text("utf-8")


def test_the_same_files_give_the_same_bytes(tmp_path: Path, page: Path):
    run = sample.recorded(tmp_path / "results", sample.troubled())
    again = write(run, tmp_path / "reports")
    assert again.read_bytes() == page.read_bytes()
    assert (tmp_path / "reports/index.html").read_bytes() == (page.parent / "index.html").read_bytes()


def test_a_quick_page_is_small_and_needs_nothing_else(page: Path):
    text = page.read_text("utf-8")
    assert len(text.encode()) < 3_000_000
    needed = re.sub(r'<a href="https://[^"]*" rel="noreferrer">', "", text)  # a link is followed only when asked to
    assert not re.search(r"""(?:src|href)=["'](?!#|index\.html|data:image/png;base64,)""", needed)
    assert "@import" not in text
    assert "url(http" not in text


def test_ids_are_unique_and_every_reference_has_its_target(page: Path):
    elements = Elements(page.read_text("utf-8")).found
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        name
        for _, element in elements
        for key in ("aria-labelledby", "for")
        for name in (element.get(key) or "").split()
    }
    wanted |= {element["href"][1:] for _, element in elements if (element.get("href") or "").startswith("#")}
    assert wanted <= set(ids)


def test_every_picture_has_a_text_alternative_and_every_header_a_scope(page: Path):
    text = page.read_text("utf-8")
    elements = Elements(text)
    pictures = [element for element in elements.of("svg") if element.get("role") == "img"]
    assert len(pictures) == 31
    assert all(element.get("aria-labelledby") for element in pictures)
    assert all(element.get("role") == "img" or element.get("aria-hidden") == "true" for element in elements.of("svg"))
    assert all(element.get("scope") in ("col", "row") for element in elements.of("th"))
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_mark_names_rows_of_the_table(page: Path):
    elements = Elements(page.read_text("utf-8"))
    rows = {element["data-row"] for element in elements.of("tr") if "data-row" in element}
    marks = [key for _, element in elements.found if "data-rows" in element for key in element["data-rows"].split()]
    assert len(rows) == 10
    assert marks
    assert set(marks) <= rows


def test_threads_stand_in_the_headings(page: Path):
    text = page.read_text("utf-8")
    heads = dict(re.findall(r'<th scope="col" data-column="(\w+)"(.*?)</th>', text, re.DOTALL))
    assert "p25, 1 thread<" in heads["relative_cost"]
    assert "p25, 2 threads<" in heads["throughput"]
    assert "this run" in heads["throughput"]
    assert "this run" in heads["relative_cost"]


def test_hostile_texts_stay_text(hostile: Path):
    text = hostile.read_text("utf-8")
    elements = Elements(text)
    assert [element.get("type") for element in elements.of("script")] == ["text/plain", None]
    assert len(elements.of("style")) == 1
    assert not elements.of("img")
    assert not [name for _, element in elements.found for name in element if name.startswith("on")]
    assert "49" not in re.sub(r"\d*[.,]?\d*49\d*", "", text)  # no expression was evaluated
    assert "\u202e" not in text
    assert "\x07" not in text
    index = Elements((hostile.parent / "index.html").read_text("utf-8"))
    assert not index.of("script")
    assert not index.of("img")


def test_lone_surrogates_do_not_stop_the_page(tmp_path: Path):
    one = sample.Result(sample.Cell("mlp"), "failed", "bad \ud800 text")
    assert "bad ? text" in written(tmp_path, [one])


@pytest.mark.parametrize(
    ("results", "shown", "absent"),
    [
        ([], "No configuration gave a full result", 'id="rows"'),
        (sample.troubled()[-3:], "No configuration gave a full result", "<figure"),
        (sample.results(("mlp",)), "the only configuration with this number", 'id="choose"'),
        (sample.results(("mlp", "lenet5"), epochs=0), "at 43", 'id="learning"'),
        (sample.results(("mlp", "lenet5"), repeats=1), "one process: no interval", "Traceback"),
    ],
    ids=["empty", "failed", "single", "untrained", "one process"],
)
def test_what_has_no_data_is_absent(tmp_path: Path, results: list, shown: str, absent: str):
    text = written(tmp_path, results)
    assert shown in text
    assert absent not in text
    assert "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", text)


def test_one_epoch_still_shows_what_a_second_buys(tmp_path: Path):
    results = sample.results(("mlp", "lenet5"), epochs=1)
    for result in results:
        if result.training:
            del result.training["epochs"][0]
    text = written(tmp_path, results)
    assert 'id="learning-test-accuracy-seconds"' in text
    assert 'id="learning-test-accuracy-epoch"' not in text


def test_a_single_point_is_no_curve(tmp_path: Path):
    results = sample.results(("mlp",), epochs=1)
    for result in results:
        if result.training:
            del result.training["epochs"][0]
    assert 'id="learning-test-accuracy-seconds"' not in written(tmp_path, results)


def test_facts_may_be_missing(tmp_path: Path):
    run = sample.create("bare", {}, tmp_path / "results")
    for result in sample.results(("mlp", "lenet5")):
        run.append(result)
    assert "revision unknown" in write(run, tmp_path / "reports").read_text("utf-8")


def test_the_index_lists_every_page_newest_first(tmp_path: Path):
    for name, started in (("old", "2026-01-01T08:00:00+00:00"), ("new", "2026-02-01T08:00:00+00:00")):
        write(sample.recorded(tmp_path, sample.results(("mlp",)), name, started=started), tmp_path / "reports")
    (tmp_path / "reports/other.html").write_text("<p>not ours")
    text = (tmp_path / "reports/index.html").read_text("utf-8")
    assert re.findall(r'<a href="(\w+)\.html"', text) == ["new", "old"]
    assert "2 runs, newest first" in text
    assert "AMD EPYC 7B13, 2 usable cores" in text


def test_a_run_named_index_does_not_overwrite_the_index(tmp_path: Path):
    path = write(sample.recorded(tmp_path, sample.results(("mlp",)), "index"), tmp_path / "reports")
    assert path.name == "run-index.html"
    assert page_of("history", tmp_path).name == "run-history.html"  # history.html is the page of all runs
    assert '<a href="run-index.html"' in (tmp_path / "reports/index.html").read_text("utf-8")


def test_seeds_of_a_configuration_share_a_row(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=3, repeats=2)))
    assert [row.label for row in record.rows] == ["mlp", "lenet5"]
    accuracy, cost = (record.rows[0].values[metric] for metric in ("accuracy", "relative_cost"))
    assert (accuracy.n, cost.n) == (3, 6)
    assert accuracy.low is not None
    assert [cell.seed for cell in record.rows[0].cells] == [0, 1, 2]


def test_a_cell_that_was_measured_again_counts_once(tmp_path: Path):
    results = sample.results(("mlp",), repeats=2)
    failed = sample.Result(results[0].cell, "failed", "killed", 0)
    record = read(sample.recorded(tmp_path, [failed, *results]))
    assert (record.rows[0].status, record.rows[0].values["relative_cost"].n) == ("ok", 2)
    assert (len(record.results), len(record.rows[0].steps)) == (2, 2)


def test_drawing_imports_no_torch():
    code = "import bench.report, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_published_figures_stand_beside_the_runs_own_with_what_differs(tmp_path: Path):
    text = written(tmp_path, sample.results(("mlp", "resnet8"), repeats=1, seeds=2))
    part = text[text.index('id="published"') : text.index('id="trust"')]
    assert "98.40 % (± 0.25 points allowed)" in part
    assert "not the same set-up" in part
    assert "batch size 64 instead of 128" in part
    assert '<a href="https://github.com/keras-team/keras/blob/2.0.0/examples/mnist_mlp.py" rel="noreferrer">' in part
    assert "98.40 % (± 0.25 points allowed), Keras examples/mnist_mlp.py</dt><dd>one run of theirs" in part
    assert ">resnet8" not in part
    assert 'id="published"' not in written(tmp_path / "other", sample.results(("resnet8",), repeats=1))


NEW = ("confusion", "digits", "mistakes", "gradients")  # keys that learning records once lacked


def test_records_from_before_the_images_still_have_a_page(tmp_path: Path):
    results = sample.results(("mlp", "lenet5"))
    for result in results:
        for key in NEW if result.training else ():
            del result.training[key]
        for entry in (result.training or {"epochs": []})["epochs"]:
            del entry["train_accuracy"]
    text = written(tmp_path, results)
    assert 'id="learning-test-loss-epoch"' in text
    assert 'id="seeing"' not in text
    assert 'id="learning-gradients-first"' not in text
    assert 'id="learning-train-accuracy-epoch"' not in text


def test_a_picture_of_one_configuration_goes_with_its_row(page: Path):
    figures = {element["id"]: element for element in Elements(page.read_text("utf-8")).of("figure")}
    close = [name for name in figures if name.startswith("seeing-confusion")]
    assert len(close) == 4
    assert all(figures[name]["data-rows"] == name.rpartition("-")[2] for name in close)
    assert "data-rows" not in figures["learning-test-loss-epoch"]


def test_a_cost_that_all_configurations_share_makes_no_picture(tmp_path: Path):
    results = sample.results(("mlp",), repeats=2)
    cells = [sample.Cell("mlp", optimizer=name, threads=2) for name in ("sgd", "adam")]
    alike = [replace(result, cell=cell) for cell in cells for result in results]
    text = written(tmp_path, alike)
    assert 'id="choose-parameters"' not in text


def test_accuracy_over_the_seeds_that_are_left_says_so(tmp_path: Path):
    results = sample.results(("mlp", "lenet5"), repeats=1, seeds=3)
    results[0] = sample.Result(results[0].cell, "diverged", "the loss is nan", training={"epochs": []})
    text = written(tmp_path, results)
    row = text[text.index('<tr data-row="r1"') :]
    names = re.findall(r'<th scope="col" data-column="(\w+)"', text)
    cells = dict(zip(names, re.findall(r"<td.*?</td>", row.partition("</tr>")[0]), strict=True))
    assert "n = 2 of 3 seeds, 1 diverged" in cells["accuracy"]
    assert ">2 of 3 seeds, 1 diverged</span>" in cells["accuracy"]
    assert '<td><span class="none"' in cells["time_to_accuracy"]
    assert "over the seeds that are left, which flatters: mlp (2 of 3 seeds, 1 diverged)" in text


def test_no_two_modules_of_the_script_have_a_function_of_one_name():
    """They share a scope, in which the later one would be called for both, and nothing would say so."""
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", page_script(), re.MULTILINE)
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert len(names) > 100
