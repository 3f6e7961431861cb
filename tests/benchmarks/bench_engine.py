"""The engine against its rivals, in one run and interleaved; `make bench` prints the table."""

import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

import architectures
from bench.compare.pairs import Side, measure_pair
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.grid import task_of
from bench.plan.plan import Plan
from bench.process.executor import talk
from bench.session.collector import Collector
from bench.session.scheduler import Scheduler
from bench.stats.interval import of_ratios
from bench.store import run as store
from bench.store.frame import frame

PAIRS, NAIVE_PAIRS, ROUNDS = 12, 8, 15
DEVICES = {"cpu": DeviceFacts("cpu", on_host=True)}
ESTIMATORS = ("min", "p10", "p25", "median")


def once(benchmark, function, *arguments):
    return benchmark.pedantic(function, args=arguments, rounds=1, iterations=1)


@pytest.mark.parametrize("architecture", ["mlp", "lenet5", "vgg4"])
@pytest.mark.benchmark(group="whole step, our median over a rival's")
def bench_step(benchmark, workers, tell, architecture):
    cell = Cell(architecture, optimizer="adam", threads=1)
    found = once(benchmark, lambda: dict(talk(workers, "tests.benchmarks.rivals:compare", cell, 300))["medians"])
    ours, bare, timer = (np.array(found[name]) for name in ("ours", "bare", "timer"))
    loop, torch_timer = float(np.median(ours / bare)), float(np.median(ours / timer))
    tell(f"{architecture}: step over a bare loop's", f"{loop:.4f}", "1 +- 0.01", bare=loop)
    tell(f"{architecture}: step over torch.utils.benchmark's", f"{torch_timer:.4f}", "1 +- 0.02", timer=torch_timer)


@pytest.mark.benchmark(group="a worker, from start to ready")
def bench_worker_forked(benchmark, workers, tell):
    def ready():
        next(talk(workers, "tests.benchmarks.ready:ready", None, 60))

    ready()  # the server is up from here on
    benchmark.pedantic(ready, rounds=20, iterations=1)
    tell("worker ready, median", f"{benchmark.stats.stats.median * 1e3:.0f} ms", "<= 60 ms")


@pytest.mark.benchmark(group="a worker, from start to ready")
def bench_worker_spawned(benchmark, tell):
    context = multiprocessing.get_context("spawn")

    def spawn():
        process = context.Process(target=__import__, args=("bench.worker.cell",))
        process.start()
        process.join()

    benchmark.pedantic(spawn, rounds=3, iterations=1)
    tell("the same by spawn", f"{benchmark.stats.stats.median * 1e3:.0f} ms")


@pytest.mark.parametrize(("threads", "goal"), [(1, "<= 1.5 %"), (2, "<= 3 %")])
@pytest.mark.benchmark(group="A/A spread")
def bench_spread(benchmark, workers, tell, threads, goal):
    if len(os.sched_getaffinity(0)) < threads:
        pytest.skip(f"needs {threads} cores")
    side, order = Side(workers, Cell("lenet5", optimizer="adam", threads=threads)), Random(0)
    pairs = once(benchmark, lambda: [measure_pair(side, side, ROUNDS, order) for _ in range(PAIRS)])
    for name in ESTIMATORS:
        spread = float(np.std([pair.log_ratio(name) for pair in pairs], ddof=1))
        asked = goal if name == "p25" else ""
        tell(f"A/A sd, lenet5, {threads} threads, {PAIRS} pairs, {name}", f"{spread:.2%}", asked, **{name: spread})


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.benchmark(group="A/A spread")
def bench_spread_naive(benchmark, tell, threads):
    script = Path(__file__).with_name("naive.py")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}

    def process():
        done = subprocess.run(
            [sys.executable, script, str(threads)], env=plain, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    ratios = once(benchmark, lambda: [np.log(process() / process()) for _ in range(NAIVE_PAIRS)])
    spread = float(np.std(ratios, ddof=1))
    tell(f"the same, naive: one process after the other, {threads} threads, {NAIVE_PAIRS} pairs", f"{spread:.2%}")


@pytest.mark.benchmark(group="relative cost")
def bench_relative_cost(benchmark, workers, tell, tmp_path):
    cells = [Cell(name, optimizer="adam", threads=1) for name in ("lenet5", "vgg4")]
    plan = Plan(threads=(1,), repeats=6, epochs=0, blocks=ROUNDS)
    results = []
    schedule = Scheduler(plan, cells, Collector(workers, tmp_path), DEVICES, results.append, lambda *_: None)
    once(benchmark, schedule.run)
    for cell in cells:
        values = [
            one.value
            for result in results
            if result.cell == cell
            for one in result.measurements
            if one.metric == "relative_cost"
        ]
        cost = of_ratios(values)
        shown = f"{cost.value:.2f} +-{cost.half_width:.1%}"
        tell(f"{cell.architecture} relative to the reference, 1 thread, {cost.n} repeats", shown, "+-3 %")


@pytest.mark.benchmark(group="page faults")
def bench_faults(benchmark, workers, tell):
    names = [name for name in architectures.names() if architectures.get(name).family != "zoo"]

    def every():
        return {
            name: dict(talk(workers, "tests.benchmarks.rivals:faults", Cell(name, optimizer="adam", threads=1), 120))
            for name in names
        }

    found = {name: parts["faults"] for name, parts in once(benchmark, every).items()}
    worst = max(found, key=found.__getitem__)
    tell(f"page faults a step, worst of {len(names)} nets ({worst})", f"{found[worst]:.2f}", "0", **found)


@pytest.fixture(scope="module")
def many(tmp_path_factory, workers):
    """A run of 10,000 cells whose lines are those of a real result, told apart by their seed."""
    root = tmp_path_factory.mktemp("many") / "results"
    run = store.create("many", {"plan": Plan().to_dict()}, root)
    plan = Plan(epochs=1, blocks=3)
    cell = Cell("lenet5", optimizer="adam", threads=len(os.sched_getaffinity(0)))
    real = Collector(workers, run.folder).measure(task_of(cell, plan, 0, DEVICES), lambda _: None)
    assert real.status == "ok", real.reason
    with (run.folder / "results.jsonl").open("w") as file:
        for seed in range(10_000):
            file.write(replace(real, cell=replace(cell, seed=seed)).to_line() + "\n")
    return run


@pytest.mark.benchmark(group="10,000 cells into the frame")
def bench_frame(benchmark, tell, many):
    table = benchmark.pedantic(frame, args=(many,), rounds=3, iterations=1)
    assert table["id"].nunique() == 10_000
    size = (many.folder / "results.jsonl").stat().st_size / 1e6
    tell(
        f"10,000 cells ({size:.0f} MB, {len(table):,} rows) into the frame",
        f"{benchmark.stats.stats.median:.2f} s",
        "<= 2 s",
    )


@pytest.mark.benchmark(group="10,000 cells into the frame")
def bench_frame_memory(benchmark, tell, many):
    code = (  # VmHWM, since ru_maxrss would begin with what this process has had
        "import pathlib, sys; from bench.store import run, frame; frame.frame(run.load(sys.argv[1]));"
        "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    command = [sys.executable, "-c", code, str(many.folder)]
    done = once(benchmark, lambda: subprocess.run(command, capture_output=True, text=True, check=True))
    tell("the same, peak memory of the whole process", f"{int(done.stdout) / 1024:.0f} MB", "<= 500 MB")
