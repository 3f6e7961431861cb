"""A step's set-up: what calling it gives decides, what is no step is told in a line, and errors say where."""

import contextlib
import sys
import types
from pathlib import Path

import pytest
import torch

import bench
from bench.errors import BenchError
from bench.origins import OriginError
from bench.worker.failure import NoStepError, place_told
from bench.worker.step_setup import check_modules, set_up

calls = []


def own_step():
    calls.append("step")


def making():
    calls.append("made")
    return own_step


@contextlib.contextmanager
def entering():
    calls.append("entered")
    yield own_step
    calls.append("left")


class Making:
    """A class whose objects are steps."""

    def __init__(self):
        calls.append("made")

    def __call__(self):
        calls.append("step")


@pytest.fixture(autouse=True)
def forgotten():
    calls.clear()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (own_step, ["step", "step", "step"]),  # once to see what it gives
        (making, ["made", "step", "step"]),
        (entering, ["entered", "step", "step", "left"]),
        (Making, ["made", "step", "step"]),
    ],
)
def test_what_a_call_gives_decides(target, expected):
    with set_up(target, "it") as call:
        call()
        call()
    assert calls == expected


def test_a_context_is_left_after_an_error_too_and_takes_none_away():
    class Swallowing:
        def __enter__(self):
            return own_step

        def __exit__(self, *_):
            calls.append("left")
            return True

    with pytest.raises(KeyError), set_up(Swallowing, "it"):
        raise KeyError
    assert calls == ["left"]


def takes(batch, *, rate):
    pass


def generator():
    yield own_step


async def asynchronous():
    pass


@contextlib.contextmanager
def entering_nothing():
    yield 3


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (takes, r"it\(batch, \*, rate\) takes arguments, and a step is called without any: bind them"),
        (generator, "it is a generator: decorate it with contextlib.contextmanager"),
        (asynchronous, "it is asynchronous"),
        (lambda: takes, r"it gives takes\(batch, \*, rate\), which takes arguments: give a step that takes none"),
        (lambda: torch.nn.Linear(3, 3), r"it gives Linear\(input.*\).*, which takes .*, or nothing if it is the step"),
        (entering_nothing, "it gives int in its context, and no step"),
        (3, "it is int, no step: give a function"),
    ],
)
def test_what_is_no_step(target, words):
    with pytest.raises(NoStepError, match=words), set_up(target, "it"):
        pass


def test_an_error_is_one_line_with_the_place_in_the_user_s_file(tmp_path):
    file = tmp_path / "theirs.py"
    file.write_text("import json\n\ndef step():\n    json.loads('{\\n')\n")
    step = types.ModuleType("theirs")
    exec(compile(file.read_text(), str(file), "exec"), step.__dict__)
    with pytest.raises(BenchError) as error, place_told("theirs.py:step"):
        step.step()
    assert str(error.value).startswith("theirs.py:step: JSONDecodeError: ")
    assert str(error.value).endswith(" (theirs.py, line 4)")  # and not json's own
    assert "\n" not in str(error.value)


def test_what_is_raised_is_told_once_and_short(tmp_path):
    """Of a file whose name begins as the suite's folder does."""
    file = tmp_path / "theirs.py"
    file.write_text("def step(times):\n    raise StopIteration(*['x' * 999] * times)\n")
    step = types.ModuleType("theirs")
    exec(compile(file.read_text(), f"{Path(bench.__file__).parent}_mine.py", "exec"), step.__dict__)
    with pytest.raises(BenchError) as error, place_told("it"):
        step.step(0)
    assert str(error.value) == "it: StopIteration (bench_mine.py, line 2)"
    with pytest.raises(BenchError) as error, place_told("it"):
        step.step(1)
    assert str(error.value) == f"it: StopIteration: {'x' * 300}... (bench_mine.py, line 2)"
    with pytest.raises(BenchError) as error, place_told("a.py:f(1)"):
        raise OriginError("'a.py:f(1)' cannot be called")
    assert str(error.value) == "'a.py:f(1)' cannot be called"


def test_a_script_that_leaves_is_an_error():
    with pytest.raises(BenchError, match=r"it: SystemExit: 3 \(test_step_setup\.py, line \d+\)"), place_told("it"):
        sys.exit(3)


@pytest.mark.parametrize(
    ("file", "refused"),
    [
        ("repo/src/nets.py", True),
        ("repo/.venv/lib/python3/site-packages/nets.py", False),
        ("tree/src/nets.py", False),
        ("elsewhere/nets.py", False),
    ],
)
def test_a_module_that_both_sides_would_share_is_refused(tmp_path, monkeypatch, file, refused):
    module = types.ModuleType("their_nets")
    module.__file__ = str(tmp_path / file)
    monkeypatch.setitem(sys.modules, "their_nets", module)
    shared, base = str(tmp_path / "repo"), str(tmp_path / "tree")
    check_modules("", base)
    if not refused:
        check_modules(shared, base)
        return
    with pytest.raises(NoStepError, match=r"their_nets was imported from .*, which is in neither revision's own tree"):
        check_modules(shared, base)
