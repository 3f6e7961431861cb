"""The comparison of runs and machines as plain data: what `report RUN RUN --format json` prints."""

from collections.abc import Sequence
from typing import Any

from bench.report.across import Across, Machine, Net
from bench.report.crossover import Crossover, crossovers
from bench.report.machine_order import Pair, pairs_of
from bench.report.movers import compare
from bench.report.movers_section import document as movers
from bench.stats.interval import Interval


def document(compared: Across) -> dict[str, Any]:
    """All that the page shows: values in SI units without a prefix, with their 95 % intervals."""
    machines = compared.machines
    return {
        "machines": [_machine(machine) for machine in machines],
        "nets": [_net(net, machines) for net in compared.nets],
        "movers": movers(compare(compared)),
        "orders": [_order(pair, machines) for pair in pairs_of(compared)],
        "crossovers": [_crossover(crossover) for crossover in crossovers(compared)],
    }


def _machine(machine: Machine) -> dict[str, Any]:
    known = {name: getattr(machine, name) for name in ("name", "device", "threads")}
    return {**known, "machine": machine.digest, "runs": list(machine.runs)}


def _net(net: Net, machines: Sequence[Machine]) -> dict[str, Any]:
    figures = {
        machine.name: {
            name: {**_plain(figure.interval), "unit": figure.unit, "contended": not figure.certain}
            for name, figure in net.by_machine[machine.key].items()
        }
        for machine in machines
        if machine.key in net.by_machine
    }
    learnt = {name: _plain(figure.interval) for name, figure in net.learnt.items()}
    return {"net": net.name, "learnt": learnt, "figures": figures}


def _order(pair: Pair, machines: Sequence[Machine]) -> dict[str, Any]:
    names = {machine.key: machine.name for machine in machines}
    ratios = {names[key]: _plain(interval) for key, interval in pair.ratios.items()}
    return {"cheaper": pair.first.name, "dearer": pair.second.name, "holds": pair.holds, "ratios": ratios}


def _crossover(crossover: Crossover) -> dict[str, Any]:
    known = {name: getattr(crossover, name) for name in ("net", "batch", "last_cpu", "first_gpu")}
    ratios = {str(batch): _plain(interval) for batch, interval in crossover.ratios.items()}
    return {**known, "cpu": crossover.cpu.name, "gpu": crossover.gpu.name, "ratios": ratios}


def _plain(interval: Interval) -> dict[str, Any]:
    return {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
