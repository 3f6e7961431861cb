"""Folder: the data sets that a person keeps on disk, read by torchvision in the layout that torchvision gives them."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.data.dataset import Dataset
from bench.errors import BenchError

CLASSES = {"fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "cifar10": "CIFAR10"}  # names in torchvision.datasets

# What torchvision's readers, and the checks below, raise on files that are absent, cut short or not theirs.
_DAMAGE = (RuntimeError, ValueError, AssertionError, LookupError, TypeError, OSError, EOFError, pickle.UnpicklingError)


def load(name: str, data_dir: Path) -> Dataset:
    """The data set `name` of CLASSES from `data_dir`, which `check` may have filled.

    Raises:
        BenchError: its files are absent or damaged; the message names them and the command that fetches them.

    """
    source = _source(name)
    try:
        train, test = (source(data_dir, train=train, download=False) for train in (True, False))
        train_images, train_labels = _images(train.data), _labels(train)
        test_images, test_labels = _images(test.data), _labels(test)
    except _DAMAGE as error:
        raise _unreadable(name, source, data_dir, error) from error
    return Dataset(name, train_images, train_labels, test_images, test_labels, tuple(train.classes))


def check(name: str, data_dir: Path, *, download: bool = False) -> None:
    """Raises the BenchError of `load` if a file of the data set is absent; whether they are intact only `load` sees.

    Args:
        name: one of CLASSES.
        data_dir: where its folder is.
        download: have torchvision fetch what is absent; its progress goes to stderr. BenchError where that fails.

    """
    source = _source(name)
    folder, sums = _expected(source, data_dir)
    if all((folder / file).is_file() for file in sums):
        return
    if not download:
        raise _unreadable(name, source, data_dir, FileNotFoundError())
    try:
        source(data_dir, train=True, download=True)
    except _DAMAGE as error:
        told = " ".join(str(error).split()) or repr(error)
        raise BenchError(
            f"cannot download {name} to {data_dir}: {told}; mend the connection, or put {', '.join(sums)} into {folder}"
        ) from error


def _source(name: str) -> Any:
    from torchvision import datasets  # noqa: PLC0415  # takes longer to import than mnist takes to load

    return getattr(datasets, CLASSES[name])


def _images(pixels: Any) -> Tensor:
    """Images as (N, C, H, W) from torchvision's (N, H, W) tensor or (N, H, W, C) array."""
    images = torch.as_tensor(pixels)
    return images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()


def _labels(part: Any) -> Tensor:
    """The labels of one part of a torchvision data set; ValueError where they do not fit its images or classes."""
    labels = torch.as_tensor(part.targets, dtype=torch.int64)
    if not 0 < len(labels) == len(part.data):
        raise ValueError(f"{len(part.data)} images with {len(labels)} labels")
    if not 0 <= int(labels.min()) <= int(labels.max()) < len(part.classes):
        raise ValueError(f"labels outside 0 to {len(part.classes) - 1}")
    return labels


def _unreadable(name: str, source: Any, data_dir: Path, error: Exception) -> BenchError:
    """The error for files that are absent or damaged: which, where, and how to get them."""
    folder, sums = _expected(source, data_dir)
    absent = [file for file in sums if not (folder / file).is_file()]
    wrong = [file for file, md5 in sums.items() if file not in absent and md5 and _md5(folder / file) != md5]
    if len(absent) == len(sums):
        cause = f"it is not in {folder}"
    elif absent:
        cause = f"{', '.join(absent)} not found in {folder}"
    elif wrong:
        cause = f"{', '.join(wrong)} in {folder} is damaged"
    else:
        cause = f"the files in {folder} are damaged ({str(error).splitlines()[0] if str(error) else repr(error)})"
    fetch = f"from torchvision.datasets import {source.__name__}; {source.__name__}({str(data_dir)!r}, download=True)"
    clear = "" if absent else f"remove {folder}, then "
    remedy = f'add --download to bench run, or do it by python -c "{fetch}"'
    return BenchError(f"cannot load {name}: {cause}; expected {', '.join(sums)}: {clear}{remedy}")


def _expected(source: Any, data_dir: Path) -> tuple[Path, dict[str, str | None]]:
    """The folder of a torchvision data set, and its files with their MD5 sums where torchvision knows them."""
    if hasattr(source, "base_folder"):  # CIFAR
        return data_dir / source.base_folder, {
            **dict(source.train_list + source.test_list),
            source.meta["filename"]: source.meta["md5"],
        }
    return data_dir / source.__name__ / "raw", {Path(file).stem: None for file, _ in source.resources}


def _md5(path: Path) -> str:
    from torchvision.datasets.utils import calculate_md5  # noqa: PLC0415  # see _source

    return str(calculate_md5(path))
