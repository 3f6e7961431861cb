"""Files that a real run of this schema wrote are read, command by command, with exactly the values of then."""

import csv
import io
import json

import numpy as np
import pytest

from bench.cli import run_command_line
from bench.store.result import decode_samples
from bench.store.run import load
from bench.store.summary import summaries
from tests.format import documents
from tests.format.fields import ABSENT, EITHER
from tests.format.golden import COMMANDS, EXPECTED, laid_out, said


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder with the files that are kept, and the current one."""
    laid_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def typed(capsys):
    def call(*words):
        code = run_command_line([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


def same(now, then):
    """Equal, numbers but for what another version of numpy rounds otherwise."""
    if isinstance(then, dict):
        return now.keys() == then.keys() and all(same(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(same, now, then))
    return now == (pytest.approx(then, rel=1e-9) if isinstance(then, float) else then)


def table(text):
    """The rows of a CSV, numbers as such."""
    return [[number(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return cell


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_said(kept, typed, name):
    _, stdout, stderr = typed(*COMMANDS[name])
    assert "Traceback" not in stderr
    now, then = said(name, stdout, kept), (EXPECTED / name).read_text("utf-8")
    if name.endswith(".json"):
        assert same(now, json.loads(then))
    elif name.endswith(".csv"):
        assert same(table(now), table(then))
    else:
        assert now == then


def test_what_is_kept_has_all_kinds(kept):
    lines = list(load("second").lines())
    assert {line["status"] for line in lines} == {"ok", "failed", "skipped"}
    assert any(line["cell"]["origins"] for line in lines)
    assert next(load("imported").lines())["cell"]["dataset"] == "pytest-benchmark"


def test_values_follow_from_the_samples(kept):
    quantiles = {"p10": 0.1, "p25": 0.25, "median": 0.5}
    readings = [each for line in load("second").lines() for each in line["measurements"] if "samples" in each]
    assert readings
    for reading in readings:
        samples = decode_samples(reading)
        assert len(samples) == reading["n"]
        assert np.quantile(samples, quantiles[reading["statistic"]]) == pytest.approx(reading["value"], rel=1e-6)


OBJECTS = {
    "Run": lambda: [load(name).stored for name in ("first", "second", "imported")],
    "Plan": lambda: [load("second").stored["plan"]],
    "Git": lambda: [load("second").stored["git"]],
    "Ceiling": lambda: load("second").stored["ceilings"],
    "Line": lambda: lines("second"),
    "Cell": lambda: [line["cell"] for line in lines()],
    "Warning": lambda: [warning for line in lines() for warning in line["warnings"]],
    "Measurement": lambda: [each for line in lines() for each in line["measurements"]],
    "Spread": lambda: [each["spread"] for line in lines("imported") for each in line["measurements"] if spread(each)],
    "Origin": lambda: list(load("second").stored["origins"].values()),
    "System": lambda: [line["system"] for run in ("second", "imported") for line in lines(run)],
    "Profile": lambda: [line["profile"] for line in lines() if line["profile"]],
    "Block": lambda: [block for line in lines() for block in line["blocks"]],
    "Learning record": lambda: [line["training"] for line in lines() if line["training"]],
    "Evaluation": lambda: [each for line in lines() if line["training"] for each in line["training"]["epochs"]],
    "Decision": lambda: [decision()],
    "Verdict": lambda: decision()["verdicts"],
    "Interval": lambda: [each["ratio"] for each in decision()["verdicts"] if each["ratio"]],
    "Accepted": lambda: [line for line in raw("results/baselines/main.jsonl") if "cell" in line],
    "Lines that others name": lambda: [line for line in raw("results/baselines/main.jsonl") if "cell" not in line],
    **{
        kind.capitalize(): lambda kind=kind: compared(kind)
        for kind in ("facts", "counts", "sameness", "pair", "end")
    },
    "Layout": lambda: [each for line in compared("pair") for each in line["layouts"]],
    "Side": lambda: [compared("facts")[0][side] for side in ("before", "after")],
    "Shown": lambda: [{key: each for key, each in expected("show.json").items() if key not in load("second").stored}],
    "Column": lambda: [dict.fromkeys(header(name)) for name in ("imported.csv",)],
    "Baseline shown": lambda: expected("baseline.json")["summaries"],
    "Series": lambda: expected("history.json")["series"],
    "Point": lambda: [point for series in expected("history.json")["series"] for point in series["points"]],
}  # fmt: skip


def read(path):
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - of the current folder
        return file.read()


def lines(run="second"):
    return raw(f"results/{run}/results.jsonl")


def raw(path):
    return [json.loads(line) for line in read(path).splitlines()]


def compared(kind):
    return [line for line in raw("results/ab/golden.jsonl") if line["kind"] == kind]


def spread(measurement):
    return measurement.get("spread")


def decision():
    return json.loads(read("results/second/check.json"))


def expected(name):
    return json.loads((EXPECTED / name).read_text("utf-8"))


def header(name):
    return next(csv.reader(io.StringIO((EXPECTED / name).read_text("utf-8"))))


TABLES = {table.title: table for document in documents.DOCUMENTS for table in document.tables}


@pytest.mark.parametrize("title", OBJECTS)
def test_a_file_has_the_fields_of_the_page(kept, title):
    rows = {row.name: row for row in TABLES[title].rows()}
    optional = {name for name, row in rows.items() if row.missing in (ABSENT, EITHER)}
    objects = OBJECTS[title]()
    assert objects
    for each in objects:
        assert each.keys() - rows.keys() == set()
        assert rows.keys() - each.keys() - optional == set()
        null = {name for name, value in each.items() if value is None and "null" not in rows[name].missing}
        assert null == set() or title == "Column"


def test_the_columns_stand_in_the_order_of_the_page():
    names = [row.name for row in TABLES["Column"].rows()]
    assert header("imported.csv") == names
    assert header("show.csv") == [name for name in names if name in header("show.csv")]


def raised(path, number):
    """Write the schema of a file one higher, as a later version would."""
    text = path.read_text("utf-8")
    changed = text.replace(f'"schema": {number}', f'"schema": {number + 1}', 1)
    changed = changed if changed != text else text.replace(f'"schema":{number}', f'"schema":{number + 1}', 1)
    assert changed != text
    path.write_text(changed, "utf-8")


LATER = [
    ("results/second/run.json", 2, ("show", "second"), 2),
    ("results/second/results.jsonl", 2, ("show", "second"), 2),
    ("results/second/results.jsonl", 2, ("check", "second", "--no-ab"), 2),
    ("results/second/check.json", 1, ("baseline", "save", "second", "--contended"), 2),
    ("results/ab/golden.jsonl", 3, ("ab", "--recompute", "results/ab/golden.jsonl"), 2),
    ("results/baselines/main.jsonl", 2, ("baseline", "show", "main"), 4),  # as all that cannot be compared
]


@pytest.mark.parametrize("later", LATER, ids=[" ".join(entry[2]) for entry in LATER])
def test_a_file_of_a_later_schema_is_refused_with_a_word(kept, typed, later):
    path, number, words, code = later
    raised(kept / path, number)
    ended, stdout, stderr = typed(*words)
    (line,) = [line for line in stderr.splitlines() if "schema" in line]
    assert (ended, stdout) == (code, "")
    assert line.startswith(f"bench: {path}")
    assert f"has schema {number + 1}, this version reads {number}: " in line


def test_a_calibration_of_a_later_schema_is_refused_with_a_word(kept, typed):
    digest = summaries(load("second"))[0].machine.digest
    (kept / "results/calibrations").mkdir()
    path = kept / f"results/calibrations/{digest}.json"
    path.write_text('{"schema": 4}')
    ended, _, stderr = typed("check", "second", "--no-ab")
    assert ended == 2
    assert f"{path.relative_to(kept)} has schema 4, this version reads 3: calibrate again" in stderr


@pytest.mark.slow
def test_a_check_of_a_later_schema_is_told_on_the_page(kept, typed):
    raised(kept / "results/second/check.json", 1)
    ended, stdout, _ = typed("report", "second")
    assert ended == 0
    page = (kept / stdout.strip()).read_text("utf-8")
    assert "results/second/check.json has schema 2, this version reads 1: check the run again" in page
