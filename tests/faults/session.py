"""Session: one real `python -m bench` process, watched while it runs: its lines, its workers, what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tests.conftest import has_begun

ROOT = Path(__file__).parents[2]
MARK = "BENCH_FAULTS_OF"  # in the environment of all that a session starts, daemons included
POLL = 0.004  # seconds


class Session:
    """A command that runs.

    Args:
        folder: where it runs.
        arguments: of `python -m bench`.
        prefix: a program that starts it, such as prlimit; it keeps the process's id.
        variables: of its environment, beside this process's own.

    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        prefix: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.mark, self.results = folder, uuid4().hex, folder / "results" / "r" / "results.jsonl"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.document = self.run_document()  # as it was before
        self.seen: dict[bytes, None] = {}  # whole lines of measured cells, in the order in which they appeared
        self._size = -1
        self.look()
        self.before = len(self.seen)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(folder / "cache"),
            MARK: self.mark,
            **(variables or {}),
        }
        with self._path("out").open("ab") as out, self._path("err").open("ab") as err:
            self._from = out.tell(), err.tell()
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "bench", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def _path(self, kind: str) -> Path:
        return self.folder / f"std{kind}"

    def run_document(self) -> bytes:
        """run.json, or nothing where there is none."""
        with suppress(OSError):
            return self.results.with_name("run.json").read_bytes()
        return b""

    def text(self) -> str:
        """What it wrote to both streams."""
        texts = []
        for kind, start in zip(("out", "err"), self._from, strict=True):
            with suppress(OSError):
                texts.append(self._path(kind).read_bytes()[start:].decode(errors="replace"))
        return "\n".join(texts)

    def look(self) -> bool:
        """Note the lines that are there; whether the file of results has grown or shrunk since."""
        try:
            size = self.results.stat().st_size
        except OSError:
            size = -1
        if size == self._size:
            return False
        self._size = size
        self.seen.update(dict.fromkeys(line for line in lines_of(self.results) if not is_skipped(line)))
        return True

    @property
    def measured(self) -> int:
        """How many cells it has measured since it began."""
        return len(self.seen) - self.before

    def longest(self) -> float:
        """Seconds that the slowest of these cells took, 0 for none."""
        seconds = [0.0]
        for line in list(self.seen)[self.before :]:
            with suppress(ValueError):
                seconds.append(json.loads(line)["seconds"])
        return max(seconds)

    def is_running(self) -> bool:
        return self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether the command line has begun."""
        return has_begun(self.process.pid)

    def server(self) -> int | None:
        """The process that forks its workers."""
        return next((pid for pid in children_of(self.process.pid) if "tree_server" in command_of(pid)), None)

    def worker(self) -> int | None:
        """The process that measures now."""
        server = self.server()
        return next(iter(children_of(server)), None) if server else None

    def left(self) -> list[int]:
        """Processes that it started, itself included, and that run."""
        return [pid for pid in processes() if self.mark in environment_of(pid) and state_of(pid) not in "ZX"]

    def kill(self) -> None:
        """End all of it."""
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def lines_of(path: Path) -> list[bytes]:
    """The whole lines of a file; none where it is not there."""
    try:
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    except OSError:
        return []


def is_skipped(line: bytes) -> bool:
    """Whether it stands for a cell that was not measured; a damaged line does not."""
    with suppress(ValueError, KeyError, TypeError):
        return bool(json.loads(line)["status"] == "skipped")
    return False


def processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").glob("[0-9]*"))


def children_of(parent: int) -> list[int]:
    children = []
    for pid in processes():
        with suppress(OSError):
            state, of = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
            if int(of) == parent and state not in "ZX":
                children.append(pid)
    return children


def state_of(pid: int) -> str:
    """The letter of its state; X where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def environment_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""
