"""Planted runs of several machines: made up by hand, with every number known."""

from dataclasses import replace
from pathlib import Path

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.store.result import Measurement, Result
from bench.store.run import Run, create

CODE = {
    "git": {"revision": "8ea945230f6c1d00", "dirty": False},
    "source": "0123456789ab",
    "protocol": {"reference": "aaaaaaaaaaaa", "timing": "bbbbbbbbbbbb", "estimator": "p10"},
}
PLAN = Plan()
HOSTS = {
    "xeon": {"cpu": "Xeon E5", "cores_usable": 2, "isa": "AVX2", "torch": "2.14.1"},
    "epyc": {"cpu": "EPYC 7B13", "cores_usable": 4, "isa": "AVX2", "torch": "2.14.1"},
    "h100": {
        "cpu": "Xeon E5",
        "cores_usable": 2,
        "isa": "AVX2",
        "torch": "2.14.1",
        "gpu": "NVIDIA H100",
        "identity": ["gpu"],
    },
}


def measured(cell: Cell, host: str, repeat: int = 0, **values: float) -> Result:
    """What a process gave: the metrics by name, of one reading each."""
    threads = 1 if "relative_cost" in values else cell.threads
    statistics = {"accuracy": "final", "parameters": "exact", "peak_memory": "maximum", "reached": "at target"}
    taken = tuple(
        Measurement.of_value(name, value, statistics.get(name, "p25"), threads if name == "relative_cost" else None)
        for name, value in values.items()
    )
    return Result(cell, "ok", repeat=repeat, measurements=taken, system=HOSTS[host])


def recorded(
    root: Path,
    name: str,
    results: list[Result],
    *,
    plan: Plan = PLAN,
    **facts: object,
) -> Run:
    """A run that ended, of these results."""
    whole = replace(plan, run=name).to_dict()
    made = {"status": "finished", "started": "2026-01-31T09:05:11+00:00", "finished": "2026-01-31T09:08:02+00:00"}
    run = create(name, {**made, **CODE, "plan": whole, "nodes": [name], **facts}, root)
    for result in results:
        run.append(result)
    return run
