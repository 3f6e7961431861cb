"""The API: `bench.run` and `bench.load` in a script of any kind, and an import that costs nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pytest

import bench as package
from bench import api
from bench.cli import run_command_line
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create

TINY = (
    "architectures=['debug'], datasets=['synthetic'], optimizers='sgd', repeats=1, again=0, blocks=2, epochs=0, "
    "threads=1, concurrent=True"
)
PLAIN = f"""
    import bench
    run = bench.run({TINY}, run="mine")
    print(run.name, run.status, run.folder)
    """


@pytest.fixture
def python(tmp_path, environment):
    """Runs a program in an empty folder: as a file, or typed into the interpreter."""

    def run(source, *, typed=False, options=(), **variables):
        (tmp_path / "script.py").write_text(dedent(source))
        file = [] if typed else ["script.py"]
        return subprocess.run(
            [sys.executable, *options, *file],
            cwd=tmp_path,
            env={**environment, **variables},
            input=dedent(source) if typed else "",
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A folder with a run, "mine"."""
    monkeypatch.chdir(tmp_path)
    run = create("mine", {"status": "finished", "command": "python -m bench run", "plan": {"precision": 0.03}})
    step = Measurement.of_samples("step", np.full(20, 0.004), threads=1)
    run.append(Result(Cell("lenet5"), "ok", measurements=(step,)))
    return tmp_path


def test_importing_it_imports_nothing_heavy(python):
    done = python("""
        import sys
        import bench
        heavy = {"numpy", "pandas", "scipy", "torch", "matplotlib", "argparse", "multiprocessing"}
        print(sorted(name for name in sys.modules if name.partition(".")[0] in heavy or name.startswith("bench.")))
        print(sorted(name for name in dir(bench) if name in bench.__all__))
        bench.load
        print("bench.api" in sys.modules, "torch" in sys.modules)
        """)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "[]",
        "['BenchError', 'Measurement', 'Run', 'Verdict', '__version__', 'compare', 'load', 'measure', 'phase', 'run']",
        "True False",
    ]


def test_every_public_name_is_there_and_no_other():
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert package.run is api.run
    with pytest.raises(AttributeError, match="no attribute 'runs'"):
        package.runs  # noqa: B018 - that it fails is the point


def test_functions_that_have_the_names_of_rooms_stay_functions(python):
    done = python("""
        import pickle
        import bench
        import bench.compare.ab
        import bench.measure.batches
        from bench.compare import sides
        from bench.measure import blocks
        print(bench.compare.__module__, bench.measure.__module__, sides.__name__, blocks.__name__)
        print(pickle.loads(pickle.dumps(bench)) is bench)
        """)
    assert done.stdout.splitlines() == ["bench.steps bench.steps bench.compare.sides bench.measure.blocks", "True"]


@pytest.mark.parametrize("guarded", [False, True])
def test_a_script_may_measure_with_and_without_a_guard(python, tmp_path, guarded):
    once = "with open('imported', 'a') as file: file.write('once\\n')\n"
    source = dedent(PLAIN)
    if guarded:
        source = "if __name__ == '__main__':\n" + indent(source, "    ")
    done = python(once + source)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == (f"mine finished {Path('results/mine')}\n", "")
    assert (tmp_path / "imported").read_text() == "once\n"  # no worker imports the script
    facts = json.loads((tmp_path / "results/mine/run.json").read_text())
    assert facts["command"].startswith("bench.run(architectures=['debug'], datasets=['synthetic']")
    assert not (tmp_path / "reports").exists()


def test_the_interpreter_and_a_second_run_beside_the_first(python):
    source = f"import bench\nfor _ in range(2):\n    print(bench.run({TINY}))\n\n"
    done = python(source, typed=True)
    assert done.returncode == 0, done.stderr
    told = re.compile(r"<Run (tiny-\S+): finished; results in results/\1>")
    lines = [told.fullmatch(line) for line in done.stdout.splitlines()]
    assert len({line[1] for line in lines}) == 2


def test_a_run_tells_its_frame_its_table_and_its_page(recorded, capsys):
    run = api.load("mine")
    assert (run.name, run.status, run.folder) == ("mine", "finished", Path("results/mine"))
    assert repr(run) == "<Run mine: finished; results in results/mine>"
    (row,) = run.frame().to_dict("records")
    assert (row["architecture"], row["metric"], row["value"]) == ("lenet5", "step", pytest.approx(0.004))
    assert run.report() == Path("reports/mine.html")
    assert run.report(recorded / "elsewhere" / "page.html").read_text("utf-8").lstrip().startswith("<!doctype html>")
    assert sorted(path.name for path in (recorded / "elsewhere").iterdir()) == ["page.html"]
    assert capsys.readouterr() == ("", "")
    run_command_line(["show", "mine"])
    assert capsys.readouterr().out.startswith(run.table() + "\n")


def test_a_run_is_loaded_by_its_folder_too(recorded):
    assert api.load(recorded / "results" / "mine").frame().equals(api.load("mine").frame())
    with pytest.raises(BenchError, match="no run 'yours'"):
        api.load("yours")


def test_a_page_that_cannot_be_written_is_one_line(recorded):
    (recorded / "reports").write_text("in the way")
    with pytest.raises(BenchError, match=r"cannot write reports: .*; free the path"):
        api.load("mine").report()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"epoch": 1}, r"bench\.run: unknown key 'epoch': did you mean 'epochs'\?"),
        ({"epochs": "many"}, r"bench\.run: key 'epochs' takes a whole number, not 'many'"),
        ({"epochs": None}, r"bench\.run: key 'epochs' takes a whole number, not None"),
        ({"seeds": (0, -1)}, r"bench\.run: key 'seeds' takes 0 or more, not -1"),
        ({"precision": 3}, r"bench\.run: key 'precision' takes a share such as 3% or 0\.03, not '3'"),
        ({"dtypes": "float8"}, r"bench\.run: key 'dtypes' takes float32"),
        ({"suite": "quik"}, "unknown suite 'quik'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_started_or_written(tmp_path, monkeypatch, fields, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "open_executor", None)  # nobody gets as far as that
    with pytest.raises(BenchError, match=message) as error:
        api.run(**fields)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_the_script_and_keeps_what_was_measured(python):
    script = f"""
        import _thread, threading, bench
        from bench.session.observer import Observer
        class Interrupt(Observer):
            def advanced(self, progress, result):
                if result is not None:
                    _thread.interrupt_main()
        try:
            bench.run({TINY.replace("repeats=1", "repeats=2")}, run="cut", observer=Interrupt())
        except KeyboardInterrupt:
            run = bench.load("cut")
            print(run.status, set(run.frame()["status"]))
        """
    done = python(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "interrupted {'ok'}\n"


def test_the_environment_is_as_it_was(python):
    done = python("""
        import os, sys, bench
        before, main = dict(os.environ), sys.modules["__main__"]
        try:
            bench.run(architectures=["lenett5"], concurrent=True)
        except bench.BenchError as error:
            print(error)
        print(dict(os.environ) == before, sys.modules["__main__"] is main)
        """)
    assert done.stdout.splitlines() == [
        "unknown architecture 'lenett5': did you mean 'lenet5'? (python -m bench list architectures)",
        "True True",
    ]
