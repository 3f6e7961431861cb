"""A run that is ended in the middle: what was measured is kept, and no process is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from bench.__main__ import main
from bench.store.run import load
from tests.conftest import HANG, has_begun

AMID = "the run was interrupted while it was first measured"


def until(condition):
    end = time.monotonic() + HANG
    while not (found := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
    return found


def seed_with_first(first):
    """The seed of an order in which the first or the second of two cells is measured first."""
    for seed in range(100):
        order = [0, 1]
        Random(seed).shuffle(order)
        if order[0] == first:
            return seed
    raise AssertionError


@pytest.fixture
def midway(bench, plugin):
    """Starts a run of two cells and gives its process when the first is measured and the second hangs."""

    def start(*flags, terminal=None):
        process = bench.start(
            *("run", "--architectures", "faulty_good", "faulty_hangs", "--datasets", "synthetic", "--epochs", "0"),
            *("--seeds", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--order-seed", seed_with_first(0)),
            *("--threads", "1", "--run", "midway", *flags),
            haste=True,
            plugin=plugin,
            terminal=terminal,
        )
        results = bench.folder / "results/midway/results.jsonl"
        until(lambda: process.poll() is not None or (results.exists() and results.read_bytes().endswith(b"\n")))
        assert process.poll() is None, process.communicate()
        time.sleep(0.5)  # so that the second cell's worker runs
        return process

    return start


@pytest.fixture
def kept(bench):
    """The run as it is on the disk: the first cell must be there, and whole; any other only as left out."""

    def read():
        run = load("midway", bench.folder / "results")
        result, *others = run.results()
        assert all((other.status, other.reason) == ("skipped", AMID) for other in others)
        assert (result.cell.architecture, result.status) == ("faulty_good", "ok")
        assert {"step", "relative_cost"} <= {one.metric for one in result.measurements}
        return run

    return read


def read_all(descriptor):
    """What was written to a terminal until its last process has gone."""
    text = b""
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux says so where other systems give nothing
            break
        if not part:
            break
        text += part
    return text.decode()


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_measured_and_leaves_nobody_behind(bench, midway, kept):
    process = midway("--no-report")
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130
    assert "interrupted: 1 ok, 1 skipped; results in results/midway" in stdout
    assert "Traceback" not in stderr
    assert "\r" not in stderr
    assert kept().facts.status == "interrupted"
    until(lambda: not bench.left_of(process))
    assert not (bench.folder / "reports").exists()


@pytest.mark.slow
def test_ctrl_c_on_a_terminal_writes_the_report_that_was_asked_for(bench, midway, kept):
    ours, theirs = os.openpty()
    process = midway(terminal=theirs)
    os.close(theirs)
    seen = b""
    while b"faulty_hangs: phases" not in seen:
        seen += os.read(ours, 65536)
    os.write(ours, b"\x03")
    assert process.wait(timeout=HANG) == 130
    text = seen.decode() + read_all(ours)
    os.close(ours)
    assert kept().facts.status == "interrupted"
    until(lambda: not bench.left_of(process))
    assert "Traceback" not in text
    (address, page) = re.search(r"^report: \033]8;;(\S+?)\033\\(\S+?)\033]8;;\033\\", text, re.MULTILINE).groups()
    assert address == (bench.folder / page).resolve().as_uri()
    assert (bench.folder / page).is_file()
    live = [re.sub(r"\033\[[\d;]*m", "", part) for part in text.split("\r\033[K")]
    assert any(re.match(r"\S+ \d+ %, \d.* left  faulty_good: phases", part) for part in live)
    assert any(re.match(r"\S+ \d+ %, \d.* left  faulty_hangs: phases", part) for part in live)


@pytest.mark.slow
def test_no_worker_outlives_a_run_that_was_killed(bench, midway, kept, typed):
    process = midway("--no-report")
    assert len(bench.left_of(process)) > 1
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(timeout=HANG) == -signal.SIGKILL
    until(lambda: not bench.left_of(process))
    assert kept().facts.status == "running"
    assert typed("show", "midway").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_a_program_ends_a_run_as_ctrl_c_does(bench, midway, kept, name):
    process = midway("--no-report")
    os.kill(process.pid, getattr(signal, name))
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130
    assert "interrupted: 1 ok, 1 skipped; results in results/midway" in stdout
    assert "Traceback" not in stderr
    assert kept().facts.status == "interrupted"
    until(lambda: not bench.left_of(process))


def test_a_hangup_that_is_ignored_stays_so():
    """As nohup has it."""
    code = (
        "import signal; from bench.__main__ import _end_as_by_ctrl_c; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "_end_as_by_ctrl_c()\n"
        "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, signal.getsignal(signal.SIGTERM).__name__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True default_int_handler\n"


def test_a_ctrl_c_while_a_module_is_made_of_text_ends_as_any_other(tmp_path):
    """As in a dataclass or a named tuple; CPython would end the process by SIGINT although it was handled."""
    (tmp_path / "sitecustomize.py").write_text(
        "import bench.cli\n"
        "def interrupted(arguments):\n"
        "    exec('raise KeyboardInterrupt')\n"
        "bench.cli.run_command_line = interrupted\n"
    )
    paths = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[3])))
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "bench: interrupted\n")


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.5, 1.5, 2.5, 4.0, 5.5])
def test_an_early_ctrl_c_is_one_line(bench, plugin, delay):
    process = bench.start("run", "--architectures", "faulty_hangs", "--datasets", "synthetic", plugin=plugin)
    until(lambda: has_begun(process.pid))  # before that the interrupt is the interpreter's, which starts when it can
    time.sleep(delay)  # somewhere between the first import and the first cell
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    until(lambda: not bench.left_of(process))


@pytest.mark.slow
def test_a_run_that_was_killed_is_resumed_where_it_ended(bench, midway, kept, plugin):
    process = midway("--no-report")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept()
    done = bench("run", "--resume", "midway", "--timeout", "5s", "--no-report", haste=True, plugin=plugin)
    assert done.returncode == 0, done.stderr
    results = load("midway", bench.folder / "results").results()
    assert [(one.cell.architecture, one.status) for one in results] == [
        ("faulty_good", "ok"),
        ("faulty_hangs", "timeout"),
    ]


@pytest.fixture
def signals():
    """What this process does with signals, which the command line changes for its own, is put back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("error", [ImportError, RuntimeError])
def test_ctrl_c_within_the_import_of_an_extension_module_is_one_line(monkeypatch, capsys, error):
    """Such a module turns the interrupt into an ImportError, which has it as its cause; so does `__set_name__`."""

    def interrupted(_):
        raise error("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr("bench.cli.run_command_line", interrupted)
    assert main() == 130
    assert capsys.readouterr().err == "bench: interrupted\n"


@pytest.mark.usefixtures("signals")
def test_an_import_that_fails_for_another_reason_is_no_interrupt(monkeypatch, capsys):
    def broken(_):
        raise ImportError("no such name")

    monkeypatch.setattr("bench.cli.run_command_line", broken)
    assert main() == 70
    assert capsys.readouterr().err == "bench: it cannot start: no such name\n"
