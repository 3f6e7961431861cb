"""Kinds: every kind of fault as data: how it is done to a session, when, and what the session may end with then."""

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.faults.session import Session, lines_of

Strike = Callable[[Session, Random], bool]  # whether there was something to strike
Prefix = Callable[[Random], Sequence[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: its row in the table.
        share: how often it is drawn, beside the others.
        strike: does it, to a session that runs.
        prepare: does it before the session begins, to the folder of its run.
        prefix: does it as the session begins: the program that starts it.
        needs: what it waits for: "" for the command line to have begun, "worker" for a process that measures,
            "cell" for at least one cell that is measured.
        ends: whether the session ends by it; else it goes on as if nothing had been.
        lasts: whether it is over only with a cell that took all of --timeout, before which no other fault comes.
        codes: exit codes that are right then, when the session does not go on.
        restore: undoes it, so that the run can be resumed.
        loses: whether it takes the results along, as somebody who deletes them does.
        statuses: what run.json may say then; empty for anything.
        arguments: of another command than `run` that it is done to, on a recorded run.

    """

    name: str
    share: int = 1
    strike: Strike | None = None
    prepare: Callable[[Path, Random], None] | None = None
    prefix: Prefix | None = None
    needs: str = ""
    ends: bool = True
    lasts: bool = False
    codes: tuple[int, ...] = (2,)
    restore: Callable[[Path], None] | None = None
    loses: bool = False
    statuses: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def _orchestrator(*numbers: signal.Signals) -> Strike:
    """Send it these, within 0.8 s; what comes after the first may come after its end."""

    def strike(session: Session, random: Random) -> bool:
        for at, number in enumerate(numbers):
            time.sleep(random.uniform(0, 0.8) if at else 0)
            if not _sent(session.process.pid, number) and not at:
                return False
        return True

    return strike


def _worker(number: signal.Signals) -> Strike:
    return lambda session, _: _sent(session.worker(), number)


def _server(number: signal.Signals) -> Strike:
    return lambda session, _: _sent(session.server(), number)


def _all(session: Session, random: Random) -> bool:
    sent = [_sent(pid, signal.SIGKILL) for pid in session.left()]
    return any(sent)


def _sent(pid: int | None, number: signal.Signals) -> bool:
    """Whether such a process was there to get it."""
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _no_memory(session: Session, random: Random) -> bool:
    status = Path(f"/proc/{session.process.pid}/status").read_text().splitlines()
    size = next(int(line.split()[1]) for line in status if line.startswith("VmSize:")) * 1024
    return _limit(session, resource.RLIMIT_AS, size + random.randrange(2**22))


def _no_descriptors(session: Session, random: Random) -> bool:
    used = [int(path.name) for path in Path(f"/proc/{session.process.pid}/fd").iterdir()]
    return _limit(session, resource.RLIMIT_NOFILE, max(used) + 1)


def _no_larger_files(session: Session, random: Random) -> bool:
    return _limit(session, resource.RLIMIT_FSIZE, session.results.stat().st_size + random.randrange(1, 5000))


def _fill(session: Session, random: Random) -> bool:
    """Leave some bytes on the disk, where it is a small one of the run's own; else as much for each file."""
    folder = session.folder / "results"
    if not folder.is_mount():
        return _no_larger_files(session, random)
    with suppress(OSError), (folder / "filler").open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    return True


def _make_room(folder: Path) -> None:
    (folder.parent / "filler").unlink(missing_ok=True)


def _limit(session: Session, what: int, soft: int) -> bool:
    try:
        _, hard = resource.prlimit(session.process.pid, what)
        resource.prlimit(session.process.pid, what, (soft, hard))
    except ProcessLookupError:
        return False
    return True


def _made_read_only(session: Session, random: Random) -> bool:
    _read_only(session.results.parent)
    return True


def _deleted(session: Session, random: Random) -> bool:
    shutil.rmtree(session.results.parent, ignore_errors=True)
    return not session.results.exists()


def _read_only(folder: Path) -> None:
    for path in (folder / "results.jsonl", folder / "run.json", folder):
        with suppress(FileNotFoundError):
            path.chmod(0o555 if path.is_dir() else 0o444)


def _writable(folder: Path) -> None:
    for path in (folder, *folder.glob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _damage(change: Callable[[list[bytes], Random], bytes]) -> Callable[[Path, Random], None]:
    """The results with some of their bytes changed."""

    def prepare(folder: Path, random: Random) -> None:
        path = folder / "results.jsonl"
        kept = path.with_name("kept")
        shutil.copy(path, kept)
        path.write_bytes(change(lines_of(path), random))

    return prepare


def _as_it_was(folder: Path) -> None:
    kept = folder / "kept"
    if kept.exists():
        kept.replace(folder / "results.jsonl")


def _cut(lines: list[bytes], random: Random) -> bytes:
    last = lines[-1] if lines else b""
    return b"".join(lines) + last[: random.randrange(1, len(last))] if last else b""


def _zeros(lines: list[bytes], random: Random) -> bytes:
    return b"".join(lines) + bytes(random.randrange(1, 5000))


def _spoil_first(lines: list[bytes], random: Random) -> bytes:
    first, *others = lines
    at = random.randrange(1, len(first) - 2)
    return b"".join([first[:at] + b"\x00" + first[at + 1 :], *others])


def _cut_facts(folder: Path, random: Random) -> None:
    path = folder / "run.json"
    text = path.read_bytes()
    path.with_name("facts").write_bytes(text)
    path.write_bytes(text[: random.randrange(len(text))])


def _facts_as_they_were(folder: Path) -> None:
    with suppress(FileNotFoundError):
        (folder / "facts").replace(folder / "run.json")


def _sh(redirection: str) -> Prefix:
    return lambda _: ("sh", "-c", f'exec "$@" {redirection}', "sh")


_GONE = (
    "import os, sys; r, w = os.pipe(); os.close(r); [os.dup2(w, n) for n in {}]; os.execvp(sys.argv[1], sys.argv[1:])"
)


def _gone(*descriptors: int) -> Prefix:
    """Nobody reads these any more."""
    return lambda _: (sys.executable, "-c", _GONE.format(descriptors))


def _prlimit(option: str, least: int, most: int) -> Prefix:
    return lambda random: ("prlimit", f"--{option}={random.randrange(least, most)}")


def _mortal(_: Random) -> Sequence[str]:
    """As a user who is not root: permissions hold."""
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner") if os.geteuid() == 0 else ()


INTERRUPTED = ("interrupted", "finished")
ANY = (0, 2, 3, 70)  # of a command that has too little of something: it may do, or say so in one line
SIGINT, SIGTERM, SIGHUP, SIGKILL = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL

PROCESSES = (
    Kind("SIGKILL of a worker", 8, _worker(SIGKILL), needs="worker", ends=False),
    Kind("SIGTERM of a worker", 2, _worker(SIGTERM), needs="worker", ends=False),
    Kind("SIGSEGV of a worker", 2, _worker(signal.SIGSEGV), needs="cell", ends=False),
    Kind("SIGSTOP of a worker, past --timeout", 3, _worker(signal.SIGSTOP), needs="cell", ends=False, lasts=True),
    Kind("SIGKILL of the server", 6, _server(SIGKILL), ends=False),
    Kind("SIGTERM of the server", 2, _server(SIGTERM), ends=False),
    Kind("SIGSTOP of the server", 6, _server(signal.SIGSTOP), ends=False),
)
SIGNALS = (
    Kind("SIGKILL of the orchestrator", 8, _orchestrator(SIGKILL), codes=(-9,)),
    Kind("SIGKILL of all processes", 3, _all, codes=(-9,)),
    Kind("SIGTERM", 7, _orchestrator(SIGTERM), codes=(130, 0), statuses=INTERRUPTED),
    Kind("SIGHUP", 6, _orchestrator(SIGHUP), codes=(130, 0), statuses=INTERRUPTED),
    Kind("SIGHUP, then SIGTERM", 3, _orchestrator(SIGHUP, SIGTERM), codes=(130, 0)),
    Kind("Ctrl-C", 10, _orchestrator(SIGINT), codes=(130, 0), statuses=INTERRUPTED),
    Kind("Ctrl-C twice", 8, _orchestrator(SIGINT, SIGINT), codes=(130, 0)),
)
SHORTAGES = (
    Kind("memory used up", 4, _no_memory, needs="cell", codes=ANY),
    Kind("descriptors used up", 4, _no_descriptors, needs="cell"),
    Kind("file size used up while a line is written", 5, _no_larger_files, needs="cell"),
    Kind("disk full while a line is written", 3, _fill, needs="cell", restore=_make_room),
    Kind("little memory from the start", 3, prefix=_prlimit("as", 700 * 2**20, 3000 * 2**20), codes=ANY),
    Kind("few descriptors from the start", 3, prefix=_prlimit("nofile", 6, 40), codes=ANY),
)
FOLDERS = (
    Kind(
        "folder of results made read-only",
        4,
        _made_read_only,
        prefix=_mortal,
        needs="cell",
        restore=_writable,
    ),
    Kind(
        "folder of results read-only before --resume",
        2,
        prepare=lambda folder, _: _read_only(folder),
        prefix=_mortal,
        restore=_writable,
    ),
    Kind(
        "folder of results deleted",
        3,
        _deleted,
        needs="cell",
        loses=True,
    ),
)
STREAMS = (
    Kind("stdout full", 1, prefix=_sh(">/dev/full"), ends=False),
    Kind("stdout closed", 1, prefix=_sh(">&-"), ends=False),
    Kind("stderr full", 1, prefix=_sh("2>/dev/full"), ends=False),
    Kind("stderr closed", 1, prefix=_sh("2>&-"), ends=False),
    Kind("both closed", 1, prefix=_sh(">&- 2>&-"), ends=False),
    Kind("reader of both gone", 2, prefix=_gone(1, 2), ends=False),
)
FILES = (
    Kind("last line cut in the middle", 5, prepare=_damage(_cut), ends=False),
    Kind("zeros after the last line", 2, prepare=_damage(_zeros), ends=False),
    Kind("a line in the middle damaged", 2, prepare=_damage(_spoil_first), restore=_as_it_was),
    Kind("run.json cut in the middle", 2, prepare=_cut_facts, restore=_facts_as_they_were),
)
COMMANDS = tuple(
    Kind(f"{what} of `{command[0]}`", share, prefix=prefix, codes=codes, arguments=command)
    for command, share in ((("show", "r"), 2), (("list", "runs"), 1), (("report", "r"), 1))
    for what, prefix, codes in (
        ("stdout full", _sh(">/dev/full"), (2,)),
        ("stdout closed", _sh(">&-"), (2,)),
        ("reader of stdout gone", _gone(1), (0,)),
        ("stderr closed", _sh("2>&-"), (0,)),
    )
)
