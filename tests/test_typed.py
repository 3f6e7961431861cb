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
    from typing import assert_type

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
    assert_type(measured.warnings, tuple[str, ...])
    assert_type(measured._repr_html_(), str)
    verdict = bench.compare(make_step, "my_train.py:step", tolerance="3%", budget=90)
    assert_type(verdict, bench.Verdict)
    assert_type(verdict.notes, tuple[str, ...])
    assert_type(bench.load("x"), bench.Run)
    '''
WRONG = """
    import bench

    bench.measure(3)
    bench.measure(print, repeat=3)
    bench.compare(print)
    bench.phase(1)
    """


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Has mypy check two modules against this source tree, strictly and at once: the messages of a file, and errors."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("typed")
    (folder / "consumer.py").write_text(dedent(CONSUMER))
    (folder / "wrong.py").write_text(dedent(WRONG))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "consumer.py", "wrong.py"],
        cwd=folder,
        env={"PATH": "", "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return lambda name: ([line for line in done.stdout.splitlines() if line.startswith(f"{name}:")], done.stderr)


def test_the_packages_say_that_they_are_typed():
    for package in ("architectures", "bench"):
        assert (ROOT / package / "py.typed").is_file()


@pytest.mark.slow
def test_a_consumer_is_checked_by_our_types(checked):
    assert checked("consumer.py") == ([], "")


@pytest.mark.slow
def test_a_consumer_s_mistakes_are_seen(checked):
    messages, _ = checked("wrong.py")
    assert {int(message.split(":")[1]) for message in messages} == {4, 5, 6, 7}
