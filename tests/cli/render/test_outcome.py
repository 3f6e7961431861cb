"""Outcome: what ends a run: the table, the first conclusions of its page, and where that is."""

import shutil
from pathlib import Path

import pytest

from bench.cli.render.outcome import print_outcome
from bench.store.run import load

GOLDEN = Path(__file__).parents[2] / "golden/results/second"


@pytest.mark.slow
def test_the_first_three_sentences_of_the_page_and_its_path_come_last(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")
    shutil.copytree(GOLDEN, tmp_path / "results/second")
    assert print_outcome(load("second"), report=True, as_json=False) == 0
    *_, blank, first, second, third, ending, report = capsys.readouterr().out.splitlines()
    assert blank == ""
    assert ending == "finished: 4 ok, 6 skipped, 2 failed; results in results/second"
    assert report == "report: reports/second.html"
    page = " ".join((tmp_path / "reports/second.html").read_text("utf-8").split())
    places = [page.index(sentence.partition(": ")[2]) for sentence in (first, second, third)]
    assert places == sorted(places)
