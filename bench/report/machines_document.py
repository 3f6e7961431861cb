"""The comparison of machines as plain data: what `report RUN RUN --json` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.across import Across, Machine
from bench.report.crossover import crossovers
from bench.report.machine_order import pairs_of
from bench.stats.interval import Interval


def document(compared: Across) -> dict[str, Any]:
    """The comparison as plain data: times in seconds, intervals of 95 %."""
    return {
        "machines": [
            {
                **{name: getattr(machine, name) for name in ("name", "device", "threads", "runs")},
                "machine": machine.digest,
            }
            for machine in compared.machines
        ],
        "nets": [
            {
                "net": net.name,
                "learnt": {name: _plain(figure.interval) for name, figure in net.learnt.items()},
                "figures": {
                    machine.name: {
                        name: {**_plain(figure.interval), "unit": figure.unit, "contended": not figure.certain}
                        for name, figure in net.by_machine[machine.key].items()
                    }
                    for machine in compared.machines
                    if machine.key in net.by_machine
                },
            }
            for net in compared.nets
        ],
        "orders": [
            {
                "cheaper": pair.first.name,
                "dearer": pair.second.name,
                "holds": pair.holds,
                "ratios": _by_name(pair.ratios, compared.machines),
            }
            for pair in pairs_of(compared)
        ],
        "crossovers": [
            {
                "net": each.net,
                "cpu": each.cpu.name,
                "gpu": each.gpu.name,
                "batch": each.batch,
                "last_cpu": each.last_cpu,
                "first_gpu": each.first_gpu,
                "ratios": {str(batch): _plain(interval) for batch, interval in each.ratios.items()},
            }
            for each in crossovers(compared)
        ],
    }


def _plain(interval: Interval) -> dict[str, Any]:
    return {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}


def _by_name(ratios: Mapping[str, Interval], machines: Sequence[Machine]) -> dict[str, Any]:
    names = {machine.key: machine.name for machine in machines}
    return {names[key]: _plain(interval) for key, interval in ratios.items()}
