"""Ledger: what is written line by line is read back the same, and damage is named with its line."""

import json

import pytest

from bench.compare.log import Ledger
from bench.compare.verdicts import decide
from bench.errors import BenchError


@pytest.fixture
def written(told, tmp_path):
    path = tmp_path / "ab" / "one.jsonl"
    runs = {("lenet5", 1): told.logs(0.12, 6), ("lenet5", 2): told.logs(0.1, 6), ("mlp", 1): told.logs(0.0, 6)}
    return told.ledger(runs, path=path)


def test_the_decision_is_the_same_from_the_file(written):
    again = decide(Ledger.load(written.path))
    assert again == decide(written)
    assert again.exit_code == 1
    assert again.record == str(written.path)


def test_every_line_is_on_disk_as_soon_as_it_is_noted(told, tmp_path):
    path = tmp_path / "one.jsonl"
    ledger = Ledger(path, {**told.facts, "cells": {"mlp": []}})
    for count in range(3):
        assert len(path.read_text().splitlines()) == count + 1
        ledger.note({"cell": "mlp", "run": 1, "pair": told.pair(0.0)})


def test_a_last_line_that_was_cut_off_is_passed_over(written):
    text = written.path.read_text()
    written.path.write_text(text.rsplit("\n", 3)[0] + '\n{"cell":"mlp","ru')
    assert len(Ledger.load(written.path).stories["mlp"].pairs[1]) == 5


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (3, "{", "line 3 is damaged"),
        (3, "[]", r"line 3 is damaged \(it holds no object\)"),
        (3, '{"cell": "vgg4", "run": 1, "pair": {}}', r"line 3 is damaged \('vgg4'\)"),
        (1, '{"schema": 99, "cells": {}}', "has schema 99, this version reads 1"),
    ],
)
def test_damage_is_named(written, line, text, words):
    lines = written.path.read_text().splitlines()
    lines[line - 1] = text
    written.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BenchError, match=words):
        Ledger.load(written.path)


def test_no_file_and_an_empty_one(tmp_path):
    with pytest.raises(BenchError, match="cannot read"):
        Ledger.load(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(BenchError, match="holds no whole line"):
        Ledger.load(tmp_path / "empty.jsonl")


def test_a_folder_that_cannot_be_made_is_told(told, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot write"):
        Ledger(tmp_path / "file" / "one.jsonl", {**told.facts, "cells": {}})


def test_the_file_is_plain_json(written):
    first, *lines = [json.loads(line) for line in written.path.read_text().splitlines()]
    assert first["schema"] == 1
    assert lines[-1] == {"ended": "", "seconds": 42.0}


def test_a_file_that_is_there_already_is_left_alone(written, told):
    before = written.path.read_bytes()
    with pytest.raises(BenchError, match="exists already"):
        Ledger(written.path, {**told.facts, "cells": {}})
    assert written.path.read_bytes() == before
