"""The gate in real runs: how often it fails equal sides and finds real slowdowns, beside the naive rule.

GATE_EQUAL   comparisons of equal sides (default: 4)
GATE_SLOWED  comparisons with each real slowdown, 10 %, 5 %, and 3 % at a tolerance of 3 % (default: 2)
GATE_NAIVE   pairs of the naive rule (default: 8)
GATE_FOLDER  keeps every comparison's raw numbers there; those that are there already are not made again

    GATE_EQUAL=20 GATE_SLOWED=10 GATE_NAIVE=20 GATE_FOLDER=results/gate make bench PYTEST_ARGS="-k gate -s"
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.compare.calibrate import Injection, counted, injected
from bench.compare.log import ComparisonLog
from bench.compare.sides import environments
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.plan.plan import plan_from
from bench.stats.multiple_testing import clopper_pearson
from bench.stats.sequential_test import TOLERANCE

EQUAL, SLOWED, NAIVE = (
    int(os.environ.get(name, default)) for name, default in (("GATE_EQUAL", 4), ("GATE_SLOWED", 2), ("GATE_NAIVE", 8))
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """lenet5 and mlp, each with itself, each side with a server of its own as two revisions have; plan; folder."""
    plan = plan_from({"suite": "checks"})
    kept = os.environ.get("GATE_FOLDER")
    with environments({}, plan) as found:
        yield found, plan, Path(kept) if kept else tmp_path_factory.mktemp("gate")


def before(path):
    """The decision of a comparison that was made in an earlier session, to its end."""
    try:
        log = ComparisonLog.load(path)
    except BenchError:
        return None
    return decide(log) if log.seconds and not log.ended else None


def compare(stage, slowdown, tolerance, count):
    """So many comparisons, the cells in turn, each told as it is decided."""
    comparison, plan, folder = stage
    names = list(comparison.sides)
    decisions = []
    for number in range(count):
        name = names[number % len(names)]
        path = folder / f"{name}-{slowdown:g}-{number}.jsonl"
        decision = before(path)
        if decision is None:
            path.unlink(missing_ok=True)
            seed = 1000 * number + round(1000 * slowdown)
            injection = Injection(cell=name, slowdown=slowdown, tolerance=tolerance, seed=seed, record=path)
            decision = injected(comparison, plan, injection, lambda *_: None)
        [verdict] = decision.verdicts
        shown = verdict.ratio and f"{verdict.ratio.value:.3f} after {verdict.ratio.n} pairs"
        line = f"{slowdown:.0%} {number + 1}/{count} {name}: {verdict.verdict}, {shown}, {decision.seconds:.0f} s"
        print(line, flush=True)  # noqa: T201 - an hour passes before the table
        decisions.append(decision)
    return decisions


def once(benchmark, function, *arguments):
    return benchmark.pedantic(function, args=arguments, rounds=1, iterations=1)


def share(hits, count):
    low, high = clopper_pearson(hits, count)
    return f"{hits} of {count} ({low:.0%} to {high:.0%})"


@pytest.mark.parametrize(
    "asked",  # slowdown, tolerance, how many comparisons, goal
    [
        (0.0, TOLERANCE, EQUAL, "0"),
        (0.10, TOLERANCE, SLOWED, "all"),
        (0.05, TOLERANCE, SLOWED, ">= 9 of 10, none passes"),
        (0.03, 0.03, SLOWED, ">= 9 of 10, none passes"),
    ],
)
@pytest.mark.benchmark(group="the gate in real runs")
def bench_gate(benchmark, tell, stage, asked):
    slowdown, tolerance, count, goal = asked
    if not count:
        pytest.skip("none are asked for")
    decisions = once(benchmark, compare, stage, slowdown, tolerance, count)
    real = counted(decisions, slowdown, tolerance)
    rest = f"{real.passed} pass, {real.inconclusive} inconclusive"
    numbers = {"fail": real.fail, "passed": real.passed, "inconclusive": real.inconclusive}
    tell(
        f"ab, {slowdown:.0%} slower, tolerance {tolerance:.0%}: fail",
        f"{share(real.fail, real.count)}; {rest}",
        goal,
        **numbers,
    )
    seconds = [one.seconds for one in decisions]
    goal = "<= 90 s" if slowdown == 0 else "<= 240 s for both runs of a fail"
    tell(f"ab, {slowdown:.0%} slower, one cell decided, median", f"{np.median(seconds):.0f} s", goal)
    tell(f"ab, {slowdown:.0%} slower, one cell decided, longest", f"{max(seconds):.0f} s")
    first = [len(cell_log.log_ratios(1)) for cell_log in cell_logs(decisions)]
    tell(f"ab, {slowdown:.0%} slower, pairs of the first run, median", f"{np.median(first):.0f}")


def cell_logs(decisions):
    for decision in decisions:
        yield from ComparisonLog.load(Path(decision.record)).cell_logs.values()


@pytest.mark.benchmark(group="the gate in real runs")
def bench_gate_naive(benchmark, tell):
    """Two processes, one after the other, a loss above 5 % fails: on equal sides each failure is a false alarm."""
    script = Path(__file__).with_name("naive.py")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}

    def process():
        done = subprocess.run([sys.executable, script, "1"], env=plain, capture_output=True, text=True, check=True)
        return float(done.stdout)

    logs = once(benchmark, lambda: [math.log(process() / process()) for _ in range(NAIVE)])
    fails = sum(one > math.log1p(TOLERANCE) for one in logs)
    tell("the naive rule, 0% slower, tolerance 5 %: fail", share(fails, NAIVE), "", fail=fails)
