"""`bench.measure` and `bench.compare` on planted times, and what they give; real processes in the slow set."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from textwrap import dedent

import numpy as np
import pytest

import bench
from bench import steps
from bench.compare import sequential
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import Pair, Side
from bench.compare.sides import Comparison
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.process.worker import WorkerError
from bench.session import step_times
from bench.session.step_times import TimedStep
from bench.stats.interval import Interval
from bench.step_results import Measurement, Verdict
from bench.store.warning import Warning
from bench.verdict.verdict import Decision
from bench.verdict.verdict import Verdict as CellVerdict
from tests.conftest import HANG, eventually, of_session

pytest.importorskip("cloudpickle")


def fast():
    """A step."""


def slow():
    """Another one."""


class Machine:
    """Gives pairs whose log ratios vary by this standard deviation about that of a slowdown, in a drawn order."""

    def __init__(self, slowdown, spread, seed):
        self.mean, self.spread, self.draw = float(np.log1p(slowdown)), spread, np.random.default_rng(seed)

    def renew(self):
        """As a client of servers has it."""

    def wait_until_ready(self):
        """Likewise."""

    def measure_pair(self, first, second, blocks, order, start):
        log = self.draw.normal(self.mean, self.spread)
        return Pair(np.full((1, 1), 0.004), np.full((1, 1), 0.004 * np.exp(log)), {}, 0, started_first=start)

    @contextlib.contextmanager
    def two_steps(self, sources, options):
        sides = tuple(Side(None, Cell.foreign(source.label), step=source) for source in sources)
        facts = [SideFacts(source.label) for source in sources]
        yield Comparison(*facts, sides={"slow over fast": sides}, system={"cpu": "x"}, hosts=(self,))


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Compares two steps on a planted machine."""
    monkeypatch.chdir(tmp_path)
    names = iter(range(100))
    monkeypatch.setattr(steps, "time_name", lambda: f"compared-{next(names)}")

    def compare(slowdown, spread, seed, **more):
        machine = Machine(slowdown, spread, seed)
        monkeypatch.setattr(sequential, "measure_pair", machine.measure_pair)
        monkeypatch.setattr(steps, "two_steps", machine.two_steps)
        return bench.compare(fast, slow, order_seed=seed, concurrent=True, **more)

    return compare


def test_equal_steps_are_not_told_apart(planted):
    assert [planted(0.0, 0.025, seed).verdict for seed in range(20)] == ["unchanged"] * 20


def test_a_tenth_more_is_a_difference(planted):
    assert [planted(0.1, 0.025, seed).verdict for seed in range(10)] == ["regressed"] * 10


def test_a_gain_and_what_noise_hides(planted):
    gain = planted(-0.1, 0.01, 1)
    assert gain.verdict == "improved"
    assert gain.ratio.high < 1
    noisy = planted(0.02, 0.4, 2)
    assert noisy.verdict == "inconclusive"
    assert "amid such noise" in noisy.reason


def test_what_was_compared_is_recorded_and_decides_again(planted):
    verdict = planted(0.1, 0.02, 3, tolerance="8%")
    log = ComparisonLog.load(verdict.record)
    assert (log.facts.before.label, log.facts.after.label, log.facts.tolerance) == ("fast", "slow", 0.08)
    ((before, after),) = log.facts.cells.values()
    assert before.is_foreign
    assert after.is_foreign
    (cell_log,) = log.cell_logs.values()
    assert (cell_log.counts, cell_log.sameness) == (None, None)  # a step is not asked for either
    from bench.compare.verdicts import decide

    assert decide(log).verdicts == verdict.decision.verdicts
    assert [one.metric for one in verdict.decision.verdicts] == ["step"]


def test_an_interrupt_comes_as_it_is_and_keeps_the_pairs(planted, monkeypatch, tmp_path):
    def interrupted(machine, *arguments):
        if len(pairs) == 8:
            raise KeyboardInterrupt
        pairs.append(1)
        return measure(machine, *arguments)

    pairs, measure = [], Machine.measure_pair
    monkeypatch.setattr(Machine, "measure_pair", interrupted)
    with pytest.raises(KeyboardInterrupt):
        planted(0.0, 0.2, 4)
    (path,) = (tmp_path / "results" / "ab").iterdir()
    assert ComparisonLog.load(path).ended == "interrupted"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bench.measure(3), "int is no step: give a function"),
        (lambda: bench.measure(fast, repeats=0), r"bench\.measure: key 'repeats' takes 1 or more, not 0"),
        (lambda: bench.measure(fast, blocks=1), r"bench\.measure: key 'blocks' takes 2 or more, not 1"),
        (lambda: bench.measure(fast, threads=0), r"bench\.measure: key 'threads' takes 1 or more, not 0"),
        (lambda: bench.measure(fast, timeout="soon"), "a duration such as 90s"),
        (lambda: bench.measure("train"), r"takes FILE\.py:NAME or package\.module:NAME, not 'train'"),
        (lambda: bench.compare(fast, None), "NoneType is no step"),
        (
            lambda: bench.compare(fast, slow, tolerance=5),
            r"bench\.compare: tolerance takes a share such as 3% or 0\.03",
        ),
        (lambda: bench.compare(fast, slow, budget="long"), "a duration such as 90s"),
    ],
)
def test_a_mistake_is_one_line_and_starts_nothing(monkeypatch, tmp_path, call, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(steps, "time_step", None)
    monkeypatch.setattr(steps, "two_steps", None)
    with pytest.raises(BenchError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_measures_when_a_worker_imports_it_is_told(monkeypatch):
    monkeypatch.setenv("BENCH_START_METHOD", "fork")  # as every worker has it
    for call, name in (
        (functools.partial(bench.measure, fast), "measure"),
        (lambda: bench.compare(fast, slow), "compare"),
    ):
        with pytest.raises(BenchError, match=rf"bench\.{name} is called while its file is imported: put it below if"):
            call()


FACTS = {"origin": {"file": "my_train.py"}, "device": "cpu", "threads": 1, "system": {"cpu": "x"}}


def process(seconds, *, warnings=(), **phases):
    return {
        "seconds": [seconds] * 4,
        "phases": {name: [share * seconds] * 4 for name, share in phases.items()},
        "outside": [seconds * (1 - sum(phases.values()))] * 4,
        "warnings": [warning.to_dict() for warning in warnings],
    }


def test_what_goes_wrong_as_a_step_is_closed_leaves_the_measurement(monkeypatch):
    def answers(*_):
        yield from (("facts", FACTS), ("times", process(0.004)))
        yield "failed", "fast, as it was closed: ValueError: no lock (my_train.py, line 9)"

    def dies(*_):
        yield from (("facts", FACTS), ("times", process(0.004)))
        raise WorkerError("failed", "the worker ended by itself with exit code 3")

    for talk, words in ((answers, "no lock (my_train.py, line 9)"), (dies, "fast: the worker ended by itself")):
        monkeypatch.setattr(step_times, "talk", talk)
        measured = bench.measure(fast, repeats=2, concurrent=True)
        assert measured.value == pytest.approx(0.004)
        (warning,) = measured.warnings
        assert warning.startswith("not closed, fast")
        assert words in warning
        assert repr(measured).endswith("; not closed>")


def test_a_measurement_is_the_mean_over_processes_with_its_interval():
    timed = TimedStep(FACTS, tuple(process(seconds) for seconds in (0.004, 0.005, 0.00625)))
    found = Measurement.of_processes("my_train.step", timed)
    assert found.value == found.p25 == pytest.approx(0.005)  # geometric
    half = 4.302653 * np.log(1.25) / np.sqrt(3)  # Student's t of two degrees of freedom, at 97.5 %
    assert (found.low, found.high) == pytest.approx((0.005 * np.exp(-half), 0.005 * np.exp(half)), rel=1e-5)
    assert (found.n, found.unit, found.statistic, found.phases, found.outside) == (3, "s", "median", {}, None)
    assert [samples.tolist() for samples in found.samples] == [[0.004] * 4, [0.005] * 4, [0.00625] * 4]
    assert found.origin == {"file": "my_train.py"}


def test_the_value_is_the_median_of_steps_and_the_low_quantile_stands_beside_it():
    times = process(0.004)
    times["seconds"] = [0.001, 0.002, 0.003, 0.004, 0.5]
    found = Measurement.of_processes("step", TimedStep(FACTS, (times,)))
    assert (found.value, found.p25, found.low) == (pytest.approx(0.003), pytest.approx(0.002), None)


def test_the_phases_of_a_measurement_have_their_intervals():
    timed = TimedStep(FACTS, (process(0.004, forward=0.25, backward=0.5), process(0.005, forward=0.25, log=0.0)))
    found = Measurement.of_processes("step", timed)
    assert list(found.phases) == ["forward", "backward", "log"]
    assert found.phases["forward"].value == pytest.approx((0.001 * 0.00125) ** 0.5)
    assert found.phases["forward"].n == 2
    assert found.phases["backward"].low is None  # which the other process has none of
    assert found.phases["backward"].value == pytest.approx(0.001)
    assert found.outside.value == pytest.approx((0.001 * 0.00375) ** 0.5)


def test_a_measurement_reads_on_one_line_and_as_a_table():
    contended = [Warning("step", "contended", share, f"the process had at most {share:.0%}") for share in (0.5, 0.7)]
    timed = TimedStep(
        FACTS, tuple(process(0.004 + at / 1e5, forward=0.25, warnings=contended[at : at + 1]) for at in range(3))
    )
    found = Measurement.of_processes("<lambda>", timed)
    text = repr(found)
    assert text.startswith("<Measurement <lambda>: 4.01 ms ± 0.62 % (95 % over 3 processes, 1 thread, cpu); ")
    assert text.endswith("; forward 25 %, outside of these 75 %; contended>")
    assert found.warnings == ("contended, the process had at most 50%; 2 such, from 50 % of a core to 70 % of a core",)
    assert "\n" not in text
    html = found._repr_html_()
    assert "<td>&lt;lambda&gt;</td>" in html
    assert "<lambda>" not in html
    assert html.count("<tr>") == 4  # the headings, the step, its phase, and what is outside
    assert "contended" in html
    alone = repr(Measurement.of_processes("step", TimedStep(FACTS, (process(0.004),))))
    assert alone == "<Measurement step: 4.00 ms (1 process, 1 thread, cpu)>"


def test_a_verdict_reads_on_one_line_and_as_a_table():
    cell = CellVerdict(
        cell="slow over <lambda>",
        metric="step",
        verdict="regressed",
        before=0.004,
        after=0.0044,
        ratio=Interval(1.1, 1.08, 1.12, 6),
        reason="slower by 10 % in a second, independent run too",
        remedy="see what differs",
    )
    verdict = Verdict(Decision(kind="ab", before="<lambda>", after="slow", verdicts=(cell,), notes=("a note",)))
    assert (verdict.verdict, verdict.ratio.n, verdict.before, verdict.after) == ("regressed", 6, 0.004, 0.0044)
    assert repr(verdict) == (
        "<Verdict regressed: slow over <lambda> +10.0 % (+8.0 to +12.0): slower by 10 % in a second, independent run "
        "too; see what differs>"
    )
    html = verdict._repr_html_()
    assert "<td>&lt;lambda&gt;</td><td>4.00 ms</td><td>slow</td><td>4.40 ms</td>" in html
    assert "a note" in html
    assert "<lambda>" not in html


@pytest.fixture
def script(tmp_path, environment):
    """Starts a script in an empty folder, as the leader of a session of its own."""
    started = []

    def start(source, name="script.py"):
        (tmp_path / name).write_text(dedent(source))
        process = subprocess.Popen(
            [sys.executable, name],
            cwd=tmp_path,
            env={
                **environment,
                "PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], os.environ.get("PYTHONPATH", "")]),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for pid in of_session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


WORK = """
    import torch, bench

    model = torch.nn.Linear(64, 64)
    images = torch.rand(32, 64)

    def step(times=1):
        with bench.phase("forward"):
            loss = model(images).square().mean()
        with bench.phase("backward"):
            loss.backward()

    def make_step():
        return step
    """


@pytest.mark.slow
def test_a_script_without_a_guard_measures_its_own_step(script, tmp_path):
    source = (
        WORK
        + """
    open("ran", "a").write("x")
    measured = [bench.measure(what, repeats=2, blocks=2, concurrent=True) for what in (make_step, lambda: step())]
    for one in measured:
        assert one.origin["file"] == __file__ and len(one.origin["pickle"]) == 64, one.origin
        print(one.n, one.low < one.value < one.high, list(one.phases), one.device, one.threads, one.statistic)
    """
    )
    process = script(source)
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 0, stderr
    assert stdout.splitlines() == ["2 True ['forward', 'backward'] cpu 1 median"] * 2
    assert (tmp_path / "ran").read_text() == "x"  # no worker runs the script


FAILING = {
    "bench.measure(fail, repeats=2)": ["fail: ValueError: no such batch (script.py, line 5)"],
    "bench.compare(step, fail)": ["fail: ValueError: no such batch (script.py, line 5)"],
    "bench.measure('gone.py:step')": ["cannot read ", "gone.py", "check the path"],
    "bench.measure(leave)": ["leave: the worker ended by itself with exit code 3"],
}


@pytest.mark.slow
def test_a_failing_step_is_one_line_with_the_user_s_own_place(script):
    text = f"""\
        import os, bench
        def step():
            pass
        def fail():
            raise ValueError("no such\\nbatch")
        def leave():
            os._exit(3)
        for call in {[*FAILING]}:
            try:
                eval(call)
            except bench.BenchError as error:
                print(error)
        """
    stdout, stderr = script(dedent(text)).communicate(timeout=HANG)
    lines = stdout.splitlines()
    assert len(lines) == len(FAILING), stderr
    for line, words in zip(lines, FAILING.values(), strict=True):
        assert [word for word in words if word not in line] == [], line


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_keeps_the_pairs(script, tmp_path):
    process = script(WORK + "\n    print(bench.compare(step, make_step, blocks=2, concurrent=True))\n")
    records = tmp_path / "results" / "ab"
    deadline = time.monotonic() + HANG
    while not any('"pair"' in path.read_text() for path in records.glob("*.jsonl")):
        assert time.monotonic() < deadline, "no pair came"
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, stderr = process.communicate(timeout=HANG)
    assert stderr.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert eventually(lambda: of_session(process.pid) == [])  # who is ended takes a moment to be gone
    assert ComparisonLog.load(next(records.iterdir())).ended == "interrupted"


@pytest.mark.slow
@pytest.mark.alone
def test_a_real_difference_is_found(script):
    """Half again as much work, beside itself: a pair that any machine tells apart, unless it says why not."""
    source = """
        import torch, bench
        from tests.one_pair import keep_servers
        keep_servers(setattr)
        numbers = torch.rand(256, 256)
        def step():
            for _ in range(10):
                numbers @ numbers
        def slower():
            for _ in range(15):
                numbers @ numbers
        verdict = bench.compare(step, slower, blocks=2, budget="100s", concurrent=True)
        print(verdict.verdict, verdict.reason, verdict.notes)
        """
    process = script(source)
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 0, stderr
    assert stdout.startswith("regressed ") or (stdout.startswith("inconclusive") and "contended" in stdout), stdout
