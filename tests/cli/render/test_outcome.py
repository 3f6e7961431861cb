"""Outcome: what ends a run: the table, the first conclusions of its page, and where that is."""

import shutil
from pathlib import Path

import pytest

from bench.cli.render.outcome import print_outcome
from bench.cli.render.paint import print_lines
from bench.cli.render.summary import summary
from bench.plan.cell import Cell
from bench.store.result import Result
from bench.store.run import create, load

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


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_that_was_interrupted_before_its_first_cell_says_how_to_have_the_rest(
    tmp_path, monkeypatch, capsys, begun
):
    monkeypatch.chdir(tmp_path)
    run = create("mine", {"status": "interrupted", "plan": {"repeats": 3, "seeds": [0]}})
    if begun:
        run.append(Result(Cell("vgg6"), "skipped", "the run was interrupted before its turn"))
    assert print_outcome(run, report=False, as_json=False) == 130
    assert capsys.readouterr().out.count("the rest: python -m bench run --resume mine") == 1
    print_lines(summary(run, width=80))  # as `show` prints it
    assert "the rest: python -m bench run --resume mine" in " ".join(capsys.readouterr().out.split())
