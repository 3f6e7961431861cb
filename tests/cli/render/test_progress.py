"""Progress: a result in one line, and on a terminal where the run stands."""

import io
import os
import re
from dataclasses import replace

import pytest

from bench.cli.output import Output
from bench.cli.render.progress import ProgressLine
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.grid import Grid
from bench.plan.plan import Plan
from bench.session.observer import Work
from bench.session.scheduler import Progress
from bench.store.result import Measurement, Result
from bench.store.warning import Warning

CELL = Cell("mlp")
PROGRESS = Progress(CELL, 0, "", 0.5, 60.0)


def told(*warnings):
    """The line of a result whose step took 1 ms."""
    step = Measurement("step", "s", "lower", 0.001, "p25", 1)
    stream = io.StringIO()
    ProgressLine(stream).advanced(PROGRESS, Result(CELL, "ok", measurements=(step,), warnings=warnings))
    return stream.getvalue()


def test_a_result_without_a_warning_ends_with_its_numbers():
    assert told() == f"[ 50 %] {CELL.id}: ok, step 1.00 ms\n"


def test_a_result_of_a_cluster_says_on_which_node_it_was_measured():
    stream = io.StringIO()
    ProgressLine(stream).advanced(PROGRESS, Result(CELL, "ok", system={"cpu": "Xeon", "node": "box"}))
    assert stream.getvalue() == f"[ 50 %] {CELL.id}: ok, on box\n"


def test_each_kind_of_warning_is_named_once_whatever_its_sentence_says():
    warnings = (
        Warning("phases", "contended", 0.48, "the process had: 48 %, of its core"),
        Warning("relative cost", "contended", 0.5, "the process had 50 % of its core"),
        Warning("timing", "loss not finite", None, "the loss was not finite any more when timing ended"),
    )
    assert told(*warnings) == f"[ 50 %] {CELL.id}: ok, step 1.00 ms, contended, loss not finite\n"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def live(monkeypatch):
    """What a terminal of that width shows at a stage, after these results: its last line, without colours."""

    def show(width, *results, share=0.25, left=100.0):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((width, 24)))
        monkeypatch.setattr(Output, "fileno", lambda _: 2)
        stream = Terminal()
        line = ProgressLine(Output(stream))
        for result in results:
            line.advanced(PROGRESS, result)
        line.advanced(Progress(replace(CELL, seed=2), 1, "training", share, left), None)
        return re.sub(r"\033\[[\d;]*m", "", stream.getvalue().split("\r\033[K")[-1])

    return show


def test_a_terminal_sees_bar_share_time_left_cell_seed_pass_and_stage(live):
    assert live(200) == "\u2588" * 5 + "\u2500" * 15 + f" 25 %, 1 min 40 s left  {CELL.id}, seed 2, pass 2: training"


def test_the_line_says_what_the_last_result_was(live):
    measured = (
        Measurement("relative_cost", "1", "lower", 2.5, "p10", 1),
        Measurement("accuracy", "1", "higher", 0.975, "final"),
    )
    assert live(200, Result(CELL, "ok", measurements=measured)).endswith(f": training  ({CELL.id} 2.50\u00d7 97.50 %)")


def test_the_line_never_wraps_and_obeys_nothing_that_a_name_holds(live):
    hostile = Result(replace(CELL, architecture="net\x1b[2J\n\n"), "failed", "no\x1b]0;x\x07\nway")
    assert len(live(40, hostile)) == 39
    assert not set(live(300, hostile)) & {"\x1b", "\n", "\x07"}
    assert re.search(r"net\\x1b\[2J", live(300, hostile))


@pytest.mark.parametrize(("share", "full"), [(0.0, 0), (0.5, 10), (1.0, 20)])
def test_the_bar_is_as_long_as_the_share(live, share, full):
    assert live(200, share=share).count("\u2588") == full


def line_of(result, *cells, trials=()):
    """The line of a result in a run of these cells and trials."""
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.began(Work(Plan(), Catalogue((), {}, {}, (), {}, 2), Grid(cells, ()), trials, 60.0))
    line.advanced(PROGRESS, result)
    return stream.getvalue().splitlines()[-1].partition("] ")[2]


def scored(cell):
    return Result(cell, "ok", measurements=(Measurement.of_value("accuracy", 0.975, "final"),))


def test_each_of_several_seeds_is_named_and_a_single_one_is_not():
    both = [replace(CELL, seed=seed) for seed in (0, 1)]
    assert [line_of(Result(cell, "ok"), *both) for cell in both] == ["mlp, seed 0: ok", "mlp, seed 1: ok"]
    assert line_of(Result(CELL, "ok"), CELL) == "mlp: ok"


def test_a_trial_is_scored_by_held_out_images_and_the_cell_has_the_rate_that_it_found():
    trials = [replace(CELL, learning_rate=rate, split="validation", seed=1) for rate in (0.05, 0.158)]
    trial = line_of(scored(trials[0]), CELL, trials=trials)
    assert trial == "mlp \u00b7 rate 0.05 \u00b7 validation, seed 1: ok, held-out accuracy 97.50 %"
    cell = line_of(scored(replace(CELL, learning_rate=0.158)), CELL, trials=trials)
    assert cell == "mlp \u00b7 rate 0.158 \u00b7 test, seed 0: ok, test accuracy 97.50 %"
