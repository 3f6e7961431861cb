"""Figures and tables of a run for other programs: the page's pictures and numbers, in its light colours."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.report import figures, svg
from bench.report.drawing import Drawing
from bench.report.load import read
from bench.report.plotting import Picture, finish, keep, kept
from bench.report.run_sheet import sheet
from bench.report.sheet import written
from bench.text import TIMES
from tests.report import report_sample as sample


def plotted() -> list[Picture]:
    """One picture by matplotlib, in which one artist has two colours, and one drawn by hand."""
    canvas = svg.canvas("dots")
    canvas.axes.scatter([0, 1], [0, 1], s=400, c=[svg.SERIES[0], svg.SERIES[2]])
    canvas.axes.plot([0, 1], [1, 1], color=svg.INK)
    drawing = Drawing("boxes", 60, 30)
    drawing.rect((5, 5, 20, 10), "fill: var(--c2); fill-opacity: 0.5; stroke: var(--line); stroke-width: 0.5")
    drawing.text(30, 20, "<$x_1$>")
    drawing.image(40, 5, 10, np.full((3, 4, 4), 200, np.uint8))
    keep(drawing)
    return [finish(canvas, "Dots", "two"), Picture("boxes", "Boxes", "", drawing.rendered("Boxes", "one"), ())]


def colours(path: Path) -> set[str]:
    """The colours of a PNG that are more than a stray pixel."""
    image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    return {f"#{red:02x}{green:02x}{blue:02x}" for count, (red, green, blue) in image.getcolors(2**20) if count > 20}


def test_pictures_of_both_kinds_become_files_in_the_light_colours(tmp_path):
    assert figures.write(plotted, tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in ("dots", "boxes") for kind in ("png", "svg", "pdf")
    }
    light = figures.light()
    assert {light["--surface"], light["--c1"], light["--c3"], light["--ink"]} <= colours(tmp_path / "dots.png")
    assert "#c8c8c8" in colours(tmp_path / "boxes.png")
    for path in tmp_path.glob("*.svg"):
        text = path.read_text("utf-8")
        assert "var(" not in text
        assert light["--surface"] in text
    assert "&lt;$x_1$&gt;" in (tmp_path / "boxes.svg").read_text("utf-8")


def test_the_same_picture_is_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        figures.write(lambda: plotted()[1:], tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_table_of_a_run_has_texts_for_people_and_values_for_programs(tmp_path):
    table = sheet(read(sample.recorded(tmp_path, sample.troubled())))
    text = written(table, "markdown").replace("\u00a0", " ")
    assert text.startswith(f"| Configuration | Relative cost ({TIMES} the reference) |")
    assert re.search(r"^\| mlp \| [\d.]+ ± [\d.]+ % \|", text, re.MULTILINE)
    (mlp,) = (row for row in table.values if row["configuration"] == "mlp")
    assert mlp["relative_cost_low"] < mlp["relative_cost"] < mlp["relative_cost_high"]
    assert mlp["parameters"] == 669_706
    failed = next(row for row in table.values if row["status"] != "ok")
    assert failed["reason"]


@pytest.mark.slow
def test_every_picture_of_a_page_is_kept_as_it_was_drawn(tmp_path):
    record = read(sample.recorded(tmp_path, sample.troubled()))
    with svg.style(), kept() as drawn:
        names = {picture.name for picture in figures.of_record(replace(record, rows=record.rows[:2]))}
    assert names == set(drawn)
    assert {"key", "speed-cost", "choose-throughput"} <= names
