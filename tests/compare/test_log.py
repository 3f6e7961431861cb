"""Comparison log: what is written line by line is read back the same, and damage is named with its line."""

import json

import pytest

from bench.compare.log import ComparisonLog
from bench.compare.records import CountsRecord, FailureRecord, MemoryRecord
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.verdict.verdict import Verdict

QUANTILES = {"min": (0.003, 0.004), "p10": (0.0031, 0.0042)}


@pytest.fixture
def written(told, tmp_path):
    path = tmp_path / "ab" / "one.jsonl"
    runs = {
        ("lenet5", 1): told.log_ratios(0.12, 6),
        ("lenet5", 2): told.log_ratios(0.1, 6),
        ("mlp", 1): told.log_ratios(0.0, 6),
    }
    return told.log(runs, path=path)


def rewritten(log, line, text):
    lines = log.path.read_text().splitlines()
    lines[line - 1] = text
    log.path.write_text("\n".join(lines) + "\n")
    return log.path


def without(text, key):
    return json.dumps({name: value for name, value in json.loads(text).items() if name != key})


def test_the_decision_is_the_same_from_the_file(written):
    again = decide(ComparisonLog.load(written.path))
    assert again == decide(written)
    assert again.exit_code == 1
    assert again.record == str(written.path)


def test_every_record_is_read_back_as_it_was(told, tmp_path):
    unmatched = (Verdict(cell="vgg4", metric="step", verdict="new", reason="only in b"),)
    log = told.log({}, path=tmp_path / "one.jsonl", unmatched=unmatched, notes=("a note",))
    log.note(CountsRecord("lenet5", {"flops": 1e6}, {"flops": 2e6}))
    log.note(FailureRecord("mlp", "after", "ValueError: no"))
    log.note(told.pair(0.1, cell="lenet5", run=2, statistic="p10", quantiles=QUANTILES, faults=3, steady=False))
    again = ComparisonLog.load(log.path)
    assert again.facts == log.facts
    assert again.cell_logs == log.cell_logs
    assert (again.ended, again.seconds) == (log.ended, log.seconds)


def test_every_line_is_on_disk_as_soon_as_it_is_noted(told, tmp_path):
    path = tmp_path / "one.jsonl"
    log = ComparisonLog(path, told.facts("mlp"))
    for count in range(3):
        assert len(path.read_text().splitlines()) == count + 1
        log.note(told.pair(0.0))


def test_a_last_line_that_was_cut_off_is_passed_over(written):
    text = written.path.read_text()
    written.path.write_text(text.rsplit("\n", 3)[0] + '\n{"cell":"mlp","ru')
    assert len(ComparisonLog.load(written.path).cell_logs["mlp"].pairs[1]) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 3 is damaged"),
        ("[]", r"line 3 is damaged \(Expected `object`, got `array`"),
        ("{}", r"line 3 is damaged \(there is no 'kind'"),
        (
            '{"kind": "pears"}',
            r"line 3 is damaged \('pears' is none of 'counts', 'memory', 'sameness', 'failure', 'pair', 'end'",
        ),
        (
            '{"kind": "end", "ended": "", "seconds": "long"}',
            r"line 3 is damaged \(Expected `float`, got `str` - at `\$\.seconds`",
        ),
        (
            '{"kind": "end", "ended": "bored", "seconds": 1}',
            r"line 3 is damaged \(Invalid enum value 'bored' - at `\$\.ended`",
        ),
        (
            '{"kind": "failure", "cell": "mlp", "side": "left", "reason": ""}',
            r"Invalid enum value 'left' - at `\$\.side`",
        ),
        (
            '{"kind": "failure", "cell": "vgg4", "side": "after", "reason": ""}',
            r"line 3 is damaged \(there is no 'vgg4'",
        ),
        (
            '{"kind": "counts", "cell": "mlp", "before": 1, "after": {}}',
            r"line 3 is damaged \(Expected `object`, got `int` - at `\$\.before`",
        ),
    ],
)
def test_a_damaged_line_is_named_with_what_is_wrong(written, text, words):
    with pytest.raises(BenchError, match=words) as caught:
        ComparisonLog.load(rewritten(written, 3, text))
    assert str(caught.value).endswith("remove that line to read the rest")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("log_ratio", None, "there is no 'log_ratio'"),
        ("run", 3, r"Expected `int` <= 2 - at `\$\.run`"),
        ("statistic", "p11", r"Invalid enum value 'p11' - at `\$\.statistic`"),
        ("phases", {"forward": [1.0]}, r"Expected `array` of length 2, got 1 - at `\$\.phases"),
        ("log_ratio", float("nan"), "JSON is malformed"),
        ("log_ratio", float("inf"), "JSON is malformed"),
        ("before", 0.0, r"Expected `float` > 0\.0 - at `\$\.before`"),
        ("after", -1.0, r"Expected `float` > 0\.0 - at `\$\.after`"),
    ],
)
def test_a_damaged_pair_is_named_with_what_is_wrong(written, key, value, words):
    pair = json.loads(written.path.read_text().splitlines()[2])
    if value is None:
        del pair[key]
    else:
        pair[key] = value
    with pytest.raises(BenchError, match=rf"line 3 is damaged \({words}"):
        ComparisonLog.load(rewritten(written, 3, json.dumps(pair)))


@pytest.mark.parametrize("key", ["tolerance", "cells", "blocks", "before"])
def test_a_first_line_that_lacks_something_is_damaged(written, key):
    first = written.path.read_text().splitlines()[0]
    with pytest.raises(BenchError, match=rf"line 1 is damaged \(there is no '{key}'.*compare again"):
        ComparisonLog.load(rewritten(written, 1, without(first, key)))


@pytest.mark.parametrize(
    ("first", "schema"), [('{"schema": 1, "cells": {}}', "1"), ('{"schema": 99}', "99"), ("{}", "None")]
)
def test_another_schema_is_refused(written, first, schema):
    with pytest.raises(BenchError, match=f"has schema {schema}, this version reads 3: decide on it with the version"):
        ComparisonLog.load(rewritten(written, 1, first))


def test_no_file_and_an_empty_one(tmp_path):
    with pytest.raises(BenchError, match="cannot read"):
        ComparisonLog.load(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(BenchError, match="holds no whole line"):
        ComparisonLog.load(tmp_path / "empty.jsonl")


def test_a_folder_that_cannot_be_made_is_told(told, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot write"):
        ComparisonLog(tmp_path / "file" / "one.jsonl", told.facts())


def test_the_file_is_plain_json(written):
    first, *lines = [json.loads(line) for line in written.path.read_text().splitlines()]
    assert (first["schema"], first["kind"]) == (3, "facts")
    assert {line["kind"] for line in lines[:-1]} == {"pair"}
    assert lines[-1] == {"kind": "end", "ended": "", "seconds": 42.0}


def test_a_file_that_is_there_already_is_left_alone(written, told):
    before = written.path.read_bytes()
    with pytest.raises(BenchError, match="exists already"):
        ComparisonLog(written.path, told.facts())
    assert written.path.read_bytes() == before


def test_a_comparison_that_has_not_ended_has_taken_no_time_yet(told, tmp_path):
    log = ComparisonLog(tmp_path / "one.jsonl", told.facts("mlp"))
    again = ComparisonLog.load(log.path)
    assert (log.ended, log.seconds) == (again.ended, again.seconds) == ("", 0.0)
    assert again.facts.same_costs is False


@pytest.mark.parametrize("tolerance", [-0.5, 0.0, 1.0, 1.5])
def test_a_tolerance_is_a_share(written, tolerance):
    first = json.loads(written.path.read_text().splitlines()[0])
    with pytest.raises(BenchError, match=r"line 1 is damaged .*\$\.tolerance"):
        ComparisonLog.load(rewritten(written, 1, json.dumps({**first, "tolerance": tolerance})))


def test_a_peak_of_memory_is_no_less_than_nothing(written):
    line = {"kind": "memory", "cell": "mlp", "before": 0, "after": 4e6}
    log = ComparisonLog.load(rewritten(written, 3, json.dumps(line)))
    assert log.cell_logs["mlp"].memory == [MemoryRecord("mlp", 0, 4e6)]
    with pytest.raises(BenchError, match=r"line 3 is damaged .*>= 0.*\$\.before"):
        ComparisonLog.load(rewritten(written, 3, json.dumps({**line, "before": -0.5})))
