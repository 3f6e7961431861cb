"""Files: replaced in one move, appended line by line, read back whole; one error text for each fault."""

import errno
import hashlib
import json
import math
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from bench.errors import BenchError, brief
from bench.interrupts import held_back

Shape = TypeVar("Shape")
Content = str | bytes | Callable[[IO[bytes]], object]

ELSEWHERE = "run from a folder you may write to"
REMOVE_LINE = "remove that line to read the rest"
# what reading data of another shape raises; msgspec's errors are ValueErrors
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
_BOM = b"\xef\xbb\xbf"  # of a file that went through an editor or shell of Windows
_DEEPEST = 32  # objects and lists within each other; ours have six
_CAUSE = 200  # characters of a cause: what a message quotes of a damaged file may be anything
MOST_BYTES = 64 * 2**20  # of a document or a line of ours, which have some MB; reading them takes ten times as much


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line of a file.

    Attributes:
        text: with its end.
        place: the file and the line's number, for messages.

    """

    text: bytes
    place: str


def make_folder(path: Path, remedy: str = ELSEWHERE) -> None:
    """Make the folder and those above it, where they are missing.

    Raises:
        BenchError: it cannot be made.

    """
    with _writing(path, remedy):
        path.mkdir(parents=True, exist_ok=True)


def replace(path: Path, content: Content, remedy: str = ELSEWHERE) -> None:
    """Put the content in the file's place in one move, so that no reader ever sees half of it.

    Args:
        path: the file; its folder exists.
        content: text (UTF-8, a lone surrogate as "?"), bytes, or what writes them to an open file.
        remedy: the end of the message where that fails.

    Raises:
        BenchError: it cannot be written; the file is as it was.

    """
    replace_together({path: content}, remedy)


def replace_together(contents: Mapping[Path, Content], remedy: str = ELSEWHERE) -> None:
    """As `replace`, of several files: none is replaced before the contents of all are on the disk.

    Raises:
        BenchError: one of them cannot be written; all are as they were.

    """
    fresh = {path: path.with_name(path.name + ".new") for path in contents}
    try:
        for path, content in contents.items():
            with _writing(path, remedy), fresh[path].open("wb") as file:
                _write(file, content)
                _to_disk(file)
        with held_back():
            for path in contents:
                with _writing(path, remedy):
                    fresh[path].replace(path)
                names_to_disk(path.parent)
    except BaseException:
        for left in fresh.values():
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def check_place(path: Path, remedy: str = ELSEWHERE) -> None:
    """See that `replace` can put a file there; its folder is made where it is missing.

    Raises:
        BenchError: it cannot.

    """
    make_folder(path.parent, remedy)
    fresh = path.with_name(path.name + ".new")
    with _writing(path, remedy):
        fresh.touch()
        fresh.unlink()


def remove(path: Path, remedy: str = ELSEWHERE) -> None:
    """Remove the file, if it is there.

    Raises:
        BenchError: it cannot be removed.

    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BenchError(f"cannot remove {path}: {error.strerror or error}; {remedy}") from error


def move(source: Path, target: Path, remedy: str = ELSEWHERE) -> None:
    """Move a file or folder to a place that is free.

    Raises:
        BenchError: it cannot be.

    """
    with _writing(target, remedy):
        shutil.move(source, target)


def append_line(path: Path, text: str, remedy: str = "the lines before are kept", *, new: bool = True) -> None:
    """Add one line to the file and wait until it is on the disk; Ctrl-C meanwhile waits for that too.

    Args:
        path: the file.
        text: the line without its end.
        remedy: the end of the message where that fails.
        new: whether the file may be missing, and is then made.

    Raises:
        BenchError: the disk is full, or the folder or the file is gone; no part of the line is left.

    """
    with _writing(path, remedy), held_back():
        if not new:
            path.stat()
        with path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                rest = memoryview(text.encode() + b"\n")
                while rest:
                    rest = rest[file.write(rest) or 0 :]
                _to_disk(file)
            except OSError:
                with suppress(OSError):  # half a line would spoil the next
                    file.truncate(end)
                raise
        if new and not end:
            names_to_disk(path.parent)


def names_to_disk(folder: Path) -> None:
    """See what was made or renamed in the folder on the disk, where the system can tell: a power cut then keeps it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def opened(path: Path) -> IO[bytes]:
    """The file, to be read.

    Raises:
        OSError: it is absent or cannot be read, or it is a pipe or a device, which may never end.

    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file has a name like that") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    return path.open("rb")


def is_folder(path: Path) -> bool:
    """Whether it is a folder; what has a name that no file can have is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def content(path: Path, most: int = MOST_BYTES) -> bytes:
    """All that the file holds, which is `most` bytes at most.

    Raises:
        OSError: as of `opened`, or it holds more.

    """
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"it holds more than the {most / 2**20:.0f} MiB that are read")
        return file.read()


def read(path: Path, remedy: str, most: int = MOST_BYTES) -> bytes:
    """All that the file holds.

    Raises:
        BenchError: it cannot be read.

    """
    try:
        return content(path, most)
    except OSError as error:
        raise _unreadable(path, error, remedy) from error


def read_lines(path: Path, remedy: str) -> Iterator[Line]:
    """The whole lines of a file one by one; a last line that was cut off while it was written is passed over.

    Raises:
        BenchError: the file cannot be read.

    """
    try:
        file = opened(path)
    except OSError as error:
        raise _unreadable(path, error, remedy) from error
    with file:
        for number, text in enumerate(iter(lambda: file.readline(MOST_BYTES), b""), 1):
            if text.endswith(b"\n"):
                yield Line(text, f"{path} line {number}")
            elif len(text) == MOST_BYTES:
                most = f"the {MOST_BYTES / 2**20:.0f} MiB that are read"
                raise BenchError(f"{path} line {number} is longer than {most}: {remedy}")


def cut_off(path: Path) -> str:
    """What to say of a last line that was cut off while it was written; "" where there is none."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return ""
        file.seek(-1, os.SEEK_END)
        whole = file.read() == b"\n"
    return "" if whole else f"{path}: the last line was cut off while it was written, and is passed over"


def read_object(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object that is all of the file; see `parsed`.

    Raises:
        FileNotFoundError: there is no such file; what that means, the caller knows.
        BenchError: it cannot be read, or holds no JSON object.

    """
    try:
        text = content(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error, remedy) from error
    return parsed(Line(text, str(path)), remedy)


def parsed(line: Line, remedy: str, shape: Any = dict[str, Any]) -> dict[str, Any]:
    """The JSON object of a line, of that shape; keys that the shape does not name are kept.

    What JSON has not is damage: NaN, infinities, numbers too large to be held, lone surrogates, nesting without end.

    Raises:
        BenchError: it holds none.

    """
    with damage_told(line.place, remedy):
        value = decoded(line.text)
        check_shape(value, shape)
        return value


def decoded(text: bytes) -> dict[str, Any]:
    """The object that a JSON text holds; a mark of the byte order before it is passed over.

    Raises:
        ValueError, RecursionError: it holds none.

    """
    import msgspec  # noqa: PLC0415 - another interpreter's workers do without

    value: dict[str, Any] = msgspec.json.decode(text.removeprefix(_BOM), type=dict[str, Any])
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        inside = (part.values() if isinstance(part, dict) else part for part in level)
        level = [item for items in inside for item in items if isinstance(item, dict | list)]
        if not level:
            return value
    raise ValueError("it is nested too deeply")


def check_shape(value: Any, shape: Any) -> None:
    """See that plain data is of a shape: a TypedDict, or another type that msgspec knows.

    Raises:
        ValueError: it is not; the message names the place in it.

    """
    shaped(value, shape)


def check_schema(schema: object, known: int, place: str, remedy: str) -> None:
    """See that a file is of the schema that is read here.

    Raises:
        BenchError: it is of another, such as a later version writes.

    """
    if type(schema) is not int or schema != known:
        raise BenchError(f"{place} has schema {brief(schema)}, this version reads {known}: {remedy}")


def shaped(value: Any, shape: type[Shape]) -> Shape:
    """Plain data as a type that msgspec knows, such as a dataclass; keys that it does not name are passed over.

    Raises:
        ValueError: it is not of that shape; the message names the place in it.

    """
    import msgspec  # noqa: PLC0415 - as above

    return msgspec.convert(value, shape)


@contextmanager
def damage_told(place: str, remedy: str) -> Iterator[None]:
    """Say of data that is not as it was written where it stands, and what to do.

    Raises:
        BenchError: the block met such data.

    """
    try:
        yield
    except _DAMAGE as error:
        cause = f"there is no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise BenchError(f"{place} is damaged ({cause[:_CAUSE]}): {remedy}") from error


def plain(value: Any) -> Any:
    """The same plain data as JSON can hold it: None for a float that is not finite, "?" for half a pair of UTF-16."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def document(value: Mapping[str, Any]) -> str:
    """The text of a JSON file that people read too."""
    return json.dumps(plain(value), indent=1, allow_nan=False) + "\n"


def json_line(value: Any) -> str:
    """Plain data as JSON on one line, without its end."""
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """JSON on one line, the same for equal data whatever its order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """Twelve hexadecimal digits, the same for equal data whatever its order."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def _write(file: IO[bytes], content: Content) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _writing(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror or error}; {remedy}") from error


def _unreadable(path: Path, error: OSError, remedy: str) -> BenchError:
    return BenchError(f"cannot read {path}: {error.strerror or error}; {remedy}")
