"""The section on memory: what each step holds when, in pictures and sentences; nothing where nothing was recorded."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.plan.cell import Cell
from bench.report import svg, write
from bench.report.load import read
from bench.report.memory import MOST_PICTURES, memory
from bench.store.result import Measurement, Result
from bench.vocabulary import MEMORY_CATEGORIES
from tests.report import report_sample as sample

EAGER = Cell("resnet8", threads=1)
AGAIN = replace(EAGER, mode="recompute")


def held(activations):
    """A step of a second: weights all the time, activations from forward into backward, where the peak is."""
    sizes = {
        "weights": (100, 100, 100, 100),
        "activations": (0, activations, activations, 0),
        "temporary": (0, 0, 20, 0),
    }
    return {
        "seconds": [0.0, 0.2, 0.5, 0.9],
        "bytes": {name: list(sizes.get(name, (0, 0, 0, 0))) for name in MEMORY_CATEGORIES},
        "phases": [{"phase": "forward", "start": 0.1}, {"phase": "backward", "start": 0.4}],
        "end": 1.0,
    }


def result(cell, step, peak, repeat=0, memory=None):
    most = max(map(sum, zip(*memory["bytes"].values(), strict=True))) if memory else 0
    taken = {"step": step, "peak_memory": peak, **({"held_memory": float(most)} if memory else {})}
    measured = tuple(Measurement.of_value(name, value, "p25", 1) for name, value in taken.items())
    return Result(cell, "ok", None, repeat, measured, memory=memory)


@pytest.fixture
def traded(tmp_path):
    """Two processes each of a cell and of the same with activation checkpointing."""
    results = [
        *(result(EAGER, 1.0, 700.0, memory=held(480)), result(EAGER, 1.02, 704.0, 1)),
        *(result(AGAIN, 1.3, 400.0, memory=held(80)), result(AGAIN, 1.31, 402.0, 1)),
    ]
    return sample.recorded(tmp_path / "results", results)


def test_each_step_has_a_picture_and_a_sentence_about_its_peak(traded):
    peaks, eager, again, _ = memory(read(traded))
    assert [peaks.name, eager.name, again.name] == ["memory-peaks", "memory-step", "memory-step-2"]
    assert eager.title == "A step of resnet8 · eager"
    plain = eager.caption.replace("\u00a0", " ")
    assert plain.startswith(
        "At the peak, 600 B in the backward phase, 80 % of the bytes are activations, 17 % weights and 3.3 % temporary."
    )
    texts = [text.replace("\u00a0", " ") for _, text in eager.numbers]
    assert "resnet8 · eager: activations 480 B at most, 80 % of the step's peak" in texts
    assert not any("gradients" in text for text in texts)  # none were held
    assert [text.replace("\u00a0", " ") for _, text in peaks.numbers if "eager: " in text and "weights" in text] == [
        "resnet8 · eager: 100 B weights, 17 % of its peak"
    ]


def test_pictures_are_well_formed_and_tied_to_their_rows(traded):
    record = read(traded)
    keys = {row.label: row.key for row in record.rows}
    for picture in memory(record)[1:3]:
        root = ET.fromstring(picture.svg)
        marks = {element.get("data-rows") for element in root.iter() if element.get("class") == "mark"}
        assert marks == {keys[picture.title.removeprefix("A step of ")]} == {picture.rows}


def test_time_added_and_memory_saved_stand_side_by_side_with_intervals(traded):
    with svg.style():
        trade = memory(read(traded))[-1]
    time, memory_of_process, bytes_held = (text for _, text in trade.numbers)
    assert trade.name == "memory-trade"
    assert "time, recomputed 1.29\u00d7 (1.19 to 1.40" in time
    assert re.search("memory, recomputed 0[.]57[0-9]?\u00d7 [(]0[.]5[0-9]+ to 0[.][0-9]+", memory_of_process)
    assert "held, recomputed 0.333\u00d7" in bytes_held  # of 200 bytes and of 600
    assert trade.caption.endswith("against eager ones: resnet8 \u00b7 recompute 67\u00a0% less.")
    assert re.findall(r"[+-]\d+ %", trade.svg) == ["+29 %", "-43 %"]


def test_a_run_without_a_recording_has_no_section(tmp_path):
    run = sample.recorded(tmp_path / "results", [result(EAGER, 1.0, 700.0)])
    assert memory(read(run)) == []
    assert 'id="memory"' not in write(run, tmp_path / "reports").read_text("utf-8")


def test_pictures_of_single_steps_are_few(tmp_path):
    cells = [replace(EAGER, batch_size=8 * size) for size in range(1, MOST_PICTURES + 4)]
    run = sample.recorded(tmp_path / "results", [result(cell, 1.0, 700.0, memory=held(1)) for cell in cells])
    assert len(memory(read(run))) == 1 + MOST_PICTURES
