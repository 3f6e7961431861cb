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
from tests.conftest import HANG, HASTY_PATH

ROOT = Path(package.__file__).parents[1]
TINY = (
    "architectures=['debug'], datasets=['synthetic'], optimizers='sgd', repeats=1, again=0, blocks=2, epochs=0, "
    "threads=1, concurrent=True"
)
PLAIN = f"""
    import os, sys, bench
    before, main = dict(os.environ), sys.modules["__main__"]
    run = bench.run({TINY}, run="mine")
    print(run.name, run.status, run.folder)
    try:
        bench.run(architectures=["lenett5"], concurrent=True)
    except bench.BenchError as error:
        print(error)
    print(dict(os.environ) == before, sys.modules["__main__"] is main)
    """
MISTAKE = "unknown architecture 'lenett5': did you mean 'lenet5'? (python -m bench list architectures)"
ONCE = "with open('imported', 'a') as file: file.write('once\\n')\n"


@pytest.fixture
def python(tmp_path, environment):
    """Runs a program in an empty folder: as a file, or typed into the interpreter; its workers measure in haste."""

    def run(source, *, typed=False, options=(), **variables):
        (tmp_path / "script.py").write_text(dedent(source))
        file = [] if typed else ["script.py"]
        return subprocess.run(
            [sys.executable, *options, *file],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": HASTY_PATH, **variables},
            input=dedent(source) if typed else "",
            capture_output=True,
            text=True,
            timeout=HANG,
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
    done = python(
        """
        import sys
        import bench
        heavy = {"numpy", "pandas", "scipy", "torch", "matplotlib", "argparse", "multiprocessing"}
        print(sorted(name for name in sys.modules if name.partition(".")[0] in heavy or name.startswith("bench.")))
        print(sorted(name for name in dir(bench) if name in bench.__all__))
        bench.load
        print("bench.api" in sys.modules, "torch" in sys.modules)
        """,
        COVERAGE_PROCESS_CONFIG="",
    )
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_script_may_measure_without_a_guard_and_finds_its_environment_as_it_was(python, tmp_path):
    done = python(ONCE + dedent(PLAIN))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"mine finished {Path('results/mine')}", MISTAKE, "True True"]
    assert (tmp_path / "imported").read_text() == "once\n"  # no worker imports the script
    facts = json.loads((tmp_path / "results/mine/run.json").read_text())
    assert facts["command"].startswith("bench.run(architectures=['debug'], datasets=['synthetic']")
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
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
        ({"epochs": np.zeros((9, 9))}, r"bench\.run: key 'epochs' takes a whole number, not ndarray"),
        ({"suite": "quik"}, "unknown suite 'quik'"),
        ({"architectures": [5]}, r"bench\.run: key 'architectures' takes names, classes and functions, not 5"),
        ({"datasets": np.zeros((9, 9))}, r"bench\.run: key 'datasets' takes names, classes and functions, not ndarray"),
        ({"architectures": [sys.stdout.write]}, r"bench\.run: .*write of 'architectures' cannot be sent"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_started_or_written(tmp_path, monkeypatch, fields, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "open_executor", None)  # nobody gets as far as that
    with pytest.raises(BenchError, match=message) as error:
        api.run(**fields)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


MINE = """
    import bench, torch
    from torch import nn
    from beside import Beside
    import kiwisolver  # one beside the script, which hides an installed one

    class Mine(nn.Module):
        def __init__(self, input_shape, num_classes, width=kiwisolver.WIDTH):
            assert kiwisolver.WIDTH == 8
            super().__init__()
            numbers = input_shape[0] * input_shape[1] * input_shape[2]
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(numbers, width), nn.Linear(width, num_classes))

        def forward(self, images):
            return self.layers(images)

    open("imported", "a").write("once\\n")
    def loss(logits, labels):
        return nn.functional.cross_entropy(logits, labels)
    """


@pytest.mark.slow
def test_a_script_measures_its_own_classes_and_functions(python, tmp_path, monkeypatch, capsys):
    beside = dedent(MINE).replace("import bench, torch\n", "").replace("from beside import Beside\n", "")
    (tmp_path / "kiwisolver.py").write_text("WIDTH = 8\n")
    (tmp_path / "beside.py").write_text(beside.replace("Mine", "Beside").replace("once", "beside"))
    fields = TINY.replace("'debug'", "Mine, lambda shape, classes: Mine(shape, classes, 16), Beside")
    fields = fields.replace("optimizers='sgd'", "optimizers=torch.optim.SGD, losses=[loss], seeds=0")
    done = python(f"{dedent(MINE)}\nrun = bench.run({fields}, run='mine')\nprint(run.status, len(run.frame()))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("finished ")
    assert (tmp_path / "imported").read_text().splitlines().count("once") == 1  # the script's main part ran once
    run = json.loads((tmp_path / "results/mine/run.json").read_text())
    named = {key.partition("#")[0]: facts for key, facts in run["origins"].items()}
    assert sorted(named) == [
        "architecture=beside.py:Beside",
        "architecture=python:Mine",
        "architecture=python:lambda",
        "loss=python:loss",
        "optimizer=torch.optim.sgd:SGD",
    ]
    assert {*named["architecture=python:Mine"]} == {"text", "pickle", "file", "sha256"}
    assert {*named["optimizer=torch.optim.sgd:SGD"]} == {"text", "package", "version"}
    assert run["command"].startswith("bench.run(architectures=[Mine, <lambda>, Beside]")
    stored = [path.read_bytes() for path in (tmp_path / "results/mine").rglob("*") if path.is_file()]
    assert not [content for content in stored if b"cloudpickle" in content]
    lines = [json.loads(line) for line in (tmp_path / "results/mine/results.jsonl").read_text().splitlines()]
    assert {line["status"] for line in lines} == {"ok"}
    assert {line["cell"]["architecture"] for line in lines} == {"Mine", "lambda", "Beside"}
    monkeypatch.chdir(tmp_path)
    page = api.load("mine").report("page.html").read_text("utf-8")
    assert "in the program that hands over Mine and loss" in page
    assert run_command_line(["run", "--resume", "mine"]) == 2
    assert "was an object of the Python program that made run 'mine'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_program_of_the_documents_runs(python):
    section = (ROOT / "docs/bring-your-own.md").read_text("utf-8").partition("## From Python\n")[2]
    program = section.partition("```python\n")[2].partition("```")[0]
    little = "repeats=1, again=0, blocks=2, seeds=0, threads=1, datasets='synthetic', concurrent=True"
    shorter = f"""
        import bench
        whole = bench.run
        bench.run = lambda optimizers, **fields: whole(optimizers=optimizers[-1], **fields, {little})
        """
    done = python(dedent(shorter) + program)
    assert done.returncode == 0, done.stderr
    assert [name in done.stdout for name in ("MyNet", "RAdam", "lambda", "lenet5")] == [True] * 4


@pytest.mark.slow
def test_a_file_that_measures_when_it_is_imported_is_told_so(python, tmp_path):
    (tmp_path / "careless.py").write_text(f"import bench\nclass Net: ...\nbench.run({TINY})\n")
    done = python(f"import bench\nbench.run({TINY.replace('debug', 'careless.py:Net')})\n")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "bench.run is called while its file is imported: put it below if __name__" in last


@pytest.mark.usefixtures("recorded")
def test_a_run_is_a_table_in_a_notebook():
    html = api.load("mine")._repr_html_()
    assert html.startswith("<table><thead><tr><th>cell</th>")
    assert "<td>lenet5-sgd-mnist-b64-cpu-t1</td>" in html
    assert "mine: finished; results in results/mine" in html
    assert "color" not in html  # it takes the notebook's own


def test_names_are_text_in_a_notebook_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = create("mine", {"status": "finished", "plan": {}})
    assert api.load("mine")._repr_html_().count("<td>") == 0  # nothing was measured yet
    step = Measurement.of_samples("step", np.full(20, 0.004), threads=1)
    run.append(Result(Cell("<script>alert(1)</script>"), "ok", measurements=(step,)))
    html = api.load("mine")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.slow
def test_ctrl_c_ends_the_script_and_keeps_what_was_measured(python, tmp_path):
    """A script with a guard."""
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
    done = python(f"{ONCE}if __name__ == '__main__':\n{indent(dedent(script), '    ')}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "interrupted {'ok'}\n"
    assert (tmp_path / "imported").read_text() == "once\n"
