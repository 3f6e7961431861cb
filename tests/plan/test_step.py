"""How a callable crosses to a worker: by its name where a fresh process finds the same there, else by value."""

import contextlib
import functools
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import pytest

from bench.errors import BenchError
from bench.plan import step
from bench.plan.origin import handed_name, parse

cloudpickle = pytest.importorskip("cloudpickle")


def module_step():
    """A step of this module."""
    return 7


class Holder:
    def method(self):
        return 8

    def __call__(self):
        return 9


def value_of(source):
    """What a worker gets of a step that goes by value."""
    (text,) = source.handed
    assert text == source.text
    return cloudpickle.loads(source.handed[text].value)


def test_a_function_of_a_module_that_can_be_imported_goes_by_its_name():
    source = step.source_of(functools.reduce)  # built in: by value, which is its name after all
    assert value_of(source) is functools.reduce
    source = step.source_of(step.source_named)
    assert (source.label, source.text, source.handed) == ("source_named", "bench.plan.step:source_named", {})
    assert (source.base, source.shared) == (str(Path.cwd()), "")
    assert "" not in source.path  # which would be another folder elsewhere


def test_a_function_of_a_file_that_no_path_leads_to_goes_by_its_file(tmp_path):
    file = tmp_path / "apart_from_all.py"
    file.write_text("def train():\n    return 9\n")
    code = f"""
        import importlib.util, sys
        from bench.plan.step import source_of
        spec = importlib.util.spec_from_file_location("apart_from_all", {str(file)!r})
        module = sys.modules["apart_from_all"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        print(source_of(module.train).text)
        """
    assert run(code) == f"{file}:train"


def test_what_has_no_name_goes_by_value():
    number = 41

    def nested():
        return number + 1

    for what, label in (
        (lambda: number + 1, "<lambda>"),
        (nested, "nested"),
        (functools.partial(max, 42, 1), "max"),
    ):
        source = step.source_of(what)
        assert source.label == label
        assert handed_name(source.text) == label.strip("<>")
        assert value_of(source)() == 42
    assert step.source_of(Holder().method).label == "Holder.method"


def test_a_value_says_which_file_it_was_written_in():
    (handed,) = step.source_of(lambda: None).handed.values()
    assert handed.facts["file"] == __file__
    assert len(handed.facts["sha256"]) == len(handed.facts["pickle"]) == 64
    for what in (Holder().method, contextlib.contextmanager(lambda: None), Holder()):
        (handed,) = step.source_of(what).handed.values()
        assert handed.facts["file"] == __file__, what
    (handed,) = step.source_of(functools.partial(max, 1, 2)).handed.values()
    assert set(handed.facts) == {"pickle"}


def test_a_function_of_a_running_script_goes_by_value_so_that_the_script_is_not_run_again(tmp_path):
    """With what it uses of the script as it stands now, and in a process that never saw the script."""
    script = tmp_path / "script.py"
    script.write_text(
        dedent("""
        import sys
        from bench.plan.step import source_of
        class Net:
            width = 6
        net = Net()
        def train():
            return net.width * 7
        net.width = 1
        (handed,) = source_of(train).handed.values()
        sys.stdout.buffer.write(handed.value)
        """)
    )
    pickled = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    code = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read())())"
    done = subprocess.run([sys.executable, "-c", code], input=pickled, capture_output=True, check=True)
    assert done.stdout.strip() == b"7"


def test_what_cannot_be_pickled_of_a_script_is_told_and_the_script_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import threading\nfrom bench.plan.step import source_of\nlock = threading.Lock()\n"
        "def train():\n    return lock\ntry:\n    source_of(train)\nexcept Exception as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, check=True, text=True)
    assert done.stdout.startswith("train cannot be sent to a fresh process (TypeError: cannot pickle '_thread.lock'")
    assert done.stdout.endswith("give a class or function that makes what it needs when it is called\n")


@pytest.mark.parametrize("what", [7, None, "my step", object()], ids=["number", "nothing", "text", "object"])
def test_what_cannot_be_called(what):
    with pytest.raises(BenchError, match=r"is no step: give a function without arguments, or one that sets it up"):
        step.source_of(what)


def test_what_cannot_be_sent_is_one_line():
    lock = threading.Lock()
    with pytest.raises(
        BenchError, match=r"<lambda> cannot be sent to a fresh process \(TypeError: cannot pickle"
    ) as error:
        step.source_of(lambda: lock)
    assert "\n" not in str(error.value)


def test_a_step_by_its_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = step.source_named("sub/my_train.py:make_step(width=3)")
    assert source.label == source.text == "sub/my_train.py:make_step(width=3)"
    assert source.base == str(tmp_path)
    assert source.path == (str(tmp_path / "sub"), str(tmp_path))  # its neighbours, as when it is run
    assert parse(source.text).name == "make_step"
    for text in ("my_train", "lenet5"):
        with pytest.raises(BenchError, match=r"--step takes FILE\.py:NAME or package\.module:NAME, not"):
            step.source_named(text)
    with pytest.raises(BenchError, match=r"my_train\.py"):
        step.source_named("my_train.py")


def run(code):
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def test_code_that_goes_by_value_keeps_the_name_of_its_file():
    def fails():
        raise ValueError

    loaded = value_of(step.source_of(fails))
    assert loaded.__code__.co_filename == __file__
    with pytest.raises(ValueError) as error:  # noqa: PT011 - where it was raised is the point
        loaded()
    assert Path(error.traceback[-1].path) == Path(__file__)


def test_what_is_of_the_same_module_goes_by_value_too_where_that_cannot_be_imported():
    """As of a module of tests, which pytest imports in a way of its own."""
    code = """
        import importlib.util, subprocess, sys
        from bench.plan.step import source_of
        spec = importlib.util.spec_from_loader("made_by_hand", None)
        module = sys.modules["made_by_hand"] = importlib.util.module_from_spec(spec)
        exec("def other(): return 5\\ndef make(): return lambda: other()", module.__dict__)
        (handed,) = source_of(module.make()).handed.values()
        load = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read())())"
        done = subprocess.run([sys.executable, "-c", load], input=handed.value, capture_output=True)
        print(done.stdout.decode(), done.stderr.decode())
        """
    assert run(code) == "5"
