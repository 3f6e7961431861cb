"""Ceilings, from the parent's side: a fresh worker for each device and thread count of a grid."""

from collections.abc import Iterable
from typing import Any

from bench.plan.cell import Cell
from bench.plan.probe import probes_of
from bench.process import entries
from bench.process.worker import WorkerError, Workers

PROBE_TIMEOUT = 60.0


def find_ceilings(workers: Workers, cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """The ceilings of each device, dtype and thread count of the cells (`bench.worker.ceilings`).

    What a worker could not measure is left out: a run goes on without.
    """
    found: list[dict[str, Any]] = []
    for probe in probes_of(cells):
        try:
            for kind, payload in workers.talk(entries.CEILINGS, probe, PROBE_TIMEOUT):
                found += payload if kind == "measurements" else []
        except WorkerError:  # the cells themselves will tell what is wrong with this device
            continue
    return found
