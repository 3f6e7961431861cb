"""Data sets on disk, in torchvision's layout: IDX files, packed or not, and what torchvision alone reads."""

import hashlib
import json
import pickle
import shlex
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench import files
from bench.data import idx, verify
from bench.data.dataset import Dataset
from bench.data.spec import DatasetSpec
from bench.errors import BenchError

MOST_BYTES = 2**28  # of one file; the largest of theirs has 47 MB
CLASSES = {"fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "cifar10": "CIFAR10"}  # names in torchvision.datasets

# What torchvision's readers, and the checks below, raise on files that are absent, cut short or not theirs.
_DAMAGE = (
    *(RuntimeError, ValueError, AssertionError, LookupError, TypeError, ArithmeticError, MemoryError),
    *(OSError, EOFError, pickle.UnpicklingError),
)


def load(name: str, data_dir: Path, entry: DatasetSpec) -> Dataset:
    """The data set `name` of CLASSES from `data_dir`, which `fetch` may have filled.

    Raises:
        BenchError: its files are absent, damaged or not those of `entry`, as far as `bench.data.verify` can tell; the
            message names them and the command that fetches them.

    """
    source = _source(name)
    try:
        dataset = (
            _idx(name, source, _place(source, data_dir)) if name in verify.MEANS else _other(name, source, data_dir)
        )
        verify.check_sizes(dataset, entry)
        if name in verify.MEANS:
            verify.check_idx(dataset, _place(source, data_dir), source.resources)
    except _DAMAGE as error:
        raise _unreadable(name, source, data_dir, error) from error
    return dataset


def _idx(name: str, source: Any, folder: Path) -> Dataset:
    """The data set of four IDX files."""
    arrays = (idx.parse(_content(folder / Path(packed).stem)) for packed, _ in source.resources)
    train_images, train_labels, test_images, test_labels = arrays
    if not train_images.ndim == test_images.ndim == 3:
        raise ValueError(f"images of {train_images.ndim} and {test_images.ndim} dimensions")
    return Dataset(
        name=name,
        train_images=_images(train_images),
        train_labels=train_labels.long(),
        test_images=_images(test_images),
        test_labels=test_labels.long(),
        classes=tuple(source.classes),
    )


def _other(name: str, source: Any, data_dir: Path) -> Dataset:
    """A data set that torchvision reads, after it has compared the sums of its files."""
    train, test = (source(data_dir, train=train, download=False) for train in (True, False))
    return Dataset(
        name=name,
        train_images=_images(train.data),
        train_labels=torch.as_tensor(train.targets, dtype=torch.int64),
        test_images=_images(test.data),
        test_labels=torch.as_tensor(test.targets, dtype=torch.int64),
        classes=tuple(train.classes),
    )


def fetch(name: str, data_dir: Path) -> None:
    """Have torchvision fetch the data set `name` of CLASSES where a file is absent; its progress goes to stderr.

    Raises:
        BenchError: that failed.

    """
    source = _source(name)
    folder, sums = _place(source, data_dir), _expected(source)
    if all(_is_there(folder / file) for file in sums):
        return
    try:
        source(data_dir, train=True, download=True)
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or repr(error)
        raise BenchError(
            f"cannot download {name} to {data_dir}: {reason}; check the connection, "
            f"or put {', '.join(sums)} into {folder}"
        ) from error


def _source(name: str) -> Any:
    from torchvision import datasets  # noqa: PLC0415  # takes longer to import than mnist takes to load

    return getattr(datasets, CLASSES[name])


def _images(pixels: Any) -> Tensor:
    """Images as (N, C, H, W) from torchvision's (N, H, W) tensor or (N, H, W, C) array."""
    images = torch.as_tensor(pixels)
    return images.permute(0, 3, 1, 2).contiguous() if images.ndim == 4 else images.unsqueeze(1)


def _unreadable(name: str, source: Any, data_dir: Path, error: Exception) -> BenchError:
    """The error for files that are absent, damaged or others: which, where, and how to get them."""
    folder, sums = _place(source, data_dir), _expected(source)
    absent = [file for file in sums if not (_is_there(folder / file) or _is_there(_packed(folder / file)))]
    if absent and (moved := _elsewhere(folder, data_dir, absent)):
        lies, wanted = moved
        move = shlex.join(["mv", str(lies), str(wanted)])
        return BenchError(
            f"cannot load {name}: {lies} has to be {wanted}: mkdir -p {shlex.quote(str(folder))} && {move}, and so "
            f"with the others of {', '.join(absent)}"
        )
    if absent and _is_there(data_dir / getattr(source, "filename", "none")):  # CIFAR comes as one archive
        unpack = shlex.join(["tar", "xzf", str(data_dir / source.filename), "-C", str(data_dir)])
        return BenchError(f"cannot load {name}: {data_dir / source.filename} is not unpacked: {unpack}")
    flaws = {file: _flaw(folder / file, md5) for file, md5 in sums.items() if file not in absent}
    if len(absent) == len(sums):
        cause = f"it is not in {folder}"
    elif absent:
        cause = f"{', '.join(absent)} not found in {folder}"
    elif any(flaws.values()):
        cause = f"in {folder} {', '.join(f'{file} {flaw}' for file, flaw in flaws.items() if flaw)}"
    else:
        what = "not the published ones" if isinstance(error, verify.NotGenuineError) else "damaged"
        cause = f"the files in {folder} are {what} ({str(error).splitlines()[0] if str(error) else repr(error)})"
    clear = "" if absent else f"remove {data_dir / folder.relative_to(data_dir).parts[0]}, then "
    remedy = f"add --download to bench run, or do it by {_command(source, data_dir)}"
    return BenchError(f"cannot load {name}: {cause}; expected {', '.join(sums)}: {clear}{remedy}")


def _command(source: Any, data_dir: Path) -> str:
    """The shell command that fetches a torchvision data set."""
    place = json.dumps(str(data_dir), ensure_ascii=False)  # in double quotes, which a shell's single ones hold as is
    code = f"from torchvision.datasets import {source.__name__}; {source.__name__}({place}, download=True)"
    return f"python -c {shlex.quote(code)}"


def _place(source: Any, data_dir: Path) -> Path:
    """The folder of a torchvision data set's files."""
    return data_dir / (source.base_folder if hasattr(source, "base_folder") else f"{source.__name__}/raw")


def _expected(source: Any) -> dict[str, str | None]:
    """The files of a torchvision data set, with their MD5 sums where torchvision knows them."""
    if hasattr(source, "base_folder"):  # CIFAR
        return {**dict(source.train_list + source.test_list), source.meta["filename"]: source.meta["md5"]}
    return {Path(file).stem: None for file, _ in source.resources}


def _content(path: Path) -> bytes | bytearray:
    """What an IDX file holds, or the packed one in its place or under its name."""
    if not _is_there(path):
        return idx.unpacked(_packed(path), MOST_BYTES)
    content = files.content(path, MOST_BYTES)
    return idx.unpacked(path, MOST_BYTES) if content[:2] == b"\x1f\x8b" else content


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _elsewhere(folder: Path, data_dir: Path, absent: Iterable[str]) -> tuple[Path, Path] | None:
    """Where one of the files lies instead, maybe under the name that other programs give it, and what it has to be."""
    for name, place, ending in product(absent, dict.fromkeys((folder, folder.parent, data_dir)), ("", ".gz")):
        for other in (name, name.replace("-idx", ".idx")):
            lies, wanted = place / f"{other}{ending}", folder / f"{name}{ending}"
            if lies != wanted and _is_there(lies):
                return lies, wanted
    return None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be entered, or a name too long
        return False


def _flaw(path: Path, md5: str | None) -> str:
    """What is wrong with one file, an IDX file where it has no sum; "" where it is well by itself."""
    try:
        content = _content(path)
        if md5 is None:
            idx.parse(content)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except idx.IdxError as error:
        return str(error)
    return "" if md5 in {None, hashlib.md5(content, usedforsecurity=False).hexdigest()} else "is damaged"
