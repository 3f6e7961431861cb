"""The types of the API as somebody else's type checker sees them: `py.typed` is there, and no name is of any type."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parent.parent

CONSUMER = '''
    """A module that uses the API."""

    from collections.abc import Iterator
    from contextlib import contextmanager
    from pathlib import Path
    from typing import assert_type

    import pandas as pd

    import bench
    import bench.compare.ab
    import bench.measure.blocks


    def step() -> float:
        with bench.phase("forward"):
            return 1.0


    @contextmanager
    def make_step() -> Iterator[object]:
        yield step


    measured = bench.measure(step, repeats=2, threads=None, device="cpu")
    assert_type(measured, bench.Measurement)
    assert_type(measured.value, float)
    assert_type(measured.low, float | None)
    assert_type(measured.phases["forward"].value, float)
    assert_type(measured.warnings, tuple[str, ...])
    assert_type(measured._repr_html_(), str)
    verdict = bench.compare(make_step, "my_train.py:step", tolerance="3%", budget=90)
    assert_type(verdict, bench.Verdict)
    assert_type(verdict.notes, tuple[str, ...])
    assert_type(verdict.reason, str)
    assert_type(bench.load("x"), bench.Run)
    run = bench.run(architectures=["lenet5", dict], epochs=0, report=False)
    assert_type(run, bench.Run)
    assert_type(run.frame(), pd.DataFrame)
    assert_type(run.table(), str)
    assert_type(run.folder, Path)
    '''
WRONG = """
    import bench

    bench.measure(3)
    bench.measure(print, repeat=3)
    bench.compare(print)
    bench.phase(1)
    bench.load("x").report(5)
    bench.runs()
    """


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """What mypy says, strictly, of each of two modules that use this source tree."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("typed")
    for name, source in (("consumer.py", CONSUMER), ("wrong.py", WRONG)):
        (folder / name).write_text(dedent(source))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "consumer.py", "wrong.py"],
        cwd=folder,
        env={"PATH": "", "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    return {name: [line for line in lines if line.startswith(f"{name}:")] for name in ("consumer.py", "wrong.py")}


def test_the_packages_say_that_they_are_typed():
    for package in ("architectures", "bench"):
        assert (ROOT / package / "py.typed").is_file()


@pytest.mark.slow
def test_a_consumer_is_checked_by_our_types(messages):
    assert messages["consumer.py"] == []


@pytest.mark.slow
def test_a_consumer_s_mistakes_are_seen(messages):
    wrong = {int(line.split(":")[1]): line for line in messages["wrong.py"]}
    assert set(wrong) == {4, 5, 6, 7, 8, 9}
    assert 'Argument 1 to "report" of "Run" has incompatible type "int"' in wrong[8]
    assert 'Module has no attribute "runs"' in wrong[9]
