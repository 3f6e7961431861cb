"""Diagnose: gathers the facts that the doctor judges: what a worker reads, and pairs of identical cells timed now."""

import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from bench.compare.pairs import Pair, Side, measure_pair
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.process import entries
from bench.process.executor import talk
from bench.process.layout import is_drawn
from bench.process.local import OWN, Workers
from bench.process.tree_client import TreeClient
from bench.process.worker import WorkerError

TWIN = Cell("lenet5", optimizer="adam")
PAIRS, BLOCKS, PAIRS_SECONDS = 4, 8, 25.0  # pairs of each kind unless more are asked for, and their seconds at most
FACTS_TIMEOUT = 120.0


def examine(workers: Workers, pairs: int = PAIRS) -> dict[str, Any]:
    """The facts of this machine (`bench.worker.machine_facts`), and what pairs of identical cells show.

    `aa_log_ratios` and `aa_faults` are of pairs as `ab` makes them: processes of two servers, whose memory lies where
    it happens to. `alike_log_ratios` are of pairs whose processes have one layout: forked from one server, their heaps
    not shifted. The two tell what the layout of memory adds.

    Args:
        workers: one server, that of the alike pairs.
        pairs: how many of each kind.

    Raises:
        BenchError: no worker could be started, or none told anything.

    """
    try:
        parts = dict(talk(workers, entries.MACHINE_FACTS, None, FACTS_TIMEOUT))
        facts: dict[str, Any] = parts["facts"]
        twin = Side(workers, TWIN, heap_offset=0)
        alike = _pairs(lambda order: measure_pair(twin, twin, BLOCKS, order), pairs)
        unlike = _unlike(TWIN, pairs)
        gpus = {name: _with_pairs(name, seen) for name, seen in facts.get("gpus", {}).items()}
    except (WorkerError, KeyError) as ended:
        why = ended.in_full if isinstance(ended, WorkerError) else "no worker told anything; see the messages above"
        raise BenchError(f"cannot examine this machine: {why}") from ended
    steps = sum(pair.first.size + pair.second.size for pair in unlike)
    drawn = is_drawn()
    return {
        **facts,
        "gpus": gpus,
        **({} if drawn is None else {"layout_drawn": drawn}),
        "alike_log_ratios": [pair.log_ratio() for pair in alike],
        "aa_log_ratios": [pair.log_ratio() for pair in unlike],
        "aa_faults": sum(pair.faults for pair in unlike) / steps,
    }


def _with_pairs(name: str, gpu: dict[str, Any]) -> dict[str, Any]:
    """What is known of a GPU, with what pairs of identical cells differ by on it; of one in trouble nothing more."""
    if "trouble" in gpu:
        return gpu
    try:
        pairs = _unlike(replace(TWIN, device=name), PAIRS)
    except WorkerError as ended:
        return {**gpu, "trouble": f"a pair of cells cannot be timed there: {ended.reason}"}
    return {**gpu, "aa_log_ratios": [pair.log_ratio() for pair in pairs]}


def _unlike(twin: Cell, count: int) -> list[Pair]:
    """Pairs of processes from two servers, both fresh for each pair."""
    with TreeClient("side A", (OWN,)) as first, TreeClient("side B", (OWN,)) as second:

        def measure(order: Random) -> Pair:
            for client in (first, second):
                client.renew()
            for client in (first, second):
                client.wait_until_ready()
            one_side, other_side = (Side(client, twin, on_host=twin == TWIN) for client in (first, second))
            return measure_pair(one_side, other_side, BLOCKS, order)

        return _pairs(measure, count)


def _pairs(measure: Callable[[Random], Pair], count: int) -> list[Pair]:
    """So many pairs, each in fresh processes: at least one, and of PAIRS as many as the time allows."""
    start, order = time.monotonic(), Random()
    pairs: list[Pair] = []
    while len(pairs) < count:
        pairs.append(measure(order))
        elapsed = time.monotonic() - start
        if count <= PAIRS and elapsed + elapsed / len(pairs) > PAIRS_SECONDS:
            break
    return pairs
