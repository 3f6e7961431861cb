"""What to know before trusting the page: machine, software, order, noise, failures, and how to repeat each cell."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from bench.plan.cell import Cell
from bench.plan.command import command_of
from bench.plan.largest import largest_of
from bench.plan.largest import sentence as words_of
from bench.plan.origin import code_in_words
from bench.report.elasticity import sentence
from bench.report.record import Record, images_of
from bench.report.table import in_words, missed
from bench.report.units import percent, quantity
from bench.store.facts import UNKNOWN, Git
from bench.store.seeds import over_seeds
from bench.store.warning import Warning, summary
from bench.text import joined, plural
from bench.vocabulary import Part, WarningKind


@dataclass(frozen=True, slots=True)
class Trust:
    """The evidence about the measurement itself, as texts."""

    run: tuple[tuple[str, str], ...]
    machine: tuple[tuple[str, str], ...]
    caveats: tuple[str, ...]
    warnings: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, str, str], ...]
    faults: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str, str], ...]


def trust(record: Record) -> Trust:
    """The trust section of a run."""
    return Trust(
        run=tuple(_run(record)),
        machine=tuple(_machine(record)),
        caveats=tuple(_caveats(record)),
        warnings=tuple(_warnings(record)),
        lost=tuple(_lost(record)),
        faults=tuple(
            (row.label, in_words(row.values["page_faults"])) for row in record.rows if "page_faults" in row.values
        ),
        commands=tuple(
            (row.key, cell.id, command_of(cell, record.facts.plan))
            for row in record.rows
            for cell in row.cells
            if not cell.is_foreign
        ),
    )


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested plain data as pairs of a path and a text: {"a": {"b": true}} is ("a, b", "yes")."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flat(item, f"{path}, {_words(key)}" if path else _words(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        yield path, json.dumps(value, sort_keys=True)
    else:
        yield path, _text(path, value)


def revision(git: Git) -> str:
    """The code's revision in short: abc1234, or abc1234 with changes."""
    if not git.revision:
        return "revision unknown"
    return git.revision[:10] + (" with uncommitted changes" if git.dirty else "")


def machine(record: Record) -> str:
    """The machine in one phrase, or all of them where processes saw several."""
    systems = (result["system"] for result in record.results if result.get("system"))
    return joined(filter(None, dict.fromkeys(map(_host, systems))), most=4) or "machine unknown"


def _host(system: Mapping[str, Any]) -> str:
    cores = system.get("cores_usable")
    parts = [system.get("cpu"), plural(cores, "usable core") if isinstance(cores, int) else None, system.get("gpu")]
    return ", ".join(str(part) for part in parts if part)


def _words(key: str) -> str:
    return str(key).replace("_", " ")


def _text(path: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, int | float) and path.endswith("memory"):
        return quantity("memory", "B", float(value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _run(record: Record) -> Iterator[tuple[str, str]]:
    facts = record.facts
    yield "Status", facts.status
    yield "Command", facts.command
    yield "Revision", revision(facts.git)
    yield "Started", facts.started or UNKNOWN
    yield from _imported(record) if facts.imported else _measured(record)
    yield "Fingerprint", record.fingerprint() or UNKNOWN
    for metric, name in (("relative_cost", "Threads, relative cost"), ("throughput", "Threads, throughput and phases")):
        threads = sorted({row.values[metric].threads or 0 for row in record.rows if metric in row.values} - {0})
        if threads:
            yield name, joined(map(str, threads))
    yield from _origins(facts.origins)
    yield from flat(facts.versions)


def _measured(record: Record) -> Iterator[tuple[str, str]]:
    """How the run was made."""
    facts, seed = record.facts, record.facts.order_seed
    yield "Finished", facts.finished or "not recorded"
    yield "Results", f"{len(record.results):,}, each of a fresh process"
    yield "Seeds", _seeds(record) or "none"
    yield "Order of execution", "seed not recorded" if seed is None else f"random, seed {seed}"
    yield "Reference", facts.reference or UNKNOWN
    for search in largest_of(facts.largest):
        yield "Largest batch", words_of(search)


def _imported(record: Record) -> Iterator[tuple[str, str]]:
    """Where an imported run is from, and the seeds of those of its cells that are ours."""
    yield "Read from", record.facts.imported
    yield "SHA-256 of the file", record.facts.imported_digest or UNKNOWN
    yield "Results", f"{len(record.results):,}"
    if seeds := _seeds(record):
        yield "Seeds", seeds


def _seeds(record: Record) -> str:
    """The seeds of our own cells; "" where there are none."""
    seeds = sorted({cell.seed for row in record.rows for cell in row.cells if not cell.is_foreign})
    return joined((str(seed) for seed in seeds), most=20)


def _origins(origins: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Which code and data was measured that nobody registered."""
    for name, facts in origins.items():
        folder = PurePath(str(facts["file"])).parent if "file" in facts else None
        parts = (facts.get("description"), code_in_words(facts), f"in {folder}" if folder else None)
        field, _, text = name.partition("=")
        yield (
            f"{field.replace('dataset', 'data set').capitalize()} {text}",
            ", ".join(str(part) for part in parts if part),
        )


def _machine(record: Record) -> Iterator[tuple[str, str]]:
    """Each fact of the system; where processes differ, the values they saw."""
    seen: dict[str, list[str]] = {}
    for result in record.results:
        for path, text in flat(result.get("system") or {}):
            if text not in seen.setdefault(path, []):
                seen[path].append(text)
    for path, texts in seen.items():
        numbers = [float(text) for text in texts if text.replace(".", "", 1).isdigit()]
        if len(texts) > 1 and len(numbers) == len(texts):
            yield path, f"{min(numbers):.3g} to {max(numbers):.3g} over the processes"
        else:
            yield path, texts[0] if len(texts) == 1 else "differs between processes: " + joined(texts)


def _cut_short(record: Record) -> Iterator[str]:
    """That the run did not end, and how much it has of what it measured in part."""
    if record.facts.status != "finished":
        begun = [f"{row.label} {row.begun}" for row in record.rows if row.begun]
        part = f" Processes measured of those asked for: {joined(begun, most=20)}." if begun else ""
        yield f"The run is {record.facts.status}: this page shows what had been recorded by then.{part}"


def _caveats(record: Record) -> Iterator[str]:
    yield from _cut_short(record)
    if "unreadable" in record.check:
        yield f"The check of this run is not shown: {record.check['unreadable']}."
    if record.facts.git.dirty:
        yield "The code had uncommitted changes, so its revision alone does not repeat this run."
    target = record.facts.plan.get("precision")
    rows = record.having("relative_cost")
    short = [row.label for row in rows if isinstance(target, float) and missed(row, target)]
    if isinstance(target, float) and short:
        yield f"Short of the precision target of ± {percent(target)}: {joined(short, most=20)}."
    yield from _disturbed(record)
    yield from _energy(record)
    if len(record.machines) > 1:
        yield (
            f"Measured on {plural(len(record.machines), 'machine')}: times, costs and memory are of one each, as the "
            "names say; what a net learnt is over all, each seed with its mean."
        )
    if any("step" in row.values for row in record.rows):
        yield (
            "Intervals of times, rates and relative costs are for this run: from one hour to the next they move more "
            "than that, relative costs least. How much those move is known from a baseline of five runs, and check "
            "allows for it."
        )
    if rows:
        yield (
            f"The relative cost, measured in turn with {record.reference()}, compares configurations of one run, and "
            "runs on one machine and software (fingerprint). Across machines ratios differ by 13 to 24 % (two hosts "
            "were measured), across instruction sets by up to 2.7 times."
        )
    if words := sentence(record):
        yield words
    yield from _accuracies(record)


def _accuracies(record: Record) -> Iterator[str]:
    """What accuracies are of."""
    if any(len(row.cells) == 1 and "accuracy" in row.values for row in record.rows):
        yield "Accuracies of a single seed have no interval; small differences between them may be chance."
    judged = [row for row in record.rows if "accuracy" in row.values]
    if (images := images_of(judged)) != "test":
        yield f"What is called test accuracy or test loss is of {images} images, by the split of each configuration."
    accuracies = [(row.label, row.values["accuracy"]) for row in record.rows if "accuracy" in row.values]
    fewer = [
        f"{label} ({over_seeds(value.n, value.seeds, value.lost)})"
        for label, value in accuracies
        if value.n < value.seeds
    ]
    if fewer:
        yield f"Accuracy is over the seeds that are left, which flatters: {joined(fewer, most=20)}."


def _energy(record: Record) -> Iterator[str]:
    """What energies are of, and how much of the power is there without any step."""
    rows = record.having("energy_per_step", "idle_power")
    systems = [result["system"] for result in record.results if result.get("system")]
    names = dict.fromkeys(name for system in systems for name in system.get("energy") or ())
    if rows and names:
        idle = sorted(row.values["idle_power"].value for row in rows)
        ends = [quantity("idle_power", "W", end) for end in dict.fromkeys((idle[0], idle[-1]))]
        yield (
            f"Energy is what {joined(names, most=20)} counted around the blocks, whoever drew it; with nothing to do "
            f"they counted {' to '.join(ends)}, which is in it. It compares within one kind of device alone."
        )


def _disturbed(record: Record) -> Iterator[str]:
    """What neighbours did to the numbers."""
    if contended := [row.label for row in record.rows if any(value.contended for value in row.values.values())]:
        yield (
            "What is marked contended was measured while other work took the cores, each time it was (of training: "
            f"with any seed), so its times are too long: {joined(contended, most=20)}."
        )
    if any("accuracy" in row.values and row.values["accuracy"].contended for row in record.rows):
        yield "Where time ended a contended training, it had fewer steps: its accuracy is marked contended, too."
    left = {row.label: max((value.left_out for value in row.values.values()), default=0) for row in record.rows}
    if short := [f"{label} ({plural(count, 'process')})" for label, count in left.items() if count]:
        kept = "Left out of the numbers, since other work took their cores, but kept in the file"
        yield f"{kept}: {joined(short, most=20)}."


def _warnings(record: Record) -> Iterator[tuple[str, str]]:
    """What was warned of, once for each part and kind, with the cells that gave it."""
    alike: dict[tuple[Part, WarningKind], list[Warning]] = {}
    cells: dict[tuple[Part, WarningKind], Counter[str]] = {}
    for result in record.results:
        name = Cell.from_dict(result["cell"]).id
        for warning in map(Warning.from_dict, result.get("warnings") or []):
            alike.setdefault((warning.part, warning.kind), []).append(warning)
            cells.setdefault((warning.part, warning.kind), Counter())[name] += 1
    for key, warnings in alike.items():
        counts = (f"{name} ({plural(count, 'process')})" for name, count in cells[key].items())
        yield summary(warnings), joined(counts, most=12)


def _lost(record: Record) -> Iterator[tuple[str, str, str]]:
    """Every process that gave no full result, those left out included: name, status, reason."""
    for result in record.results:
        if result["status"] != "ok":
            cell = Cell.from_dict(result["cell"])
            name = cell.id if cell.is_foreign else f"{cell.id}, repeat {result['repeat'] + 1}"
            yield name, result["status"], result["reason"] or "no reason recorded"
