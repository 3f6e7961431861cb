"""Paint: colours and links on a terminal alone, and nothing of a result that a terminal would obey."""

import io
import os

import pytest

from bench.cli.output import Output
from bench.cli.render.paint import overwrite, plain, print_lines, print_link

HOSTILE = "net\x1b[2J\x1b]8;;http://x\x07"
LINE = [("best ", "bold green"), (HOSTILE, "")]


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def painted(monkeypatch):
    """What reaches a stream of that kind with that wish for colours."""

    def paint(print_to, stream, colour="auto", **environment):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        out = Output(stream)
        out.colour = colour
        monkeypatch.setattr("sys.stdout", out)
        print_to(out)
        return stream.getvalue()

    return paint


def test_colours_are_for_terminals_and_what_results_hold_is_shown(painted):
    text = painted(lambda out: print_lines([LINE], out), Terminal())
    assert text == "\x1b[1;32mbest \x1b[0mnet\\x1b[2J\\x1b]8;;http://x\\x07\n"


@pytest.mark.parametrize(
    ("stream", "colour", "environment", "expected"),
    [
        (io.StringIO, "auto", {}, False),
        (io.StringIO, "always", {}, True),
        (Terminal, "never", {}, False),
        (Terminal, "auto", {"NO_COLOR": "1"}, False),
        (Terminal, "auto", {"NO_COLOR": ""}, True),
        (Terminal, "auto", {"TERM": "dumb"}, False),
        (Terminal, "always", {"NO_COLOR": "1"}, True),
    ],
)
def test_who_asks_for_colours_gets_them(painted, stream, colour, environment, expected):
    text = painted(lambda out: print_lines([LINE], out), stream(), colour, **environment)
    assert ("\x1b[1;32m" in text) == expected
    assert "\x1b[2J" not in text


def test_a_path_is_a_link_on_a_terminal_alone(painted, tmp_path):
    path = f"{tmp_path}/a b.html"
    address = f"file://{tmp_path}/a%20b.html"
    assert painted(lambda _: print_link("report: ", path), Terminal()) == (
        f"report: \x1b]8;;{address}\x1b\\{path}\x1b]8;;\x1b\\\n"
    )
    assert painted(lambda _: print_link("report: ", path), io.StringIO()) == f"report: {path}\n"


def test_a_line_that_is_written_over_is_cut_to_the_terminal(painted, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((9, 24)))
    monkeypatch.setattr(Output, "fileno", lambda _: 1)
    text = painted(lambda out: overwrite([("12345", "bold"), ("67890", "")], out), Terminal(), "never")
    assert text == "\r\x1b[K12345678"


def test_a_line_is_plain_without_its_styles():
    assert plain([("a  ", "bold"), ("b  ", "")]) == "a  b"
