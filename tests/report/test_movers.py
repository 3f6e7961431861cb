"""Movers: what was planted to move is told, in its direction, and what was not is within noise."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.cli import run_command_line
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.report.across import across
from bench.report.movers import compare
from bench.report.movers_section import sheet
from bench.report.runs_document import document
from bench.report.runs_page import page
from bench.report.sheet import written
from bench.stats.interval import Interval, of_ratios
from bench.stats.multiple_testing import holm
from bench.stats.shift import shift
from bench.store.run import load
from bench.store.warning import Warning
from tests.store.planted import CODE, measured, recorded

NETS = ("mlp", "lenet5", "vgg4", "resnet8")
# What each net's cost and step are multiplied by in the second run.
CHANGES = {"mlp": 1.0, "lenet5": 1.3, "vgg4": 0.8, "resnet8": 1.0}
SPREAD = (0.99, 1.0, 1.01, 1.005, 0.995)


def results(host="xeon", by=None, spread=SPREAD, nets=NETS, **also):
    return [
        measured(
            *(Cell(name, threads=2), host, repeat),
            step=0.01 * factor * (by or {}).get(name, 1.0),
            relative_cost=2.0 * factor * (by or {}).get(name, 1.0),
            relative_reference=0.005,
            parameters=61706,
            **also,
        )
        for name in nets
        for repeat, factor in enumerate(spread)
    ]


def against(tmp_path, before, after, **facts):
    runs = [recorded(tmp_path, "before", before), recorded(tmp_path, "after", after, **facts)]
    (only,) = compare(across(runs))
    return only


def words(moves):
    return {move.net.cell.architecture: move.word for move in moves}


def test_what_moved_is_told_and_stands_first(tmp_path):
    compared = against(tmp_path, results(), results(by=CHANGES))
    moves = compared.tables["relative_cost"]
    assert words(moves) == {"lenet5": "loss", "vgg4": "gain", "mlp": "within noise", "resnet8": "within noise"}
    assert [move.word for move in moves] == ["loss", "gain", "within noise", "within noise"]
    assert [move.by.value for move in moves] == pytest.approx([1.3, 0.8, 1.0, 1.0])
    assert [move.metric for move in compared.movers] == ["relative_cost", "relative_cost", "step", "step"]
    assert compared.reference == pytest.approx(1.0)
    assert "parameters" not in compared.tables  # which are the same


def test_more_of_a_rate_is_a_gain(tmp_path):
    before, after = (
        [measured(Cell("mlp", threads=2, seed=seed), "xeon", accuracy=share + seed / 1000) for seed in range(4)]
        for share in (0.9, 0.95)
    )
    (move,) = against(tmp_path, before, after).tables["accuracy"]
    assert (move.word, move.is_ratio) == ("gain", False)
    assert move.by.value == pytest.approx(0.05)
    assert (move.by.low < 0.05 < move.by.high) is True


def test_an_accuracy_that_time_or_epochs_decide_is_not_told(tmp_path):
    cut = (Warning("training", "time limit", 3.0, "training was ended"),)
    before = [measured(Cell("mlp", threads=2, seed=seed), "xeon", accuracy=0.9 + seed / 1000) for seed in range(4)]
    after = [measured(Cell("mlp", threads=2, seed=seed), "xeon", accuracy=0.95 + seed / 1000) for seed in range(4)]
    limited = [replace(result, warnings=cut) for result in after]
    assert words(against(tmp_path / "limit", before, limited).tables["accuracy"]) == {"mlp": "not told"}
    assert words(against(tmp_path / "epochs", before, after, plan=Plan(epochs=7)).tables["accuracy"]) == {
        "mlp": "not told"
    }


def test_an_exact_number_that_changed_is_told(tmp_path):
    after = [measured(Cell("mlp", threads=2), "xeon", repeat, step=0.01, parameters=7) for repeat in range(3)]
    before = [measured(Cell("mlp", threads=2), "xeon", repeat, step=0.01, parameters=5) for repeat in range(3)]
    (move,) = against(tmp_path, before, after).tables["parameters"]
    assert (move.word, move.by.value) == ("loss", pytest.approx(1.4))


@pytest.mark.parametrize("kind", ["contended", "alone"])
def test_what_nothing_tells_is_not_told(tmp_path, kind):
    disturbed = (Warning("relative cost", "contended", 0.5, "other work took the core"),)
    after = results(by=CHANGES, spread=(1.0,)) if kind == "alone" else results(by=CHANGES)
    if kind == "contended":
        after = [replace(result, warnings=disturbed) for result in after]
    assert set(words(against(tmp_path, results(), after).tables["relative_cost"]).values()) == {"not told"}


def test_costs_of_another_protocol_are_not_compared(tmp_path):
    protocol = {**CODE["protocol"], "reference": "cccccccccccc"}
    compared = against(tmp_path, results(), results(by=CHANGES), protocol=protocol)
    assert compared.redefined == ("reference aaaaaaaaaaaa -> cccccccccccc",)
    assert list(compared.tables) == ["step"]
    assert compared.reference is None


def test_of_another_machine_only_times_compare(tmp_path):
    runs = [recorded(tmp_path, "a", results("xeon")), recorded(tmp_path, "b", results("epyc", by=CHANGES))]
    (compared,) = compare(across(runs))
    assert list(compared.tables) == ["step"]
    assert compared.reference is None


def test_each_run_is_held_against_the_first_of_its_machine(tmp_path):
    hosts = {"a1": "xeon", "b1": "epyc", "a2": "xeon", "b2": "epyc"}
    every = compare(across([recorded(tmp_path, name, results(host)) for name, host in hosts.items()]))
    assert [(each.before.runs, each.after.runs) for each in every] == [
        (("a1",), ("b1",)),
        (("a1",), ("a2",)),
        (("b1",), ("b2",)),
    ]


def test_suites_that_share_some_cells_are_compared_by_those(tmp_path):
    compared = against(tmp_path, results(nets=NETS[:3]), results(by=CHANGES, nets=NETS[1:]))
    assert words(compared.tables["step"]) == {"lenet5": "loss", "vgg4": "gain"}
    assert [net.cell.architecture for net in (*compared.new, *compared.gone)] == ["resnet8", "mlp"]


def test_a_shift_is_welchs_test():
    random = np.random.default_rng(0)
    old, new = np.exp(random.normal(0, 0.02, 5)), np.exp(random.normal(0.03, 0.05, 7))
    moved = shift(of_ratios(new), of_ratios(old), log_scale=True)
    expected = stats.ttest_ind(np.log(new), np.log(old), equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert moved.p == pytest.approx(expected.pvalue)
    assert np.log([moved.interval.low, moved.interval.high]) == pytest.approx([interval.low, interval.high])


def test_numbers_without_spread_either_moved_or_did_not():
    same, other, alone = Interval(2.0, 2.0, 2.0, 3), Interval(3.0, 3.0, 3.0, 3), Interval(2.0, None, None, 1)
    assert shift(same, same, log_scale=True).p == 1.0
    assert shift(other, same, log_scale=False).p == 0.0
    assert shift(alone, same, log_scale=True).p is None


def test_chance_moves_nothing_in_95_percent_of_tables():
    random = np.random.default_rng(1)
    hits, tables, cells = 0, 150, 12
    for _ in range(tables):
        logs = np.exp(random.normal(0, 0.02, (2, cells, 3)))
        shifts = [shift(of_ratios(new), of_ratios(old), log_scale=True) for old, new in zip(*logs, strict=True)]
        hits += min(holm([each.p for each in shifts])) < 0.05
    assert stats.binomtest(hits, tables, 0.05, alternative="greater").pvalue > 0.001


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two runs in the folder one stands in, in whose second lenet5 is slower and vgg4 faster."""
    for name, by in (("before", {}), ("after", CHANGES)):
        recorded(tmp_path / "results", name, results(by=by))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_says_what_moved(two):
    runs = [load(name) for name in ("before", "after")]
    text = re.sub(r"\s+", " ", page(runs, across(runs)).replace("\u00a0", " "))
    assert "1 worse, 1 better, 2 within noise; on average +1.0 %; the farthest lenet5 +30.0 %" in text
    assert text.index("<td>+30.0 %") < text.index("<td>-20.0 %")
    assert 'id="moved-0-relative-cost"' in text
    assert "<svg" in text


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_pictures(two, capfd):
    assert run_command_line(["report", "before", "after", "--format", "csv", "--figures", "figures"]) == 0
    printed = capfd.readouterr()
    first = next(csv.DictReader(io.StringIO(printed.out)))
    assert printed.err.split()[0] == "reports/before+after.html"
    assert (first["metric"], first["outcome"], float(first["change"])) == ("relative_cost", "loss", pytest.approx(1.3))
    heads = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}
    assert {path.suffix: path.read_bytes()[:4] for path in (two / "figures").iterdir()} == heads
    assert {path.stem for path in (two / "figures").iterdir()} == {"moved-0-relative-cost", "moved-0-step"}
    assert b"var(--" not in (two / "figures" / "moved-0-step.svg").read_bytes()


def test_the_document_has_the_movers(two):
    (movers,) = document(across([load("before"), load("after")]))["movers"]
    assert [move["outcome"] for move in movers["moves"]][:2] == ["loss", "gain"]


@pytest.mark.parametrize(
    ("form", "shown"),
    [("markdown", r"\<b\>\|\*x\*\_y&$"), ("latex", r"<b>|*x*\_y\&\$"), ("csv", "<b>|*x*_y&$")],
)
def test_a_name_stays_text_in_each_format(tmp_path, form, shown):
    runs = [recorded(tmp_path, run, results(nets=("<b>|*x*_y&$",))) for run in ("before", "after")]
    text = written(sheet(compare(across(runs))), form)
    assert shown in text
    assert ("$\\times$" in text) == (form == "latex")


@pytest.mark.slow
def test_the_page_is_opened_in_the_browser(two, capfd, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert run_command_line(["report", "before", "after", "--open"]) == 0
    assert opened == [(two / "reports" / "before+after.html").as_uri()]
    assert "no browser" in capfd.readouterr().err
