"""IDX: reads the gzip-compressed array files of MNIST and its kin into byte tensors.

The format, from the MNIST page: two zero bytes, a type code (8 is unsigned byte), the number of dimensions, each
dimension as a big-endian 32-bit integer, then the values, last dimension fastest.
"""

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from bench import files
from bench.data.limits import LARGEST

UNSIGNED_BYTE = 8
MOST_DIMENSIONS = 4  # of images with colours; a header may claim 255
_CHUNK = 2**20


class IdxError(ValueError):
    """A file that cannot be read as IDX; the message says what is wrong with it, without naming the file."""


def read(path: Path, sha256: str, limit: int | None = None) -> Tensor:
    """The uint8 tensor in the gzip file `path`, in the shape that its header gives.

    Args:
        path: the compressed file.
        sha256: what the uncompressed bytes must hash to, in hexadecimal.
        limit: read only the first so many items of the first dimension, which checks no sum.

    Raises:
        IdxError: the file is missing, damaged, or not the one that was meant.

    """
    if limit is not None:
        with _opened(path) as file:
            return _first(file, limit)
    content = unpacked(path, LARGEST)
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise IdxError(f"is not the original (its content has sha256 {digest[:12]}...)")
    return parse(content)


def unpacked(path: Path, most: int) -> bytearray:
    """What a gzip file holds, which is `most` bytes at most.

    Raises:
        IdxError: as of `read`.

    """
    with _opened(path) as file:
        content = _taken(file, most)
        if file.read(1):
            raise IdxError(f"holds more than the {most / 2**20:.0f} MiB that are read")
        return content


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile]:
    """The gzip file, to be read; what is wrong with it is an IdxError."""
    try:
        with files.opened(path) as packed, gzip.GzipFile(fileobj=packed) as file:
            yield file
    except FileNotFoundError as error:
        raise IdxError("is missing") from error
    except EOFError as error:
        raise IdxError("is truncated") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"is damaged ({error})") from error
    except OSError as error:
        raise IdxError(f"cannot be read ({error.strerror})") from error


def _first(file: gzip.GzipFile, limit: int) -> Tensor:
    """The first `limit` items of the file, or all where there are fewer; what follows them is left compressed."""
    head = file.read(4)
    count, *item = _shape(head + file.read(4 * head[3] if len(head) == 4 else 0))
    shape = (min(limit, count), *item)
    return _tensor(_taken(file, math.prod(shape)), shape)


def _taken(file: gzip.GzipFile, most: int) -> bytearray:
    """So many bytes of the file, or all where there are fewer; what is claimed gets no room before it is there."""
    content = bytearray()
    while part := file.read(min(_CHUNK, most - len(content))):
        content += part
    return content


def parse(content: bytes | bytearray) -> Tensor:
    """The uint8 tensor in uncompressed IDX bytes.

    Raises:
        IdxError: the header is not one of unsigned bytes, or the length does not follow from it.

    """
    shape = _shape(content)
    return _tensor(memoryview(content)[4 + 4 * len(shape) :], shape)


def _shape(content: bytes | bytearray) -> tuple[int, ...]:
    """What the header says, if such an array can be held."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise IdxError("is not an IDX file of unsigned bytes")
    dimensions = content[3]
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise IdxError(f"has {dimensions} dimensions, which images and labels have not")
    if len(content) < 4 + 4 * dimensions:
        raise IdxError("is truncated within its header")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    if math.prod(max(size, 1) for size in shape) > LARGEST:
        raise IdxError(f"says to hold {' x '.join(map(str, shape))} values, and {LARGEST:,} are the most")
    return shape


def _tensor(values: bytearray | memoryview, shape: tuple[int, ...]) -> Tensor:
    if len(values) != math.prod(shape):
        raise IdxError(f"holds {len(values)} values where its header says {math.prod(shape)}")
    if not len(values):
        return torch.empty(shape, dtype=torch.uint8)  # frombuffer refuses an empty buffer
    return torch.frombuffer(bytearray(values), dtype=torch.uint8).reshape(shape)
