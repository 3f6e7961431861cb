"""Pictures that are drawn in processes of their own, what is told meanwhile, and points that are drawn many at once."""

import io
import os
import re
from xml.etree import ElementTree as ET

import pytest

from bench.cli.render.drawing import drawing_shown
from bench.report.load import read
from bench.report.page import page
from bench.report.parallel import all_of
from bench.report.svg import SVG, style
from bench.report.tradeoffs import choosing
from tests.report import report_sample as sample


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("apart", [False, True])
def test_results_come_in_order_and_each_is_told(apart):
    heard = []
    functions = [lambda number, _at=at: (number + _at, os.getpid()) for at in range(3)]
    results = all_of(functions, 10, lambda done, count: heard.append((done, count)), apart=apart)

    assert [number for number, _ in results] == [10, 11, 12]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    if not apart:
        assert {process for _, process in results} == {os.getpid()}


def test_what_fails_there_fails_here():
    def fails(_):
        raise ValueError("no such picture")

    with pytest.raises(ValueError, match="no such picture"):
        all_of([fails, len], "text", lambda *_: None, apart=True)


def test_a_process_that_is_ended_costs_no_picture():
    here = os.getpid()
    results = all_of([lambda _: os.getpid() == here or os._exit(9), len], "text", lambda *_: None, apart=True)
    assert results == [True, 4]


def test_the_page_is_the_same_however_it_is_drawn(tmp_path, monkeypatch):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), repeats=1)))
    monkeypatch.setattr("bench.report.sections.ENOUGH_ROWS", 2)
    apart = page(record)
    monkeypatch.setattr("bench.report.sections.ENOUGH_ROWS", 3)
    assert page(record) == apart


def test_a_terminal_shows_how_far_the_page_is_and_a_file_nothing(tmp_path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp",), repeats=1, epochs=0)))
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with drawing_shown(stream):
            page(record)

    lines = terminal.getvalue().split("\r\033[K")
    shown = [re.search(r"(\d+) of (\d+) parts of the page", line) for line in lines[2:-1]]
    parts = int(shown[0][2])
    assert parts > 5
    assert [tuple(map(int, each.groups())) for each in shown] == [(at, parts) for at in range(1, parts + 1)]
    assert lines[-2].startswith(f"drawing [{'#' * 24}] ")
    assert lines[-1] == ""
    assert file.getvalue() == ""


def test_each_point_and_each_of_its_bars_is_the_mark_of_its_row(tmp_path):
    record = read(sample.recorded(tmp_path, sample.results(repeats=3, seeds=2)))
    with style():
        picture = next(each for each in choosing(record) if each.name == "choose-relative-cost")
    root = ET.fromstring(picture.svg)
    tags = SVG + "use", SVG + "path"
    shapes = [shape for shape in root.iter() if shape.tag in tags and shape.get("class") == "mark"]
    rows = {row.key for row in record.judged("relative_cost")}

    assert len(rows) == len(sample.NETS)
    for key in rows:
        texts = [shape.findtext(SVG + "title") for shape in shapes if shape.get("data-rows") == key]
        label = next(row.label for row in record.rows if row.key == key)
        assert len(texts) in (3, 4)  # a point, two bars for which it speaks, and a ring where it is tied
        assert [text for text in texts if text] == [text for keys, text in picture.numbers if keys == key]
        assert any(text and text.startswith(f"{label}: ") for text in texts)
