"""Fan-out: cells of fixed length on an executor, cells that do nothing through the store, and a simulation of many.

As a program, `python -m tests.benchmarks.fan_out CELLS`, it puts cells that do nothing through the store in the working
folder, and prints one line of JSON: seconds a cell, and bytes of memory a cell after the first tenth.
"""

import json
import random
import sys
import time
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from pathlib import Path

from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process.executor import talk
from bench.session.flight import results_of
from bench.session.scheduler import Scheduler
from bench.store import run as store
from bench.store.result import Result

NOTHING, SLEEP = "cluster_errands:nothing", "cluster_errands:sleep"
PATIENCE = 600.0
SYSTEM = {"cpu": "made up", "cores": 2, "torch": "2", "node": "left"}


def seconds_of(executor, entry=NOTHING, task=None):
    """Seconds that one task takes from its start to the end of its process."""
    began = time.perf_counter()
    for _ in talk(executor, entry, task, PATIENCE):
        pass
    return time.perf_counter() - began


def efficiency(executor, length, each):
    """The share of the time of all slots that went into tasks of `length` seconds, `each` a slot."""
    _at_once(executor, NOTHING, None, 1)  # every node has its server then
    began = time.perf_counter()
    _at_once(executor, SLEEP, length, each)
    return each * length / (time.perf_counter() - began)


def _at_once(executor, entry, task, each):
    """So many tasks for each slot, on all slots at once."""
    count = executor.slots * each
    jobs = ((number, lambda _: seconds_of(executor, entry, task)) for number in range(count))
    assert len(list(results_of(jobs, executor.slots, print))) == count


class Nothing:
    """A collector whose cells are measured at once."""

    slots = 1

    def renew(self):
        pass

    def measure(self, task, report):
        return Result(task.cell, "ok", repeat=task.repeat, system=SYSTEM)


def through_the_store(count):
    """Put so many cells through the schedule and the store: lines, and seconds and bytes of memory a cell."""
    plan = Plan(repeats=1, again=0, blocks=0)
    cells = [Cell(f"net{number}") for number in range(count)]
    run = store.create("many", {"status": "running", "plan": plan.to_dict()})
    began = time.perf_counter()
    _schedule(plan, cells[: count // 10], run.append)
    before = resident()
    _schedule(plan, cells[count // 10 :], run.append)
    seconds, grown = time.perf_counter() - began, resident() - before
    with (run.folder / store.RESULTS_FILE).open("rb") as file:
        lines = sum(1 for _ in file)
    return {"lines": lines, "seconds": seconds / count, "bytes": grown / (0.9 * count)}


def _schedule(plan, cells, keep):
    Scheduler(plan, cells, Nothing(), {"cpu": DeviceFacts("cpu", on_host=True)}, keep, lambda *_: None).run()


def resident():
    """Bytes of memory that this process has now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


@dataclass(frozen=True)
class Outcome:
    """What a simulation comes to.

    Attributes:
        seconds: from the first start to the last line on the disk.
        efficiency: the share of the nodes' time that went into cells which count.
        driver: the share of the time that the driver wrote lines.
        lost: cells that began anew since their node vanished.

    """

    seconds: float
    efficiency: float
    driver: float
    lost: int


def simulate(count, nodes, lengths, overhead, writing, *, lifetime=float("inf"), away=600.0, seed=0):
    """So many cells on so many nodes, as the scheduler draws them.

    Args:
        count: of cells.
        nodes: of the cluster.
        lengths: seconds of cells, of which each draws one.
        overhead: seconds that a node adds to each.
        writing: seconds of the driver for each result, one after another; the node has its next task after that.
        lifetime: mean seconds until a node vanishes.
        away: seconds until another stands in for it.
        seed: of the draws.

    """
    draw = random.Random(seed)
    useful, driver, lost, left = 0.0, 0.0, 0, count - min(count, nodes)
    running = [(overhead + (length := draw.choice(lengths)), length) for _ in range(min(count, nodes))]
    heapify(running)
    while running:
        end, length = heappop(running)
        if draw.random() < (overhead + length) / lifetime:
            lost += 1
            heappush(running, (end + away + overhead + length, length))
            continue
        driver = max(driver, end) + writing
        useful += length
        if left:
            left -= 1
            length = draw.choice(lengths)
            heappush(running, (driver + overhead + length, length))
    return Outcome(driver, useful / (driver * nodes), count * writing / driver, lost)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(through_the_store(int(sys.argv[1]))))
