"""The command `list`: what there is to choose from, and what was run."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.cell import Cell
from bench.plan.compiled import needs_of
from bench.plan.grid import chosen, expand
from bench.plan.origin import code_in_words, parse
from bench.plan.plan import DTYPES, Plan, plan_from, suite_names
from bench.plan.task import CatalogueRequest
from bench.plan.tuning import trials_of
from bench.session.listing import listed
from bench.text import duration, quantity
from bench.vocabulary import MODES


def execute(args: argparse.Namespace) -> int:
    """Print the listing."""
    if args.texts and args.what not in _KINDS:
        raise BenchError(f"'list {args.what}' takes no names: leave out {args.texts[0]}")
    entries = _registered(args.what, args.texts) if args.what in _KINDS else _ENTRIES[args.what]()
    for entry in entries:
        if entry.get("trouble"):
            notice(entry["trouble"])
    if args.json:
        print_document(entries)
    elif entries:
        hidden = ("trouble", *(["architectures"] if args.what == "suites" else []))  # too long; --json has them
        print_table(
            [
                {_TITLES.get(key, key): _text(key, value) for key, value in entry.items() if key not in hidden}
                for entry in entries
            ]
        )
    else:
        print(f"no {args.what} yet", file=sys.stderr)
    return 0


def _registered(what: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Entries of the catalogue: those of the texts, or all, which are kept while no source changes.

    Raises:
        BenchError: a text matches nothing, or what it names cannot be had.

    """
    return _asked(what, texts)[0] if texts else listed(what, lambda: _asked(what))


def _asked(what: str, texts: Sequence[str] = ()) -> tuple[list[dict[str, Any]], tuple[str, ...] | None]:
    """The entries, as a worker tells them, since only it imports torch, and the files that they follow from.

    None of these where a plug-in was left out, or a net makes trouble: then the entries are not to be kept.
    """
    kind, keys = _KINDS[what]
    # the architectures that are meant are counted; of the others the worker needs to hear only what is not registered
    counted = what == "architectures"
    asked = tuple(texts) if counted else tuple(text for text in texts if ":" in text or parse(text))
    request = replace(CatalogueRequest(), **{what: asked or (("*",) if counted else ())})  # type: ignore[arg-type] # of one type by name
    catalogue = _catalogue(request)
    known: Mapping[str, Mapping[str, Any]] = getattr(catalogue, what)
    told_of_entries = {entry.get("trouble") for entry in known.values()}
    for problem in catalogue.problems:
        if problem not in told_of_entries:
            notice(problem)
    names = chosen(kind, texts, known) if texts else tuple(known)
    entries = [{"name": name, **{key: known[name].get(key) for key in keys}} for name in names]
    origins = [known[name].get("origin") or known[name].get("plugin") for name in names]
    if any(origins):
        entries = [{**entry, "origin": origin} for entry, origin in zip(entries, origins, strict=True)]
    troubles = [known[name].get("trouble") for name in names]
    if any(troubles):
        entries = [{**entry, "trouble": trouble} for entry, trouble in zip(entries, troubles, strict=True)]
    return entries, None if catalogue.problems or any(troubles) else catalogue.imported


def _suites() -> list[dict[str, Any]]:
    """The suites with the cells they have here and the seconds they are likely to take."""
    plans = [plan_from({"suite": name}) for name in suite_names()]
    architectures, optimizers, losses = (
        tuple(dict.fromkeys(text for plan in plans for text in getattr(plan, axis)))
        for axis in ("architectures", "optimizers", "losses")
    )
    shapes = tuple(dict.fromkeys(text for plan in plans for text in plan.datasets if ":" in text))
    catalogue = _catalogue(CatalogueRequest(architectures, shapes, optimizers=optimizers, losses=losses))
    return [_suite(plan, catalogue) for plan in plans]


def _catalogue(request: CatalogueRequest) -> Catalogue:
    """What is registered; the FLOPs of the architectures that match are counted, which takes seconds."""
    from bench.process.executor import open_executor  # noqa: PLC0415 - what is kept needs no worker
    from bench.session.requests import ask_catalogue  # noqa: PLC0415 - likewise

    with open_executor() as executor:
        return ask_catalogue(executor, request)


def _suite(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    from bench.session.missing import missing  # noqa: PLC0415 - scipy, which no other listing needs

    grid = expand(plan, catalogue)
    trials = trials_of(grid.cells, plan, catalogue)
    return {
        "name": plan.suite,
        "cells": len(grid.cells) + len(trials),
        "seconds": missing(plan, grid.cells, trials, {}).seconds(plan, catalogue),
        "purpose": plan.purpose,
        "architectures": list(plan.architectures),
    }


def _devices() -> list[dict[str, Any]]:
    """What cells may run on here, what each can and cannot do and why; then the kinds of which there is none."""
    from bench.machine.procfs import cpu_model  # noqa: PLC0415 - no other listing needs it

    catalogue = _catalogue(CatalogueRequest())
    here = [_device(name, facts, cpu_model() or "") for name, facts in catalogue.devices.items()]
    nothing = dict.fromkeys(here[0])  # the host's processor is always there
    return [*here, *({**nothing, "name": kind, "cannot": {"anything": why}} for kind, why in catalogue.absent.items())]


def _engines() -> list[dict[str, Any]]:
    """By what nets can answer, how far from eager float32 each may lie, and where it cannot here and why."""
    return [
        {
            "name": name,
            "description": facts["description"],
            "file": facts["file"],
            "tolerance": facts["tolerance"],
            "cannot": dict(facts["unsupported"]),
        }
        for name, facts in _catalogue(CatalogueRequest()).engines.items()
    ]


def _device(name: str, facts: DeviceFacts, processor: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": facts.model or (processor if facts.on_host else ""),
        "modes": [mode for mode in MODES if not {*needs_of(Cell("", mode=mode))} & {*facts.unsupported}],
        "dtypes": [dtype for dtype in DTYPES if dtype not in facts.unsupported],
        "timed": "each phase of a step" if facts.phases else "whole steps",
        "profiled": facts.on_host or bool(facts.profiler_activity),
        "started": "forked" if facts.forks else "spawned",
        "cannot": dict(facts.unsupported),
    }


def _runs() -> list[dict[str, Any]]:
    from bench.store import run as store  # noqa: PLC0415 - numpy, which no other listing needs

    runs, errors = store.load_each()
    for error in errors:
        notice(f"left out: {error}")
    return [
        {
            "run": run.name,
            "profiles": len(run.traces()),
            "started": run.facts.started or None,
            "status": run.facts.status,
            "command": run.facts.command,
        }
        for run in runs
    ]


def _metrics() -> list[dict[str, Any]]:
    """What each metric is: what files, flags, tolerances and budgets call it, and what it means."""
    return [
        {
            "name": row.name,
            "unit": row.unit,
            "direction": row.direction,
            "kind": row.kind,
            "pooled": row.pooled,
            "judged_by": row.judged_by,
            "may_have_budget": row.may_have_budget,
            "note": row.note,
        }
        for row in METRICS.values()
    ]


# What flags may name, by the word of a cell's field, and what is told of each.
_KINDS = {
    "architectures": ("architecture", ("family", "parameters", "flops_forward", "input_shape", "description")),
    "optimizers": ("optimizer", ("learning_rate", "implementations", "description")),
    "datasets": ("dataset", ("input_shape", "num_classes", "train", "test", "description")),
    "losses": ("loss", ("description",)),
}

_ENTRIES: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
    "engines": _engines,
    "devices": _devices,
    "suites": _suites,
    "metrics": _metrics,
    "runs": _runs,
}

_TITLES = {
    "seconds": "takes about",
    "direction": "better",
    "judged_by": "judged by",
    "may_have_budget": "budget",
    "origin": "from",
}


_FORMS: Mapping[str, Callable[[Any], str]] = {
    "input_shape": lambda sizes: "x".join(map(str, sizes)),
    "flops_forward": lambda count: quantity(float(count), "FLOP"),
    "seconds": duration,
    "origin": code_in_words,
    "cannot": lambda reasons: "; ".join(f"{what}: {why}" for what, why in reasons.items()) or "-",
}


def _text(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key in _FORMS:
        return _FORMS[key](value)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
