"""Training throughput from resident tensors against the loop most people write, and against the barest loop."""

import gzip
import os
import subprocess
import sys
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bench.plan.cell import Cell

ROUNDS, SECONDS, TIMEOUT = 20, 1.0, 120.0
SETTINGS = ("as torch has them", "as the suites here have them")  # of our two loops; the usual one keeps torch's


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


def measure(workers, root, cell):
    """Images a second of each way and round; the order within a round is drawn anew."""
    order, found = Random(0), {"ours": [], "bare": [], "usual": []}
    with usual(root, cell) as others, workers.start("tests.benchmarks.throughput:serve", cell) as worker:
        assert worker.receive(TIMEOUT) == ("ready", None)

        def own(way):
            worker.send((way, SECONDS))
            return worker.receive(TIMEOUT)[1]

        for way in ("ours", "bare"):
            own(way)
        others(SECONDS)
        for _ in range(ROUNDS):
            for way in order.sample(list(found), len(found)):
                found[way].append(others(SECONDS) if way == "usual" else own(way))
    return {way: np.array(rates) for way, rates in found.items()}


OURS = {"implementation": "fused", "memory_format": "channels_last", "denormals": "flush"}


@pytest.mark.parametrize("settings", [{}, OURS], ids=SETTINGS)
@pytest.mark.parametrize("architecture", ["mlp", "lenet5"])
@pytest.mark.benchmark(group="training throughput, our loop over a rival's")
def bench_throughput(benchmark, workers, tell, idx, *, architecture, settings):
    threads = len(os.sched_getaffinity(0))
    cell = Cell(architecture, optimizer="adam", normalization="standard", threads=threads, **settings)
    found = benchmark.pedantic(measure, args=(workers, idx, cell), rounds=1, iterations=1)
    over_usual, over_bare = (float(np.median(found["ours"] / found[way])) for way in ("usual", "bare"))
    what = f"{architecture}, {', '.join(settings.values()) or 'settings of torch'}"
    rate = f"{np.median(found['ours']):,.0f} images/s"
    tell(f"{what}: training over the usual loop", f"{over_usual:.2f} ({rate})", ">= 3", usual=over_usual)
    tell(f"{what}: training over a bare loop, one batch", f"{over_bare:.1%}", ">= 97 %", bare=over_bare)
