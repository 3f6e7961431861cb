"""Steps of one's own: `bench.measure` beside torch.utils.benchmark, and how often `bench.compare` errs.

STEP_EQUAL   comparisons of equal callables (default: 2)
STEP_SLOWED  comparisons with 10 % more work (default: 1)

    STEP_EQUAL=20 STEP_SLOWED=10 make bench PYTEST_ARGS="-k steps -s"
"""

import os
import time

import numpy as np
import pytest
import torch
from torch.utils.benchmark import Timer

import bench
from bench.stats.interval import of_ratios
from bench.stats.multiple_testing import clopper_pearson

ROUNDS = 5
EQUAL, SLOWED = (int(os.environ.get(name, default)) for name, default in (("STEP_EQUAL", 2), ("STEP_SLOWED", 1)))
UNITS = 20  # of work in a step: 22 are a tenth more


def once(benchmark, function, *arguments):
    return benchmark.pedantic(function, args=arguments, rounds=1, iterations=1)


def of_units(count):
    """A step of so many equal pieces of work."""

    def make_step():
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(128, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        images = torch.rand(64, 128)

        def step():
            for _ in range(count):
                model(images).sum().backward()

        return step

    return make_step


def timed_by_torch():
    """Seconds of the same step by torch.utils.benchmark, in this process, warm, with one thread."""
    step = of_units(UNITS)()
    for _ in range(50):
        step()
    timer = Timer("step()", globals={"step": step}, num_threads=1)
    return float(timer.blocked_autorange(min_run_time=2).median)


@pytest.mark.benchmark(group="a step of one's own")
def bench_steps_beside_torch(benchmark, tell):
    """In turn, a process of ours and a run of torch's Timer, so that both have the same minute."""

    def rounds():
        ours, lows, torchs = [], [], []
        for _ in range(ROUNDS):
            measured = bench.measure(of_units(UNITS), repeats=1, concurrent=True)
            ours.append(measured.value)
            lows.append(measured.p25)
            torchs.append(timed_by_torch())
        return np.array(ours), np.array(lows), np.array(torchs)

    ours, lows, torchs = once(benchmark, rounds)
    for name, values, goal in (("value", ours, "1 +- 0.02"), ("p25", lows, "")):
        ratio = of_ratios(values / torchs)
        shown = f"{ratio.value:.4f} ({ratio.low:.4f} to {ratio.high:.4f})"
        tell(f"bench.measure's {name} over torch.utils.benchmark's", shown, goal, **{name: ratio.value})


@pytest.mark.parametrize("asked", [(EQUAL, UNITS, "unchanged"), (SLOWED, UNITS * 11 // 10, "regressed")])
@pytest.mark.benchmark(group="a step of one's own")
def bench_steps_compared(benchmark, tell, tmp_path, monkeypatch, asked):
    count, units, wanted = asked
    if not count:
        pytest.skip("none are asked for")
    monkeypatch.chdir(tmp_path)

    def comparisons():
        words = []
        for number in range(count):
            began = time.monotonic()
            verdict = bench.compare(of_units(UNITS), of_units(units), order_seed=number, concurrent=True)
            words.append(verdict.verdict)
            line = f"{units}/{UNITS} {number + 1}/{count}: {verdict!r} {time.monotonic() - began:.0f} s"
            print(line, verdict.notes, flush=True)  # noqa: T201 - minutes pass before the table
        return words

    words = once(benchmark, comparisons)
    hits = words.count(wanted)
    low, high = clopper_pearson(hits, count)
    others = ", ".join(sorted({word for word in words if word != wanted})) or "none else"
    tell(
        f"bench.compare, {units / UNITS - 1:.0%} more work: {wanted}",
        f"{hits} of {count} ({low:.0%} to {high:.0%}); {others}",
        "all",
        **{wanted: hits},
    )
