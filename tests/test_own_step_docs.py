"""The page on a step of one's own: its script, its calls and every command of it are run as they stand there."""

import json
import re
import shlex
import subprocess
from functools import partial
from pathlib import Path

import pytest

from bench.cli import run_command_line
from tests.conftest import ROOT
from tests.one_pair import measure_one_pair

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "bring-your-own.md").read_text("utf-8")
SECTION = re.split(r"^## ", PAGE.partition("## A step of your own training script\n")[2], flags=re.MULTILINE)[0]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
SCRIPT, CALLS, TEST = (text for kind, text in BLOCKS if kind == "python")
COMMANDS = [line for kind, text in BLOCKS if not kind for line in text.splitlines()]
LITTLE = ("--blocks", "2", "--concurrent", "--json")

# The calls with as little to do as they can have.
SHORT = """
import functools, bench
from tests.one_pair import measure_one_pair
measure_one_pair(setattr)
bench.measure = functools.partial(bench.measure, repeats=2, blocks=2, concurrent=True)
bench.compare = functools.partial(bench.compare, blocks=2, concurrent=True)
exec(open("calls.py").read())
"""


@pytest.fixture
def repository(tmp_path):
    """A repository with the script of the page: wider in the second of two commits, and wider still since."""

    def git(*words):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=tmp_path, capture_output=True, check=True)

    git("init", "--quiet")
    for width in (128, 130):
        (tmp_path / "my_train.py").write_text(SCRIPT.replace("width=128", f"width={width}"))
        git("add", "--all")
        git("commit", "--quiet", "--message", str(width))
    (tmp_path / "my_train.py").write_text(SCRIPT)
    (tmp_path / "calls.py").write_text(CALLS)
    (tmp_path / "short.py").write_text(SHORT)
    (tmp_path / "test_my_train.py").write_text(TEST)
    return tmp_path


@pytest.fixture
def run(repository, python_in):
    """Runs a command in the repository."""
    return partial(python_in, repository)


def test_the_lines_that_are_new_are_five():
    assert len(re.findall(r"# \+$", SCRIPT, re.MULTILINE)) == 5


def test_the_script_runs_by_itself_as_before(run):
    done = run("my_train.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_calls_print_a_line_each(run):
    pytest.importorskip("cloudpickle")
    done = run("short.py")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert re.fullmatch(
        r"<Measurement make_step: .* \(95 % over 2 processes, 1 thread, cpu\); "
        r"forward \d+ %, backward \d+ %, outside of these \d+ %.*>",
        first,
    )
    assert re.fullmatch(r"<Verdict \w+: <lambda> over make_step .*>", second)


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("python -m bench ab ")])
def test_a_comparison_of_the_page_runs(repository, command, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    measure_one_pair(monkeypatch.setattr)
    words = shlex.split(command)[3:]
    code, printed = run_command_line([*words, *LITTLE]), capsys.readouterr()
    assert code in {0, 1, 3}, printed.err
    document = json.loads(printed.out)
    assert document["exit_code"] == code
    (verdict,) = document["verdicts"]
    assert verdict["metric"] == "step"
    assert "make_step" in verdict["cell"]
    assert run_command_line(["ab", "--recompute", document["record"], "--json"]) == code
    assert json.loads(capsys.readouterr().out)["verdicts"] == document["verdicts"]
    for flag in ("--markdown", "--junit"):
        if flag in words:
            assert "make" in (repository / words[words.index(flag) + 1]).read_text("utf-8")


def test_the_page_shows_no_other_command():
    others = [line for line in COMMANDS if not line.startswith(("python -m bench ab ", "pytest "))]
    assert (len(COMMANDS), others) == (6, [])


def test_the_tests_of_the_page_run(run, repository):
    for line in (line for line in COMMANDS if line.startswith("pytest ")):
        done = run("-m", *shlex.split(line), "-p", "bench.pytest_plugin", "--benchmark-max-time=0.2")
        assert done.returncode == 0 or "Performance has regressed" in done.stdout + done.stderr, done.stdout
    (saved,) = Path(repository, ".benchmarks").rglob("*.json")
    (benchmark,) = json.loads(saved.read_text())["benchmarks"]
    assert list(benchmark["extra_info"]["phases"]) == ["forward", "backward"]
