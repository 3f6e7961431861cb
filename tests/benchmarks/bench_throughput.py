"""Training throughput from resident images against the loop most people write, and against the barest, by setting."""

import gzip
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from random import Random

import numpy as np
import pytest
from scipy import stats

from bench.plan.cell import Cell

ROUNDS, SECONDS, TIMEOUT = 12, 1.0, 300.0
USUAL = "usual"
OURS = {"implementation": "fused", "memory_format": "channels_last", "denormals": "flush"}
SETTINGS = {  # of our loop and of the bare one beside it; the usual one keeps torch's
    "as torch has it": {},
    "as the suites have it": OURS,
    "compiled": {**OURS, "mode": "compile"},
    "bfloat16": {**OURS, "dtype": "bfloat16"},
    "compiled, bfloat16": {**OURS, "mode": "compile", "dtype": "bfloat16"},
}


@pytest.fixture(scope="module")
def idx(tmp_path_factory):
    """A folder in torchvision's layout with the embedded MNIST, unpacked."""
    root = tmp_path_factory.mktemp("mnist")
    raw = root / "MNIST/raw"
    raw.mkdir(parents=True)
    for packed in (resources.files("bench.data") / "mnist").iterdir():
        if packed.name.endswith(".gz"):
            (raw / packed.name.removesuffix(".gz")).write_bytes(gzip.decompress(packed.read_bytes()))
    return root


@contextmanager
def usual(root, cell):
    """The usual loop in a plain process; gives a function from seconds to images a second."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    script = Path(__file__).with_name("usual.py")
    process = subprocess.Popen(
        [sys.executable, script, root, cell.architecture, str(cell.batch_size), str(cell.threads)],
        env={**plain, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def rate(seconds):
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    try:
        yield rate
    finally:
        process.kill()
        process.wait()


def measure(workers, root, plain):
    """Images a second of each way and round, by name; the order within a round is drawn anew.

    The usual loop is in a process as its users run it; each setting has a worker with our loop and a bare one.
    """
    order = Random(0)
    with ExitStack() as stack:
        others = stack.enter_context(usual(root, plain))
        ways = {USUAL: others}
        for name, settings in SETTINGS.items():
            worker = stack.enter_context(workers.start("tests.benchmarks.throughput:serve", replace(plain, **settings)))
            assert worker.receive(TIMEOUT) == ("ready", None)
            ways |= {(name, way): partial(asked, worker, way) for way in ("ours", "bare")}
        for way in ways.values():
            way(SECONDS)
        rates = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name in order.sample(list(ways), len(ways)):
                rates[name].append(ways[name](SECONDS))
    return {name: np.array(every) for name, every in rates.items()}


def asked(worker, way, seconds):
    worker.send((way, seconds))
    return worker.receive(TIMEOUT)[1]


def ratio(rates, others):
    """The median over rounds of a ratio, and from where to where it lies with 95 % confidence, by the sign test."""
    ratios = np.sort(rates / others)
    least = int(stats.binom.ppf(0.025, len(ratios), 0.5))
    return float(np.median(ratios)), float(ratios[least - 1]), float(ratios[-least])


@pytest.mark.parametrize("architecture", ["mlp", "lenet5"])
@pytest.mark.benchmark(group="training throughput, our loop over a rival's")
def bench_throughput(benchmark, workers, tell, idx, *, architecture):
    threads = len(os.sched_getaffinity(0))
    plain = Cell(architecture, optimizer="adam", normalization="standard", threads=threads)
    rates = benchmark.pedantic(measure, args=(workers, idx, plain), rounds=1, iterations=1)
    for name in SETTINGS:
        ours, bare = rates[name, "ours"], rates[name, "bare"]
        numbers = {"usual": ratio(ours, rates[USUAL]), "bare": ratio(ours, bare), "step": ratio(bare, rates[USUAL])}
        usual, step = ("{:.2f} ({:.2f} to {:.2f})".format(*numbers[key]) for key in ("usual", "step"))
        measured = (
            f"{usual} times the usual loop, {{:.1%}} ({{:.1%}} to {{:.1%}}) of a bare loop, which is {step} times"
        )
        tell(
            f"{architecture}, {name}: training",
            measured.format(*numbers["bare"]),
            ">= 97 % of a bare loop; at the best setting >= 4 times the usual one",
            **{f"{name}, {key}": value for key, value in numbers.items()},
        )
