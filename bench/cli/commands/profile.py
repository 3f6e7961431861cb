"""The command `profile`: profiles single cells, and prints where the time of each step goes."""

import argparse
import contextlib
import io
import json

from bench.cli.commands import run as running
from bench.cli.parser.main import build_parser
from bench.cli.render.tables import Row, print_table
from bench.errors import EXIT_INCONCLUSIVE
from bench.explain.account import Account, accounts
from bench.explain.explanation import breakdown
from bench.stats.attribution import Share, kinds, shares
from bench.store import run as store
from bench.store.provenance import time_name
from bench.text import quantity, tenths

ROUNDS = 5  # blocks of timing: enough to set the overhead against; `run` is for numbers that repeat
MOST_ROWS = 10


def execute(given: argparse.Namespace) -> int:
    """Run the cells once with a profile, without training; 0 when each has one, 3 when any has none."""
    name = str(given.run or f"profile-{time_name()}")
    settled = {"epochs": 0, "generations": 1, "profile": True, "report": False}
    usual = vars(build_parser().parse_args(["run"]))  # every flag that `run` has and `profile` does not
    suited = {"run": name, "rounds": given.rounds or ROUNDS}
    with contextlib.redirect_stdout(io.StringIO()):  # its table is of another question
        running.execute(argparse.Namespace(**{**usual, **vars(given), **settled, **suited}))
    found = accounts(store.load(name))
    if given.json:
        cells = [{"id": cell, "status": one.status, "profile": one.profile} for cell, one in found.items()]
        print(json.dumps({"run": name, "cells": cells}))
    else:
        for one in found.values():
            _print(one)
        print(f"traces in {store.RESULTS / name / 'traces'}: python -m bench tensorboard {name}, or ui.perfetto.dev")
        print("why one is slower than another: python -m bench explain A B")
    return 0 if all(one.profile for one in found.values()) else EXIT_INCONCLUSIVE


def _print(one: Account) -> None:
    """Where the time of a cell's step goes."""
    step = one.value("step")
    print(one.cell.id)
    if one.profile is None or step is None:
        print(f"no profile ({one.status}): see the warnings above\n")
        return
    overhead = one.value("profiler_overhead") or 0.0
    slower = f"the profiler made it {overhead:.2f} times as long, and only spreads the time"
    print(f"step {quantity(step, 's')}, timed; {slower}\n")
    parts = breakdown(one)
    tables = {"category and phase": kinds(parts)}
    tables |= {level: shares(parts, level) for level in ("operator", "module")}
    for title, found in tables.items():
        print_table([_row(title, share) for share in found[:MOST_ROWS]])
        print()
    for line in _facts(one):
        print(line)
    print()


def _row(title: str, share: Share) -> Row:
    return {title: share.name, "time": quantity(share.slower, "s"), "share": tenths(share.share or 0.0)}


def _facts(one: Account) -> list[str]:
    """What the trace says besides: launches and idleness of a GPU, memory, advice."""
    profile, reading = one.profile or {}, (one.profile or {}).get("reading", {})
    found = []
    if "idle" in profile:
        waits = ", ".join(f"{cause} {quantity(seconds, 's')}" for cause, seconds in profile["idle"].items() if seconds)
        launches = sum(profile["launches"].values())
        busy = quantity(profile["busy"], "s")
        found.append(f"device: busy {busy} a step, {launches:g} kernels launched, idle: {waits or 'never'}")
    found += [f"{name.replace('_', ' ')}: {value:.3g}" for name, value in reading.get("gpu", {}).items()]
    found += [
        f"memory in use at the peak, {device}: {quantity(size, 'B')}"
        for device, size in reading.get("peak_memory", {}).items()
    ]
    found += [f"advice: {text}" for text in reading.get("advice", ())]
    return found
