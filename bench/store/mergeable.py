"""Mergeable: whether runs are parts of one: of the same plan and code, none of whose cells was measured twice."""

from collections.abc import Iterable, Sequence
from typing import Any

from bench.errors import BenchError, brief
from bench.plan.origin import code_in_words
from bench.plan.plan import default_of, flag, options_of
from bench.store.facts import RunFacts
from bench.store.machines import classes_of
from bench.store.run import Run
from bench.text import joined, plural

# What decides which cells are measured, and how: all else of a plan may differ from machine to machine.
_DECIDING = tuple(
    name
    for name in options_of(
        "axis", "grid", "ranks", "loaders", "engines", "training", "tuning", "measuring", "repeats", "profile"
    )
    if name not in ("order_seed", "data_dir", "input", "oversubscribe")
)
_NAMED = 3  # cells in a message, the others are counted
Task = tuple[str, int, str]  # a process: the id of its cell, its repeat, and the class of its machine


def check_mergeable(runs: Sequence[Run]) -> None:
    """See that the runs can be joined to one.

    Raises:
        BenchError: there are fewer than two, two have one name, one is not ours, empty or goes on, or they are of other
            plans or other code, or have a process twice.

    """
    if len(runs) < 2:
        raise BenchError("merge joins two runs or more: name the parts, such as merge shard-1 shard-2")
    names = [run.name for run in runs]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise BenchError(f"run '{twice[0]}' is named twice: name each once, or rename the folder of one of them")
    for run in runs:
        _check_whole(run)
    for run in runs[1:]:
        _check_plan(runs[0], run)
        _check_code(runs[0], run)
    _check_overlap(runs)


def _check_whole(run: Run) -> None:
    facts = run.facts
    if facts.imported:
        raise BenchError(
            f"run '{run.name}' was imported from {facts.imported}, and has no plan to merge by: leave it out"
        )
    if facts.status in ("running", "unknown"):
        remedy = f"wait for its end, or finish it with python -m bench run --resume {run.name}"
        raise BenchError(f"run '{run.name}' is {facts.status}, not finished: {remedy}")


def _check_plan(first: Run, other: Run) -> None:
    plans = first.facts.plan, other.facts.plan
    for name in _DECIDING:
        values = [_plain(plan.get(name, default_of(name))) for plan in plans]
        if values[0] != values[1]:
            raise BenchError(
                f"run '{other.name}' is of another plan than '{first.name}' ({flag(name)} {_shown(values[1])} instead "
                f"of {_shown(values[0])}): merge runs of one plan"
            )
    counts = [str(plan.get("shard") or "").partition("/")[2] for plan in plans]
    if counts[0] != counts[1]:
        shards = [f"shard {plan['shard']}" if plan.get("shard") else "no shard" for plan in plans]
        raise BenchError(
            f"run '{other.name}' is {shards[1]} and '{first.name}' is {shards[0]}: merge parts of one division"
        )


def _check_code(first: Run, other: Run) -> None:
    remedy = "merge runs of one code"
    for what, old, new in _code(first.facts, other.facts):
        if old != new:
            raise BenchError(
                f"run '{other.name}' is of other code than '{first.name}' ({what} {new}, not {old}): {remedy}"
            )
    if not (first.facts.source and other.facts.source) and (unsure := _unsure(first) or _unsure(other)):
        raise BenchError(f"whether '{first.name}' and '{other.name}' are of one code is not known ({unsure}): {remedy}")


def _code(first: RunFacts, other: RunFacts) -> Iterable[tuple[str, str, str]]:
    """Each thing that is the same where the code is: in words, and what either run says of it."""
    if first.source and other.source:
        yield "sources", first.source, other.source
    else:
        yield "revision", first.git.revision[:10] or "unknown", other.git.revision[:10] or "unknown"
    for name in dict.fromkeys((*first.protocol, *other.protocol)):
        yield name, first.protocol.get(name, "unknown"), other.protocol.get(name, "unknown")
    for name in first.origins.keys() & other.origins.keys():
        yield name, code_in_words(first.origins[name]), code_in_words(other.origins[name])


def _unsure(run: Run) -> str:
    """Why the revision of a run does not say which code it is of; "" where it does."""
    git = run.facts.git
    if not git.revision:
        return f"no revision of '{run.name}' was recorded"
    return f"'{run.name}' had uncommitted changes" if git.dirty else ""


def _check_overlap(runs: Sequence[Run]) -> None:
    """See that no process is in two runs: of one class of machines, or of one division into shards on any."""
    every = [_measured(run) for run in runs]
    for at, (run, tasks) in enumerate(zip(runs, every, strict=True)):
        for earlier, known in zip(runs[:at], every[:at], strict=True):
            if (run.facts.plan.get("shard") or "") != (earlier.facts.plan.get("shard") or ""):
                twice = {task[:2] for task in tasks} & {task[:2] for task in known}
                why = "their shards are of unlike grids, so measure again on machines that can do the same"
            else:
                twice = {task[:2] for task in tasks & known}
                why = "on machines of one class, so leave one of them out"
            if twice:
                cells = joined(sorted({cell for cell, _ in twice}), most=_NAMED)
                both = f"'{earlier.name}' and '{run.name}' both have {plural(len(twice), 'process')} of {cells}"
                raise BenchError(f"{both}, {why}")


def _measured(run: Run) -> set[Task]:
    """The processes that were started, trials too."""
    heads = list(run.every_head())
    return {
        (head["id"], head["repeat"], machine)
        for head, machine in zip(heads, classes_of(heads), strict=True)
        if head["status"] != "skipped"
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) or "nothing" if isinstance(value, list) else brief(value)
