"""Nets: what each misbehaving network and plug-in is, and what must become of its cell and of the others."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.session import Session, lines_of

FILE = Path(__file__).with_name("misbehaving.py")


@dataclass(frozen=True)
class Expected:
    """What must become of a cell.

    Attributes:
        statuses: one of these.
        words: that its reason has, where it is not ok.
        warning: the kind of a warning that it has where it is ok; "" for none in particular.

    """

    statuses: Sequence[str]
    words: str = ""
    warning: str = ""


OK, FAILED = Expected(("ok",)), Expected(("failed",))
CHANGED = Expected(("ok",), warning="settings changed")
LEFT = Expected(("ok",), warning="left running")
GROUPS = {
    "a net that ends or stops its process": {
        "Segfaults": Expected(("failed",), "SIGSEGV"),
        "Aborts": Expected(("failed",), "SIGABRT"),
        "Exits": Expected(("failed",), "without saying how it went"),
        "ExitsWithThree": Expected(("failed",), "exit code 3"),
        "LeavesPython": Expected(("failed",), "SystemExit"),
        "KillsItself": Expected(("failed",), "SIGKILL"),
        "KillsItsServer": Expected(("failed",), "its server ended"),
        "Rings": Expected(("failed",), "SIGALRM"),
        "StopsItself": Expected(("timeout",), "--timeout"),
    },
    "a net that forks or starts processes": {
        "Forks": LEFT,
        "ForksAndGoesOn": OK,
        "Daemonizes": LEFT,
        "StartsAProgram": LEFT,
    },
    "a net that takes too much memory": {
        "Leaks": Expected(("oom", "failed"), "memory"),
        "AsksTooMuch": Expected(("oom",)),
    },
    "a net that prints much, or closes what is open": {
        "Prints": OK,
        "ClosesItsStreams": OK,
        "ClosesAll": Expected(("failed",), "connection"),
        "WritesIntoThePipe": Expected(("failed",), "cannot be read"),
        "Leaves": OK,
    },
    "a net that raises oddly": {
        "Interrupts": Expected(("failed",), "KeyboardInterrupt"),
        "RaisesOddly": Expected(("failed",), "Odd: odd"),
        "Unsayable": Expected(("failed",), "Unsayable"),
        "SaysTooMuch": Expected(("failed",), "ValueError: xxx"),
        "Recurses": Expected(("failed",), "RecursionError"),
        "Raises": Expected(("failed",), "this network"),
        "Spoils": Expected(("ok",), warning="loss not finite"),
    },
    "a net that changes global state": {
        "SetsThreads": Expected(("failed",), "threads"),
        "SetsAffinity": Expected(("failed",), "affinity"),
        "SetsAnomaly": CHANGED,
        "SetsDeterministic": CHANGED,
        "SetsPrecision": CHANGED,
        "SetsGradients": FAILED,
        "SetsType": Expected(("ok", "failed"), warning="settings changed"),
        "SetsFlushing": CHANGED,
        "SetsAutocast": CHANGED,
        "HooksAll": CHANGED,
        "Traces": CHANGED,
        "BuiltWithThreads": OK,
    },
}
NETS = {name: expected for group in GROUPS.values() for name, expected in group.items()}

# Networks that end the process that builds them: the cell is left out with the reason, and the others are measured.
BUILT = ("SegfaultsWhenBuilt", "ExitsWhenBuilt")
REFUSED = "InterruptsWhenBuilt"  # before anything is measured, as whatever else raises then

# Plug-ins by what their module does when it is imported, and a word of the line that names them; "" for no line.
PLUGINS = {
    "segfaults": ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    "exits": ("import os; os._exit(0)", "did not go on"),
    "leaves": ("import sys; sys.exit(3)", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "unsayable": ("raise type('Odd', (Exception,), {'__str__': lambda _: 1 / 0})", "Odd"),
    "sets": ("import torch\ntorch.autograd.set_detect_anomaly(True); torch.set_num_threads(2)", ""),
    "prints": ("print('y' * 100_000)", ""),
    "raises": ("raise ValueError('x' * 1_000_000)", "ValueError"),
}

GROUP_OF = {
    **{name: group for group, names in GROUPS.items() for name in names},
    **dict.fromkeys((*BUILT, REFUSED), "a net that misbehaves when it is built"),
    **dict.fromkeys(PLUGINS, "a plug-in that misbehaves when it is imported"),
}


def install_plugins(folder: Path, names: Sequence[str]) -> None:
    """Put packages with such plug-ins into a folder that is to be on PYTHONPATH."""
    for name in names:
        facts = folder / f"faulty_{name}-0.1.dist-info"
        facts.mkdir(parents=True)
        (folder / f"faulty_{name}.py").write_text(PLUGINS[name][0])
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: faulty-{name}\nVersion: 0.1\n")
        (facts / "entry_points.txt").write_text(f"[bench.architectures]\n{name} = faulty_{name}\n")


def broken_by(name: str, session: Session) -> Iterator[tuple[str, str]]:
    """What of a misbehaving network or plug-in is not as it must be."""
    lines = {}
    for line in lines_of(session.results):
        with suppress(ValueError):
            stored = json.loads(line)
            lines[stored["cell"]["architecture"]] = stored
    text = session.text()
    if name == REFUSED:
        if not any(
            line.startswith("bench: ") and REFUSED in line and "KeyboardInterrupt" in line for line in text.splitlines()
        ):
            yield "outcome", f"{name}: not named; {text[-500:]!r}"
        return
    neighbor = lines.get("debug", {})
    if neighbor.get("status") != "ok" or _kinds(neighbor) & {"settings changed", "left running"}:
        yield "outcome", f"{name}: the network beside it is {neighbor.get('status')}, {neighbor.get('warnings')}"
    if name in PLUGINS:
        word = PLUGINS[name][1]
        told = [line for line in text.splitlines() if f"plug-in '{name}'" in line]
        if len(told) != bool(word) or (word and (word not in told[0] or len(told[0]) > 700)):
            yield "outcome", f"plug-in {name}: {[line[:300] for line in told]}"
    elif name in BUILT:
        reason = str(lines.get(name, {}).get("reason"))
        if "did not go on" not in reason or name not in reason:
            yield "outcome", f"{name}: {reason}; {text[-500:]!r}"
    else:
        yield from _of_cell(name, lines.get(name, {}))


def _of_cell(name: str, line: dict[str, Any]) -> Iterator[tuple[str, str]]:
    expected, status, reason = NETS[name], line.get("status"), line.get("reason") or ""
    right = status in expected.statuses and (status == "ok" or (expected.words in reason and "\n" not in reason))
    if not right or (status == "ok" and expected.warning and expected.warning not in _kinds(line)):
        yield "outcome", f"{name}: {status}, {reason[:300]}, {sorted(_kinds(line))}"


def _kinds(line: dict[str, Any]) -> set[str]:
    return {warning["kind"] for warning in line.get("warnings", ())}
