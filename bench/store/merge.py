"""Merge: shards of a plan, or runs of it on several machines, joined to one run; nothing is measured or changed."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from bench import files
from bench.plan.shard import Shard
from bench.store.machines import classes_of
from bench.store.mergeable import check_mergeable
from bench.store.run import RESULTS, RESULTS_FILE, Run, create, load
from bench.store.run_document import RunDocument

BESIDE = ("traces", "checkpoints")  # folders of files that stand beside the results


def merge(runs: Sequence[Run], name: str, command: str = "", root: Path = RESULTS) -> Run:
    """The runs as one, under `root`.

    Each line has the name of its own run in `run`, and keeps the system that its worker saw. What `merged` says of a
    part in run.json is all that its own run.json said of how it was made.

    Raises:
        BenchError: they are no parts of one run (`bench.store.mergeable`), one of them is damaged, or the folder exists
            or cannot be written.

    """
    check_mergeable(runs)
    merged = create(name, _facts(runs, command), root)
    try:
        files.replace(merged.folder / RESULTS_FILE, lambda file: _write(file, runs))
        _copy_beside(runs, merged.folder)
    except BaseException:
        merged.discard()
        raise
    return load(name, root)


def missing_shards(runs: Sequence[Run]) -> list[str]:
    """The shards of the division that none of the runs is, such as 3/5."""
    shards = {str(run.facts.plan.get("shard") or "") for run in runs} - {""}
    count = int(next(iter(shards)).partition("/")[2]) if shards else 0
    return [shard for number in range(1, count + 1) if (shard := str(Shard(number, count))) not in shards]


def _write(file: IO[bytes], runs: Sequence[Run]) -> None:
    for line in _lines(runs):
        file.write(files.json_line(line).encode() + b"\n")


def _lines(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """The lines of all runs, each with its run; what several shards left out for one reason stands there once."""
    left_out: set[tuple[Any, ...]] = set()
    for run in runs:
        heads = list(run.every_head())
        for line, head, machine in zip(run.whole_lines(), heads, classes_of(heads), strict=True):
            skip = (head["id"], head["repeat"], head["reason"], machine)
            if head["status"] == "skipped" and skip in left_out:
                continue
            if head["status"] == "skipped":
                left_out.add(skip)
            with files.damage_told(line.place, files.REMOVE_LINE):
                stored = files.decoded(line.text)
            yield _of_run(stored, run.name)


def _of_run(stored: Mapping[str, Any], run: str) -> dict[str, Any]:
    """The line with the name of its run before its warnings, so that it is part of the head; a merged one has it."""
    line: dict[str, Any] = {}
    for key, value in stored.items():
        if key == "warnings":
            line["run"] = stored.get("run", run)
        line[key] = value
    return line


def _facts(runs: Sequence[Run], command: str) -> RunDocument:
    """What run.json says of the whole: what all parts share, and of what adds up the sum."""
    every = [run.facts for run in runs]
    stored = [run.stored for run in runs]
    first = stored[0]
    facts: RunDocument = {
        "status": next((each.status for each in every if each.status != "finished"), "finished"),
        "started": min(each.started for each in every),
        "finished": max(each.finished for each in every),
        "command": command,
        "plan": {**first.get("plan", {}), "run": "", "shard": "", "order_seed": None},
        "order_seed": None,
        "reference": every[0].reference,
        "protocol": every[0].protocol,
        "git": first.get("git", {}),
        "source": every[0].source,
        "versions": _shared([each.versions for each in every]),
        "architectures": _joined(stored, "architectures"),
        "optimizers": _joined(stored, "optimizers"),
        "origins": _joined(stored, "origins"),
        "cells": len({head["id"] for run in runs for head in run.heads() if head["status"] != "skipped"}),
        "nodes": [*dict.fromkeys(node for each in stored for node in each.get("nodes", ()))],
        "tuned": [entry for each in every for entry in each.tuned],
        "largest": [entry for each in every for entry in each.largest],
        "surfaces": [entry for each in every for entry in each.surfaces],
        "endings": _joined(reversed(stored), "endings"),
        "merged": [part for run in runs for part in _parts(run)],
    }
    if ceilings := _ceilings(runs):
        facts["ceilings"] = ceilings
    return facts


def _parts(run: Run) -> Iterator[Mapping[str, Any]]:
    """What is to be known of a run that becomes a part; of a merged one, its own parts."""
    if run.facts.merged:
        yield from run.facts.merged
        return
    facts = run.facts
    yield {
        "run": run.name,
        "shard": str(facts.plan.get("shard") or ""),
        "status": facts.status,
        "started": facts.started,
        "finished": facts.finished,
        "command": facts.command,
        "resumed": list(facts.resumed),
        "order_seed": facts.order_seed,
        "nodes": list(run.stored.get("nodes", ())),
        "versions": dict(facts.versions),
        "machines": sorted({machine for machine in classes_of(run.every_head()) if machine}),
        "ceilings": [*facts.ceilings] if facts.ceilings is not None else None,
    }


def _ceilings(runs: Sequence[Run]) -> list[Mapping[str, Any]]:
    """What the machine can do, where there is one class of it: of each kind what the first part measured."""
    machines = {machine for run in runs for machine in classes_of(run.every_head()) if machine}
    if len(machines) > 1:
        return []
    kinds: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for run in runs:
        for ceiling in run.facts.ceilings or ():
            kinds.setdefault(tuple(ceiling.get(key) for key in ("device", "dtype", "threads")), ceiling)
    return [*kinds.values()]


def _shared(versions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The versions that all have alike."""
    return {name: text for name, text in versions[0].items() if all(other.get(name) == text for other in versions)}


def _joined(stored: Iterable[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """The entries of all parts under one key; of one that several have, the last."""
    return {name: entry for each in stored for name, entry in (each.get(key) or {}).items()}


def _copy_beside(runs: Sequence[Run], folder: Path) -> None:
    """Copy the profiles and weights of the parts; of two files of one name the first part's."""
    for run in runs:
        for source in (path for name in BESIDE for path in (run.folder / name).rglob("*") if path.is_file()):
            target = folder / source.relative_to(run.folder)
            if not target.exists():
                files.make_folder(target.parent)
                with files.opened(source) as content:
                    files.replace(target, partial(shutil.copyfileobj, content))
