"""IDX: reads the gzip-compressed array files of MNIST and its kin into byte tensors.

The format, from the MNIST page: two zero bytes, a type code (8 is unsigned byte), the number of dimensions, each
dimension as a big-endian 32-bit integer, then the values, last dimension fastest.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

UNSIGNED_BYTE = 8
GZIP = b"\x1f\x8b"
PACKED = "is compressed by gzip"
MOST = 2**40  # values
MOST_PACKED = 1100  # values in a byte of a gzip file; deflate makes 1032 at best


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
    try:
        if limit is not None:
            return _first(path, limit)
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise IdxError("is missing") from error
    except EOFError as error:
        raise IdxError("is truncated") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"is damaged ({error})") from error
    except OSError as error:
        raise IdxError(f"cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise IdxError(f"is not the original (its content has sha256 {digest[:12]}...)")
    return parse(content)


def _first(path: Path, limit: int) -> Tensor:
    """The first `limit` items of the file, or all where there are fewer; what follows them is left compressed."""
    with gzip.open(path) as file:
        head = file.read(4)
        lengths = file.read(4 * head[3]) if len(head) == 4 else b""
        if not lengths or len(lengths) < 4 * head[3]:
            raise IdxError("is truncated within its header")
        count, *item = struct.unpack(f">{head[3]}I", lengths)
        count = min(limit, count)
        size = _size((count, *item))
        if size > MOST_PACKED * path.stat().st_size:
            raise IdxError(f"is damaged: its header says {size} values, more than it can hold")
        return parse(head + struct.pack(f">{head[3]}I", count, *item) + file.read(size))


def parse(content: bytes) -> Tensor:
    """The uint8 tensor in uncompressed IDX bytes.

    Raises:
        IdxError: the header is not one of unsigned bytes, or the length does not follow from it.

    """
    if content[:2] == GZIP:
        raise IdxError(PACKED)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise IdxError("is not an IDX file of unsigned bytes")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise IdxError("is truncated within its header")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    size = _size(shape)
    if len(content) - start != size:
        raise IdxError(f"holds {len(content) - start} values where its header says {size}")
    if not size:
        return torch.empty(shape, dtype=torch.uint8)  # frombuffer refuses an empty buffer
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start).reshape(shape)


def _size(shape: tuple[int, ...]) -> int:
    """How many values there are.

    Raises:
        IdxError: more than any file of images has.

    """
    size = math.prod(shape)
    if size > MOST:
        raise IdxError(f"is damaged: its header says more than {MOST} values")
    return size
