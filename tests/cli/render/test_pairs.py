"""Pairs: a comparison as it goes on: a live line on a terminal, and a plain line a look elsewhere."""

import io
import os
import re

import pytest

from bench.cli.output import Output
from bench.cli.render.pairs import telling
from bench.compare.pair_clock import PairProgress
from bench.stats.sequential_test import Look

LOOK = Look("pass", 0.0, 0.02, 6, 0.01, 5)


def progress(**changes):
    known = {"stage": "pair", "cell": "mlp-sgd-mnist-b64-cpu-t1", "short": "mlp", "run": 1, "pairs": 3, "look": None}
    return PairProgress(**{**known, "log_ratio": 0.01, "over": False, "share": 0.25, "left": 100.0, **changes})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def live(monkeypatch):
    """What a terminal of that width shows after these: all that stands in its lines, without colours."""

    def show(width, *every):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((width, 24)))
        monkeypatch.setattr(Output, "fileno", lambda _: 2)
        stream = Terminal()
        with telling(Output(stream)) as tell:
            for each in every:
                tell(each)
            text = stream.getvalue()
        assert stream.getvalue().endswith("\r\033[K")  # it leaves an empty line
        return re.sub(r"\033\[[\d;]*m", "", text).split("\r\033[K")

    return show


def plain(*every):
    stream = io.StringIO()
    with telling(stream) as tell:
        for each in every:
            tell(each)
    return stream.getvalue()


def test_a_terminal_sees_bar_share_time_left_cell_stage_and_what_was_learnt(live):
    bar = "\u2588" * 5 + "\u2500" * 15 + " 25 %, 1 min 40 s left"
    assert live(200, progress())[-1] == f"{bar}  mlp: pair 4"
    assert (
        live(200, progress(over=True), progress(run=2, pairs=0))[-1] == f"{bar}  mlp: pair 1, second run  (mlp 1.010)"
    )
    assert live(200, progress(stage="servers", cell="", short=""))[-1] == f"{bar}  fresh servers"
    assert live(200, progress(stage="sameness"))[-1] == f"{bar}  mlp: what both sides compute"


def test_a_look_leaves_its_line_on_a_terminal_too(live):
    *_, line, last = live(200, progress(over=True, pairs=6, look=LOOK))
    assert line == "[ 25 %] mlp-sgd-mnist-b64-cpu-t1: 6 pairs: ratio 1.000 (0.980 to 1.020): pass\n"
    assert "left" in last


def test_the_line_never_wraps_and_obeys_nothing_that_a_name_holds(live):
    hostile = progress(short="net\x1b[2J\n\n", cell="net\x1b[2J\n\n", over=True, look=LOOK)
    assert len(live(40, progress(short="n" * 100))[-1]) == 39
    assert not set("".join(live(300, hostile)).removesuffix("\n")) & {"\x1b", "\x07"}


def test_elsewhere_each_look_is_a_line_and_nothing_else_is_said():
    assert plain(progress(), progress(over=True), progress(stage="counts")) == ""
    second = progress(over=True, run=2, pairs=9, look=LOOK, share=1.0)
    assert plain(second) == (
        "[100 %] mlp-sgd-mnist-b64-cpu-t1, second run: 9 pairs: ratio 1.000 (0.980 to 1.020): pass\n"
    )
