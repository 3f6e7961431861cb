"""`ab` and `calibrate` as a person runs them: mistakes in one line, and in the slow set real comparisons."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bench.compare.log import ComparisonLog
from tests.conftest import HANG, eventually
from tests.one_pair import keep_servers, measure_one_pair
from tests.venvs import Venv

ROOT = Path(__file__).parents[3]
QUICK = ("--architectures", "debug", "--datasets", "synthetic", "--blocks", "2", "--concurrent")
ATTEMPTS = 2  # a busy machine may leave a real comparison undecided, but only where its own figures say why


def check(done, words, code=2):
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("bench: ")
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ["revisions", "--cells", "--env", "name one"]),
        (["HEAD", "--cells", "lenet5", "mlp"], ["name one"]),
        (["HEAD", "HEAD~1", "HEAD~2"], ["one revision or two, not 3"]),
        (["HEAD"], ["is in no git repository", "--repo"]),
        (["--steps", "a.py:f", "b.py:g", "HEAD"], ["name one"]),
        (["--step", "a.py:f"], ["--steps A B", "name one"]),
        (["--step", "a.py:f", "--cells", "lenet5", "mlp"], ["--step is compared across revisions or settings"]),
        (["--step", "a.py:f", "HEAD"], ["is in no git repository", "--repo"]),
        (["--steps", "a.py:f", "mlp"], ["takes FILE.py:NAME or package.module:NAME, not 'mlp'"]),
        (["--steps", "a.py:f", "b.py:g", "--batch-sizes", "3"], ["a step takes no --batch-sizes"]),
        (["--steps", "a.py:f", "b.py:g", "--same-result"], ["leave --same-result out"]),
        (["--steps", "a.py:f", "b.py:g", "--threads", "1", "2"], ["one value of --threads"]),
        (["--steps", "a.py:f(x=y)", "b.py:g"], ["arguments are Python literals"]),
        (["--env", "OMP_NUM_THREADS=1"], ["A=NAME=VALUE", "'OMP_NUM_THREADS=1'"]),
        (["--env", "A=OMP_NUM_THREADS"], ["A=NAME=VALUE"]),
        (["HEAD", "--tolerance", "many"], ["--tolerance takes a share such as 3%"]),
        (["HEAD", "--inject", "200%"], ["--inject takes a share"]),
        (["--python", "A=nowhere/python"], ["nowhere/python cannot be run as a Python", "No such file"]),
        (["--python", "B=/etc/hostname"], ["/etc/hostname cannot be run as a Python"]),
        (["--python", "python3"], ["A=PATH and B=PATH", "'python3'"]),
        (["--python", "A=python3", "A=python3"], ["each once at most"]),
        (["--python", "A=python3", "--cells", "lenet5", "mlp"], ["--python A=PATH B=PATH", "name one"]),
        (["--recompute", "none.jsonl"], ["cannot read none.jsonl", "results/ab"]),
        (["HEAD", "--epochs", "3"], ["--epochs"]),
        (["--cells", "lenet5", "mlp", "--repo", "."], ["--repo says where revisions or steps are"]),
        (["HEAD", "--repo", "nowhere"], ["there is no folder nowhere"]),
        (["HEAD", "--wait"], ["--wait", "not allowed with", "--concurrent"]),
        (["--steps", "a.py:f", "b.py:g", "--same-costs"], ["leave --same-result out, and --same-costs"]),
    ],
)
def test_a_mistake_is_told_and_writes_nothing(typed, tmp_path, flags, words):
    check(typed("ab", "--concurrent", *flags), words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags", [["--pairs", "0"], ["--runs", "many"], ["--inject", "0"]])
def test_a_mistake_in_a_calibration(typed, tmp_path, flags):
    check(typed("calibrate", *flags), [flags[0]])
    assert list(tmp_path.iterdir()) == []


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_unknown_revision(typed, tmp_path):
    for package in ("bench", "architectures"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    check(typed("ab", "nowhere", "--concurrent"), ["unknown revision 'nowhere'"])
    check(typed("ab", "HEAD", "--concurrent"), ["HEAD (", "speaks no known version"], code=4)
    assert not (tmp_path / "results").exists()


@pytest.fixture
def compared():
    """Runs `ab` with --json until it has decided, twice at most: the document of the last try."""

    def run(command_line, *flags, decided):
        for attempt in range(ATTEMPTS):
            seed = ("--order-seed", attempt)
            done = command_line("ab", *flags, *seed, "--concurrent", "--json")
            assert done.returncode in {0, 1, 3, 4}, done.stderr
            document = json.loads(done.stdout)
            assert document["exit_code"] == done.returncode
            if decided(document):
                return document
        return document

    return run


def excused(document, verdict=None):
    """Whether an inconclusive verdict, the first of the document unless told, says that the machine was too busy."""
    verdict = verdict or document["verdicts"][0]
    noisy = verdict["visible"] is None or verdict["visible"] > verdict["tolerance"]
    contended = any(note.startswith("contended") for note in document["notes"])
    return verdict["verdict"] == "inconclusive" and (noisy or contended)


def in_repository():
    return subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, check=False).returncode == 0


COMMITTED = pytest.mark.skipif(not in_repository(), reason="compares revisions of this repository")
REAL = ("--architectures", "lenet5", "--blocks", "5", "--tolerance", "10%", "--budget", "150s")


@pytest.mark.alone
@pytest.mark.slow
@COMMITTED
def test_equal_revisions_pass(compared, bench):
    document = compared(bench, "HEAD", "HEAD", "--repo", ROOT, *REAL, decided=lambda one: one["exit_code"] == 0)
    verdict, computed, *_ = document["verdicts"]
    assert (computed["metric"], computed["verdict"]) == ("result", "unchanged")
    assert verdict["verdict"] in {"unchanged", "improved"} or excused(document), document
    assert verdict["evidence"] == []
    assert any("same revision" in note for note in document["notes"])
    log = ComparisonLog.load(bench.folder / document["record"])
    assert len(log.cell_logs[verdict["cell"]].pairs[1]) >= 6 or document["interrupted"] == "out of time"
    assert bench("ab", "--recompute", document["record"]).returncode == document["exit_code"]


@pytest.mark.alone
@pytest.mark.slow
@COMMITTED
def test_a_real_slowdown_fails(compared, typed, monkeypatch):
    """A quarter more steps of real work on the second side, no waiting."""
    keep_servers(monkeypatch.setattr)  # the test above has fresh ones
    words = (typed, "HEAD", "HEAD", "--repo", ROOT, *REAL, "--inject", "25%")
    document = compared(*words, decided=lambda one: one["exit_code"] == 1)
    verdict, computed, *_ = document["verdicts"]
    assert computed["verdict"] == "unchanged"  # more of the same work
    assert verdict["verdict"] == "regressed" or excused(document), document
    if verdict["verdict"] == "regressed":
        assert 1.1 < verdict["ratio"]["value"] < 1.45


@pytest.mark.slow
def test_two_cells_with_their_counts(compared, typed, monkeypatch):
    """One is several times slower, which no neighbour hides."""
    measure_one_pair(monkeypatch.setattr)
    words = (typed, "--cells", "softmax_regression", "lenet5", "--blocks", "2")
    document = compared(*words, decided=lambda one: one["exit_code"] == 1)
    verdict, computed, *_ = document["verdicts"]
    assert computed["reason"] == "computes something else by intent: another architecture"
    assert verdict["verdict"] == "regressed" or excused(document), document
    assert "parameters 7,850 -> 61,706" in verdict["evidence"]
    assert document["before"] == "softmax_regression-sgd-mnist-b64-cpu-t1"


@pytest.mark.slow
def test_two_settings(typed, monkeypatch):
    measure_one_pair(monkeypatch.setattr)
    flags = ("--env", "A=OMP_NUM_THREADS=1", "--env", "B=MALLOC_MMAP_THRESHOLD_=131072", "--env", "B=OMP_NUM_THREADS=1")
    done = typed("ab", *flags, *QUICK, "--json")
    assert done.returncode in {0, 1, 3}, done.stderr
    document = json.loads(done.stdout)
    assert document["before"] == "A: OMP_NUM_THREADS=1"
    assert document["after"] == "B: MALLOC_MMAP_THRESHOLD_=131072 OMP_NUM_THREADS=1"


@pytest.mark.slow
@COMMITTED
def test_an_interrupt_keeps_the_pairs_and_removes_the_worktrees(bench, environment):
    process = bench.start("ab", "HEAD", "HEAD", "--repo", ROOT, *QUICK)
    records = bench.folder / "results" / "ab"
    deadline = time.monotonic() + HANG
    while not any('"pair"' in path.read_text() for path in records.glob("*.jsonl")):
        assert time.monotonic() < deadline, "no pair came"
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    trees = list(Path(environment["TMPDIR"]).glob("bench-ab-*"))
    assert len(trees) == 1
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "inconclusive" in stdout
    assert not trees[0].exists()
    assert str(trees[0]) not in git(ROOT, "worktree", "list")
    assert eventually(lambda: bench.left_of(process) == {})  # who is ended takes a moment to be gone
    [path] = records.glob("*.jsonl")
    log = ComparisonLog.load(path)
    assert log.ended == "interrupted"
    assert sum(len(cell_log.pairs[1]) for cell_log in log.cell_logs.values()) >= 1


@pytest.mark.slow
def test_a_calibration_is_stored_and_drawn(typed, tmp_path, monkeypatch):
    measure_one_pair(monkeypatch.setattr)
    done = typed("calibrate", *QUICK, "--pairs", "10", "--inject", "40%", "--json")
    assert done.returncode in {0, 3}, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == 3
    [pool] = document["log_ratios"].values()
    assert len(pool) == 10
    assert (document["smallest_tolerance"] is None) == (done.returncode == 3)
    equal, slowed = document["runs"]
    assert (equal["slowdown"], slowed["slowdown"]) == (0.0, 0.4)
    assert slowed["passed"] == 0
    stored = json.loads((tmp_path / document["record"]).read_text())
    assert stored["log_ratios"] == document["log_ratios"]
    assert (tmp_path / document["picture"]).read_text().startswith("<?xml")


@pytest.mark.slow
def test_two_interpreters_are_compared_and_their_versions_listed(typed, tmp_path, monkeypatch):
    measure_one_pair(monkeypatch.setattr)
    old, new = (Venv(tmp_path / name) for name in ("old", "new"))
    old.install("tidy_numbers", "1.0")
    new.install("tidy_numbers", "1.1")
    sides = ("--python", f"A={old.python}", f"B={new.python}")
    done = typed("ab", *sides, *QUICK, "--json")
    assert done.returncode in {0, 1, 3}, done.stderr  # how fast they are is not the question
    document = json.loads(done.stdout)
    assert document["versions"] == {"tidy-numbers": ["1.0", "1.1"]}
    assert str(old.python) in document["before"]
    assert str(new.python) in document["after"]

    log = ComparisonLog.load(tmp_path / document["record"])
    assert log.facts.before.installed["tidy-numbers"] == "1.0"
    assert log.facts.after.installed["Python"] == log.facts.before.installed["Python"]
    again = typed("ab", "--recompute", document["record"], "--markdown", "comment.md", "--junit", "check.xml")
    assert "versions that differ:\n    tidy-numbers 1.0 -> 1.1\n" in again.stdout
    assert "- tidy-numbers 1.0 -\\> 1.1" in (tmp_path / "comment.md").read_text()
    assert "tidy-numbers 1.0 -&gt; 1.1" in (tmp_path / "check.xml").read_text()


@pytest.mark.slow
def test_a_python_without_torch_is_exit_4_in_one_line(typed, tmp_path):
    bare = Venv(tmp_path / "bare", bare=True)
    check(typed("ab", "--python", f"B={bare.python}", *QUICK), [str(bare.python), "'torch'", "-m pip install"], code=4)


@pytest.mark.parametrize(("command", "code"), [(("ab", "HEAD", "--concurrent"), 2), (("check", "nowhere"), 2)])
def test_the_files_that_ci_reads_say_what_ended_a_command(typed, tmp_path, command, code):
    done = typed(*command, "--markdown", "out/c.md", "--junit", "out/c.xml", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"], document["overall"]) == (code, code, "undecided")
    assert f"bench: {document['reason']}\n" == done.stderr
    assert (tmp_path / "out" / "c.md").read_text().startswith(f"### Undecided: bench {command[0]} ended with exit code")
    assert "<error" in (tmp_path / "out" / "c.xml").read_text()
