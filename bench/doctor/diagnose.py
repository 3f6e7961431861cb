"""Diagnose: gathers the facts that the doctor judges: what a worker reads, and pairs of identical cells timed now."""

import time
from random import Random
from typing import Any

from bench.compare.pairs import Pair, Side, measure_pair
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.process import entries
from bench.process.executor import talk
from bench.process.worker import WorkerError, Workers

TWIN = Cell("lenet5", optimizer="adam")
PAIRS, BLOCKS, PAIRS_SECONDS = 4, 8, 25.0
FACTS_TIMEOUT = 120.0


def examine(workers: Workers) -> dict[str, Any]:
    """The facts of this machine (`bench.worker.machine_facts`), and `aa_log_ratios` and `aa_faults` of identical cells.

    Raises:
        BenchError: no worker could be started, or none told anything.

    """
    try:
        parts = dict(talk(workers, entries.MACHINE_FACTS, None, FACTS_TIMEOUT))
        facts: dict[str, Any] = parts["facts"]
        pairs = _pairs(workers)
    except (WorkerError, KeyError) as ended:
        raise BenchError(f"cannot examine this machine: {ended}; see the messages above") from ended
    steps = sum(pair.first.size + pair.second.size for pair in pairs)
    return {
        **facts,
        "aa_log_ratios": [pair.log_ratio() for pair in pairs],
        "aa_faults": sum(pair.faults for pair in pairs) / steps,
    }


def _pairs(workers: Workers) -> list[Pair]:
    """Some pairs of identical cells, each in fresh processes: at least one, and as many as the time allows."""
    start, order = time.monotonic(), Random()
    pairs: list[Pair] = []
    while len(pairs) < PAIRS:
        pairs.append(measure_pair(Side(workers, TWIN), Side(workers, TWIN), BLOCKS, order))
        elapsed = time.monotonic() - start
        if elapsed + elapsed / len(pairs) > PAIRS_SECONDS:
            break
    return pairs
