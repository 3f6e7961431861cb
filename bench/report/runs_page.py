"""The page that compares several runs or machines: a pure function of the runs' files."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import files
from bench.files import digest
from bench.metrics import METRICS
from bench.report import svg
from bench.report.across import Across, Figure, Machine, Net
from bench.report.crossover import Crossover, crossovers
from bench.report.load import clean
from bench.report.machine_order import Pair, cheaper, pairs_of
from bench.report.movers import IMPORTED, compare
from bench.report.movers_section import moved, pictures, where
from bench.report.page import FREE, META, index, style_sheet, template
from bench.report.units import either_way, quantity, tied
from bench.stats.interval import Interval
from bench.stats.ratio import ratio
from bench.store.run import REPORTS, Run
from bench.text import PERCENT, TIMES, is_endless, joined, number, plural, with_interval

METRIC_COLUMNS = ("forward", "backward", "step", "inference", "relative_cost", *IMPORTED)
_LONGEST = 100  # characters of the names of the runs in that of the page


def write(runs: Sequence[Run], compared: Across, folder: Path = REPORTS) -> Path:
    """Write the page that compares the runs and their machines, and refresh the index beside it; the page's path.

    Raises:
        BenchError: the folder cannot be written.

    """
    path = folder / f"{_title(runs)}.html"
    files.make_folder(folder, FREE)
    files.replace(path, page(runs, compared), FREE)
    files.replace(folder / "index.html", index(folder), FREE)
    return path


def page(runs: Sequence[Run], compared: Across) -> str:
    """The page as one HTML document that needs nothing else."""
    pairs, every = pairs_of(compared), compare(compared)
    machines = compared.machines
    measured = {name for net in compared.nets for known in net.by_machine.values() for name in known}
    columns = [name for name in METRIC_COLUMNS if name in measured]
    view = {
        "title": joined((run.name for run in runs), most=12),
        "meta_name": META,
        "meta": json.dumps(_summary(runs, compared), sort_keys=True),
        "machines": [_described(machine) for machine in machines],
        "moved": moved(every),
        "columns": [METRICS[name].heading for name in columns],
        "nets": [[net.name, _accuracy(net), list(_table(net, machines, columns))] for net in compared.nets],
        "counts": _counts(pairs),
        "holding": [[name, joined(dearer, most=20)] for name, dearer in cheaper(pairs).items()],
        "turning": [_turned(pair, machines) for pair in pairs if pair.holds == "turns round"],
        "crossovers": [
            [each.net, each.cpu.name, each.gpu.name, _crossed(each), _sweep(each)] for each in crossovers(compared)
        ],
    }
    with svg.style():
        drawn = pictures(every)
    return template("runs.html").render(clean(view), pictures=drawn, style=style_sheet())


def _ratio_in_words(interval: Interval) -> str:
    """A ratio with its interval, as in 1.23x (1.20 to 1.26)."""
    value = f"{number(interval.value)}{TIMES}"
    if interval.low is None or interval.high is None:
        return f"{value} (no interval)"
    if is_endless(interval.low, interval.high):
        return f"{value} (too noisy for an interval)"
    return f"{value} ({number(interval.low)} to {number(interval.high)})"


def _title(runs: Sequence[Run]) -> str:
    """What the page is called: no run's page can be, since no run has a plus in its name."""
    names = "+".join(run.name for run in runs) if len(runs) > 1 else f"{runs[0].name}+machines"
    return names if len(names) <= _LONGEST else f"{runs[0].name[:_LONGEST]}+{len(runs) - 1}-{digest(names)[:6]}"


def _summary(runs: Sequence[Run], compared: Across) -> dict[str, Any]:
    """What the index says of the page."""
    return {
        "run": _title(runs),
        "started": max(run.facts.started for run in runs) or None,
        "revision": joined(dict.fromkeys(run.facts.git.revision[:10] or "unknown" for run in runs)),
        "machine": joined(dict.fromkeys(map(where, compared.machines)), most=4),
        "status": next((run.facts.status for run in runs if run.facts.status != "finished"), "finished"),
        "counts": f"{plural(len(compared.nets), 'configuration')}, {plural(len(compared.machines), 'column')} compared",
    }


def _described(machine: Machine) -> list[str]:
    """A machine in words: its name, device, software, class and runs."""
    system = machine.system
    cores = system.get("cores_usable")
    software = [f"torch {system['torch']}" if "torch" in system else "", str(system.get("isa") or "")]
    return [
        machine.name,
        (machine.computing or "not told") + (f" of {cores} cores" if cores else ""),
        ", ".join(filter(None, software)) or "unknown",
        machine.digest or "unknown",
        joined(machine.runs),
    ]


def _table(net: Net, machines: Sequence[Machine], columns: Sequence[str]) -> Iterator[list[Any]]:
    """A line for each machine that measured the net: its name, a text a column, its step over the fastest."""
    fastest = _fastest(net)
    for machine in machines:
        if machine.key in net.by_machine:
            texts = [_amount(name, net.figure(machine.key, name)) for name in columns]
            yield [machine.name, texts, _against(net.figure(machine.key, "step"), fastest)]


def _against(step: Figure | None, fastest: Figure | None) -> str:
    """A step over that of the fastest machine."""
    if step is None or fastest is None:
        return ""
    return "the fastest" if step is fastest else _ratio_in_words(ratio(step.interval, fastest.interval))


def _fastest(net: Net) -> Figure | None:
    steps = [known["step"] for known in net.by_machine.values() if "step" in known]
    return min(steps, key=lambda figure: figure.interval.value, default=None)


def _amount(metric: str, figure: Figure | None) -> str:
    """A figure with its relative half-width; "" where there is none."""
    if figure is None:
        return ""
    half = figure.interval.half_width
    certainty = "no interval" if half is None else either_way(half)
    text = quantity(metric, figure.unit, figure.interval.value)
    return f"{text} ({certainty}{'' if figure.certain else ', contended'})"


def _accuracy(net: Net) -> str:
    """What it learnt, over all machines."""
    known = net.learnt.get("accuracy")
    if known is None:
        return ""
    low, high = known.interval.low, known.interval.high
    half = None if low is None or high is None else (high - low) / 2
    value = tied(with_interval(known.interval.value, PERCENT, half))
    return f"test accuracy {value} over {plural(known.interval.n, 'seed')}, all machines together"


def _counts(pairs: Sequence[Pair]) -> str:
    counts = Counter(pair.holds for pair in pairs)
    if not pairs:
        return "No two nets were measured on two machines."
    return (
        f"Of {plural(len(pairs), 'pair')} of nets, {counts['everywhere']} have one order on every machine, "
        f"{counts['turns round']} turn round, and {counts['not told apart']} cannot be told apart on some machine."
    )


def _turned(pair: Pair, machines: Sequence[Machine]) -> list[str]:
    """Two nets, and the ratio of their costs on each machine."""
    names = {machine.key: machine.name for machine in machines}
    ratios = (f"{_ratio_in_words(interval)} on {names[key]}" for key, interval in pair.ratios.items())
    return [f"{pair.first.name} over {pair.second.name}", "; ".join(ratios)]


def _crossed(crossover: Crossover) -> str:
    """From which batch on the GPU is faster, as far as intervals tell."""
    sizes = list(crossover.ratios)
    last, first = crossover.last_cpu, crossover.first_gpu
    if first == sizes[0]:
        return f"the GPU is faster from the smallest batch on, {sizes[0]}"
    if last == sizes[-1]:
        return f"the CPU is faster up to the largest batch, {sizes[-1]}"
    near = f"about {number(crossover.batch)}: " if crossover.batch else ""
    low = f"after {last}" if last else "at no batch is the CPU certainly faster"
    high = f"at {first} at the latest" if first else "at no batch is the GPU certainly faster"
    return f"{near}{low}, {high}"


def _sweep(crossover: Crossover) -> str:
    """The GPU's step over the CPU's at each batch."""
    return "; ".join(f"{_ratio_in_words(interval)} at {batch}" for batch, interval in crossover.ratios.items())
