"""Stored lines: a line that is not as it was written is damage, named in one line, whatever part of it is wrong."""

import json
from contextlib import nullcontext
from dataclasses import MISSING, fields

import numpy as np
import pytest

from bench.errors import BenchError
from bench.files import check_shape
from bench.plan.cell import Cell
from bench.report import write
from bench.store.frame import configurations, frame
from bench.store.result import Measurement, Result
from bench.store.run import create, load
from bench.store.stored import CELL_FIELDS, parse_line
from bench.store.summary import summaries
from bench.store.warning import Warning
from tests.store.planted import measured, recorded

GOOD = Result(
    Cell("mlp", threads=2),
    "ok",
    repeat=1,
    measurements=(
        Measurement.of_samples("step", np.array([1e-3, 2e-3, 3e-3]), threads=2),
        Measurement.of_value("parameters", 10.0, "exact"),
    ),
    blocks=({"subject": "cell", "started": 0.0, "wall": 0.1, "cpu": 0.1, "faults": 0, "preempted": 0, "steps": 3},),
    training={"seed": 0, "epochs": [{"epoch": 1, "steps": 3, "seconds": 1.0, "test_accuracy": 0.9}]},
    operators={"forward": {"aten.addmm": 2}},
    memory={
        "seconds": [0.0, 0.5],
        "bytes": {"weights": [10, 10], "temporary": [0, 5]},
        "phases": [{"phase": "forward", "start": 0.0}],
        "end": 1.0,
    },
    warnings=(Warning("phases", "contended", 0.2, "a neighbour"),),
    started="2026-11-26T00:00:00+00:00",
    seconds=1.5,
)


@pytest.fixture
def read(tmp_path):
    """Reads a run whose only line is the text, whole and by its head."""

    def lines(text):
        run = create("mine", {"plan": {}}, tmp_path)
        (run.folder / "results.jsonl").write_bytes(text + b"\n")
        again = load("mine", tmp_path)
        return list(again.heads()), list(again.lines()), again.results()

    return lines


def test_a_line_is_read_as_it_was_written(read):
    heads, lines, results = read(GOOD.to_line("abc").encode())
    assert heads[0]["id"] == lines[0]["id"] == GOOD.cell.id
    np.testing.assert_allclose(results[0].measurements[0].samples, [1e-3, 2e-3, 3e-3], rtol=1e-6)
    assert results[0].training == GOOD.training


def test_a_mark_of_the_byte_order_is_passed_over(read):
    assert read(b"\xef\xbb\xbf" + GOOD.to_line().encode())[1][0]["repeat"] == 1


def at(stored, path, value):
    """The stored line with another value at the path, or without it where the value is `...`."""
    *way, last = path
    place = stored
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return stored


WRONG = [
    (("memory",), {}),
    (("memory", "seconds"), []),
    (("memory", "seconds"), [0.5, 0.0]),
    (("memory", "seconds"), [0.0, "soon"]),
    (("memory", "seconds"), [0.0] * 1001),
    (("memory", "bytes", "weights"), [10]),
    (("memory", "bytes", "weights"), [10, -1]),
    (("memory", "bytes"), {"dreams": [1, 2]}),
    (("memory", "phases"), [{"phase": "forward"}]),
    (("memory", "end"), None),
    (("cell",), ...),
    (("cell",), "mlp"),
    (("cell", "architecture"), 3),
    (("cell", "threads"), "two"),
    (("cell", "threads"), True),
    (("cell", "learning_rate"), "fast"),
    (("cell", "origins"), "evil.py:Net"),
    (("id",), "lenet5-sgd-mnist-b64-cpu-t1"),
    (("status",), ...),
    (("status",), "fine"),
    (("reason",), 3),
    (("repeat",), -1),
    (("repeat",), 1.5),
    (("repeat",), True),
    (("seconds",), "long"),
    (("seconds",), -1.0),
    (("warnings",), None),
    (("warnings", 0, "kind"), "odd"),
    (("warnings", 0, "amount"), "much"),
    (("measurements",), ...),
    (("measurements",), {"step": 1}),
    (("measurements", 0), "step"),
    (("measurements", 0, "metric"), ...),
    (("measurements", 0, "unit"), 7),
    (("measurements", 0, "statistic"), "best"),
    (("measurements", 0, "direction"), "sideways"),
    (("measurements", 0, "value"), "0.1"),
    (("measurements", 0, "value"), True),
    (("measurements", 0, "threads"), -2),
    (("measurements", 0, "n"), 1e999),
    (("blocks", 0, "wall"), "long"),
    (("training",), "learnt"),
    (("training", "epochs"), 3),
    (("training", "epochs", 0, "test_accuracy"), "good"),
    (("operators",), "many"),
    (("operators", "forward", "aten.addmm"), 1.5),
    (("system",), []),
    (("samples",), []),
    (("samples", "step"), "AAA"),
    (("samples", "step"), "AAAAAAA="),
    (("samples", "nothing"), "AAAAAA=="),
    (("measurements", 0, "value"), -1e-3),
    (("samples", "step"), "AACAvwAAgL8AAIC/"),  # -1, three times
    (("samples", "step"), ""),  # three were counted
    (("samples",), {}),
    (("measurements", 0, "n"), 4),
    (("measurements", 0, "n"), ...),
    (("measurements", 1, "metric"), "step"),
]


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[f"{'.'.join(map(str, path))}={value}" for path, value in WRONG])
def test_a_line_of_another_shape_is_damage(read, path, value):
    stored = at(json.loads(GOOD.to_line()), path, value)
    text = json.dumps(stored, separators=(",", ":")).encode()
    with pytest.raises(BenchError, match=r"results\.jsonl line 1 is damaged \([^\n]*\): remove that line") as error:
        read(text)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "[" * 20_000 + "]" * 20_000, '"\\ud800"']
)
def test_what_json_has_not_is_damage(read, number):
    text = GOOD.to_line().replace('"value":10.0', f'"value":{number}').encode()
    with pytest.raises(BenchError, match=r"line 1 is damaged"):
        read(text)


def test_a_reason_with_half_a_pair_of_utf_16_is_written_as_a_question_mark(read):
    [line] = read(Result(Cell("mlp"), "failed", "bad \ud800 text").to_line().encode())[1]
    assert line["reason"] == "bad ? text"


@pytest.mark.parametrize(
    ("path", "value", "fits"),
    [
        (("repeat",), 0, True),
        (("repeat",), 2**62, True),
        (("repeat",), 2**62 + 1, False),
        (("seconds",), 0.0, True),
        (("seconds",), 1e12, True),
        (("seconds",), 1e12 + 1, False),
        (("measurements", 1, "value"), 1e100, True),
        (("measurements", 1, "value"), -1e100, True),
        (("measurements", 1, "value"), 1.1e100, False),
        (("measurements", 1, "value"), -1.1e100, False),
    ],
)
def test_a_number_is_taken_up_to_where_nothing_is_measured(path, value, fits):
    line = json.dumps(at(json.loads(GOOD.to_line()), path, value), separators=(",", ":")).encode()
    with nullcontext() if fits else pytest.raises(ValueError, match="Expected"):
        parse_line(line)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [("seed", 0, True), ("seed", -1, False), ("learning_rate", 0.5, True), ("learning_rate", 0.0, False)],
)
def test_a_field_of_a_cell_is_taken_as_far_as_it_can_be(name, value, fits):
    with nullcontext() if fits else pytest.raises(ValueError, match="Expected"):
        check_shape(value, CELL_FIELDS[name])


def without_defaults(run):
    """Have the run's lines leave out what of their cells is at its default, as a newer version may."""
    path = run.folder / "results.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    usual = {each.name: each.default for each in fields(Cell) if each.default is not MISSING}
    for line in lines:
        line["cell"] = {name: value for name, value in line["cell"].items() if usual.get(name, ...) != value}
    assert all("split" not in line["cell"] for line in lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_cell_that_leaves_out_its_defaults_is_the_same_cell(tmp_path):
    cells = [Cell("mlp", threads=2, seed=seed) for seed in (0, 1)]
    results = [measured(cell, "xeon", step=1e-3, accuracy=0.9 + cell.seed / 100) for cell in cells]
    run = recorded(tmp_path, "mine", [*results, measured(cells[0], "xeon", 1, step=2e-3)])
    readers = (frame, configurations, summaries, lambda run: write(run, tmp_path).read_text())
    whole = [str(reader(load("mine", tmp_path))) for reader in readers]
    without_defaults(run)
    assert [str(reader(load("mine", tmp_path))) for reader in readers] == whole
