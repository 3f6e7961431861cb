"""Watch: what a reader may do with a file: give a result or one line, soon, within memory, and nothing else."""

import os
import resource
import signal
import sys
import sysconfig
import traceback
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from bench.errors import BenchError

SECONDS = 10  # of the processor: a machine may have other things to do
PATIENCE = 12  # times that by the clock, for what waits
MEMORY = 2**30  # bytes more than before
LONGEST = 1000  # characters of an error
Outcome = Literal["read", "refused"]

_LIBRARIES = tuple({os.path.realpath(path) + os.sep for path in (*sysconfig.get_paths().values(), sys.base_prefix)})
_ROOTS = (*_LIBRARIES, os.path.realpath(Path(__file__).parents[2]) + os.sep)
_DIRECTIONS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
_CHANGING = {
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"),
    *("os.utime", "os.setxattr", "shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.make_archive"),
}
_REACHING = {
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork", "pty.spawn"),
    *("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "webbrowser.open"),
    *("os.kill", "pickle.find_class", "ctypes.dlopen"),
}


class Breach(AssertionError):  # noqa: N818 - no error, but a finding
    """A reader did what it must not."""


class TooLong(BaseException):
    """A reader takes too long; no `except Exception` holds it up."""


class Watch:
    """Watches one reader after another.

    Args:
        folder: all that may be written to.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self._on = False
        self._seen: list[str] = []
        sys.addaudithook(self._audit)
        for alarm in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(alarm, self._rung)

    def bound_memory(self) -> None:
        """From now on this process gets no more than MEMORY beside what it has."""
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, most))

    def warm(self, read: Callable[[Any], object], genuine: Any) -> None:
        """Read what is genuine, unwatched, so that all modules are there."""
        self._on = False
        with suppress(BenchError):  # that some mutants are read, the counts tell
            read(genuine)

    def outcome(self, read: Callable[[Any], object], content: Any, seconds: float = SECONDS) -> Outcome:
        """What comes of a reader.

        Raises:
            Breach: neither a result nor one line, or something was done beside.

        """
        with self._watching(seconds):
            try:
                read(content)
                outcome: Outcome = "read"
            except BenchError as error:
                _check_line(str(error))
                outcome = "refused"
            except TooLong as error:
                raise Breach(f"it took more than {seconds} s") from error
            except Breach:
                raise
            except BaseException as error:
                raise Breach(f"a traceback: {_last_frames(error)}") from error
        if self._seen:
            raise Breach(f"it did what no reader may: {self._seen[0]}")
        return outcome

    @contextmanager
    def _watching(self, seconds: float) -> Iterator[None]:
        self._seen.clear()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * seconds)
        self._on = True
        try:
            yield
        finally:
            self._on = False
            for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
                signal.setitimer(timer, 0)

    def _rung(self, *_: object) -> None:
        if self._on:
            raise TooLong

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if (
            (event == "open" and _writes(args) and not self._may_write(args[0]))
            or (event in _CHANGING and not all(map(self._may_write, _paths(args))))
            or (event in _REACHING and not _asks_git(event, args))
            or (event == "exec" and not _is_installed(args[0]))
        ):
            self._on = False  # what follows is the report's
            self._seen.append(f"{event} {str(args)[:200]} by {traceback.extract_stack(limit=6)[0]}")
            self._on = True
            raise Breach(self._seen[-1])

    def _may_write(self, path: Any) -> bool:
        if isinstance(path, int) or path in (os.devnull, os.fsencode(os.devnull)):
            return True
        real = os.path.realpath(os.fsdecode(path))
        return real == self._folder or real.startswith(self._folder + os.sep)


def is_obeyed(line: str) -> bool:
    """Whether a sign of the line does something, as one that ends it or turns the direction of text."""
    categories = {unicodedata.category(sign) for sign in line} & {"Cc", "Cs", "Zl", "Zp"}
    return bool(categories or {unicodedata.bidirectional(sign) for sign in line} & _DIRECTIONS)


def _check_line(line: str) -> None:
    if not line.strip():
        raise Breach("an error without a word")
    if is_obeyed(line):
        raise Breach(f"an error on several lines, or with what a terminal obeys: {line[:300]!r}")
    if len(line) > LONGEST:
        raise Breach(f"an error of {len(line):,} characters: {line[:300]!r}")


def _last_frames(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__}: {str(error)[:300]} ({places})"


def _writes(args: tuple[Any, ...]) -> bool:
    _, mode, flags = args
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool((flags or 0) & writing)


def _paths(args: tuple[Any, ...]) -> list[Any]:
    return [arg for arg in args if isinstance(arg, str | bytes | os.PathLike)]


def _asks_git(event: str, args: tuple[Any, ...]) -> bool:
    """Whether it is our question for a revision, whose word git cannot take for an option, or for the repository."""
    if event != "subprocess.Popen":
        return False
    command = [str(word) for word in args[1]]
    return command[0] == "git" and (command[-2:] == ["rev-parse", "--git-dir"] or not command[-1].startswith("-"))


def _is_installed(code: Any) -> bool:
    """Whether code is of a file of this tree or an installed one, or made of text by one, as dataclasses do it."""
    name = code.co_filename
    roots = _ROOTS
    if name.startswith("<"):  # made of text: by whom?
        name, roots = sys._getframe(2).f_code.co_filename, _LIBRARIES
    return name.startswith("<frozen") or os.path.realpath(name).startswith(roots)
