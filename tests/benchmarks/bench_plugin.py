"""`bench_cell` beside plain pytest-benchmark: the same nets, in turn, on the idle machine and beside a busy process.

PLUGIN_ROUNDS  rounds beside the busy process, each a session of pytest for either way (default: 4)
PLUGIN_BUSY    how many processes are busy then (default: 1)

    PLUGIN_ROUNDS=20 make bench PYTEST_ARGS="-k plugin -s"
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent

import numpy as np
import pytest
from pytest_benchmark.utils import parse_compare_fail

from bench.stats.multiple_testing import clopper_pearson
from tests.conftest import ROOT, outside_xdist

NETS = ("softmax_regression", "lenet5")  # a step of a fifth of a millisecond, and one of some
ROUNDS, BUSY = (int(os.environ.get(name, default)) for name, default in (("PLUGIN_ROUNDS", 4), ("PLUGIN_BUSY", 1)))
RULE = "min:10%"
CELL = f"""
    import pytest


    @pytest.mark.parametrize("net", {NETS})
    def test_step(bench_cell, net):
        bench_cell(net, dataset="synthetic")
    """
PLAIN = f"""
    import pytest
    import torch
    from torch.nn import functional as F

    import architectures


    @pytest.mark.parametrize("net", {NETS})
    def test_step(benchmark, net):
        torch.set_num_threads(1)
        model = architectures.build(net)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        images, labels = torch.rand(64, 1, 28, 28), torch.arange(64) % 10

        def step():
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()

        benchmark(step)
    """
WAYS = {"bench_cell": CELL, "plain benchmark(step)": PLAIN}


@dataclass(frozen=True)
class Session:
    """What a session of pytest gave: the fastest round by net, and whether the rule held against the first session."""

    fastest: dict[str, float]
    held: bool


@contextmanager
def busy(count):
    """So many processes that only count, until the end of the block."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def session(folder, *flags):
    """Run the tests of a folder as their user does; the figures are those that pytest-benchmark writes."""
    out = folder / "out.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "bench.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--benchmark-json={out}", *flags],
        cwd=folder,
        env=outside_xdist(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0 or "Performance has regressed" in told, told
    stored = json.loads(out.read_text())["benchmarks"]
    return Session({one["params"]["net"]: one["stats"]["min"] for one in stored}, done.returncode == 0)


def sessions(folders):
    """Of either way the first session, on the machine as it is, and those beside the busy process."""
    quiet = {way: session(folder, "--benchmark-save=quiet") for way, folder in folders.items()}
    beside = defaultdict(list)
    with busy(BUSY):
        for number in range(ROUNDS):
            began = time.monotonic()
            for way in sorted(folders, reverse=number % 2 == 1):
                compared = session(folders[way], "--benchmark-compare=0001", f"--benchmark-compare-fail={RULE}")
                beside[way].append(compared)
            line = ", ".join(f"{way} {'held' if beside[way][-1].held else 'FAILED'}" for way in folders)
            print(f"{number + 1}/{ROUNDS}: {line}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - minutes pass
    return quiet, beside


def spanned(values):
    return f"{np.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def share(hits, count):
    low, high = clopper_pearson(hits, count)
    return f"{hits} of {count} ({low:.0%} to {high:.0%})"


@pytest.mark.benchmark(group="bench_cell beside plain pytest-benchmark")
def bench_plugin_beside_a_busy_process(benchmark, tell, tmp_path):
    folders = {}
    for way, text in WAYS.items():
        folders[way] = tmp_path / way.partition(" ")[0]
        folders[way].mkdir()
        (folders[way] / "test_step.py").write_text(dedent(text))
    quiet, beside = benchmark.pedantic(sessions, args=(folders,), rounds=1, iterations=1)
    ours, plain = WAYS
    neighbours = f"beside {BUSY} busy"
    for net in NETS:
        ratio = quiet[ours].fastest[net] / quiet[plain].fastest[net]
        tell(f"{net}: min of {ours} over that of {plain}, idle", f"{ratio:.3f}", "")
        ratios = [a.fastest[net] / b.fastest[net] for a, b in zip(beside[ours], beside[plain], strict=True)]
        tell(f"{net}: the same {neighbours}, {ROUNDS} rounds", spanned(ratios), "as idle")
        for way in WAYS:
            slower = [one.fastest[net] / quiet[way].fastest[net] for one in beside[way]]
            tell(f"{net}: min {neighbours} over min idle, {way}", spanned(slower), "1" if way == ours else "")
    rule = parse_compare_fail(RULE)
    for way in WAYS:
        held = [one.held for one in beside[way]]
        goal = "all" if way == ours else ""
        tell(f"{RULE} of equal code {neighbours}, baseline idle: {way} held", share(sum(held), ROUNDS), goal)
        pairs = [
            not any(rule.fails({"min": now.fastest[net]}, {"min": before.fastest[net]}) for net in NETS)
            for before, now in zip(beside[way], beside[way][1:], strict=False)
        ]
        tell(f"{RULE}, each session against the one before: {way} held", share(sum(pairs), len(pairs)), goal)
