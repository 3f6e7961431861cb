"""Small data sets in the genuine formats, and torchvision and the catalogue told to expect them.

Only what is known of the published files changes: their sums, their numbers of images and the server. Every check stays
in force. Images show their class as a bright band, so that a network learns them at once.
"""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

TRAIN, TEST = 640, 100
IDX = {"fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
NAMES = (*IDX, "cifar10")
BRIGHTEST = {"fashion_mnist": 119, "kmnist": 66, "cifar10": 119}  # beside the band: a mean pixel as it is published
PARTS = {"train": TRAIN, "t10k": TEST}
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def arrays_of(name):
    """Images, (N, H, W) or (N, 3, H, W), and labels (N,) to train on and to test on, by the names of IDX files."""
    random = np.random.default_rng(NAMES.index(name))
    shape = (3, 32, 32) if name == "cifar10" else (28, 28)
    arrays = {}
    for part, count in PARTS.items():
        labels = np.arange(count) % 10
        images = random.integers(0, BRIGHTEST[name], (count, *shape)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[..., 2 * label : 2 * label + 2, :] = 255
        arrays[f"{part}-images-idx3-ubyte"], arrays[f"{part}-labels-idx1-ubyte"] = images, labels.astype(np.uint8)
    return arrays


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def cifar_contents(arrays):
    """The pickled dictionary of each file of CIFAR-10, the training images in five batches."""
    train, labels, test, test_labels = arrays.values()
    parts = dict(zip(BATCHES, zip(np.split(train, 5), np.split(labels, 5), strict=True), strict=True))
    meta = {"label_names": [f"class {label}" for label in range(10)], "num_cases_per_batch": len(train) // 5}
    return {"batches.meta": {**meta, "num_vis": 3072}} | {
        file: {
            "batch_label": file,
            "labels": own.tolist(),
            "data": images.reshape(-1, 3072),
            "filenames": ["a.png"] * len(own),
        }
        for file, (images, own) in {**parts, "test_batch": (test, test_labels)}.items()
    }


def files_of(name, arrays=None):
    """What the unpacked files hold, by their paths in the folder of data sets."""
    arrays = arrays_of(name) if arrays is None else arrays
    if name in IDX:
        return {f"{IDX[name]}/raw/{file}": idx_bytes(array) for file, array in arrays.items()}
    contents = cifar_contents(arrays)
    return {f"cifar-10-batches-py/{file}": pickle.dumps(held, protocol=2) for file, held in contents.items()}


def published_of(name):
    """What the compressed files hold, by the names under which they are served."""
    files = files_of(name)
    if name in IDX:
        return {f"{Path(path).name}.gz": gzip.compress(held, mtime=0) for path, held in files.items()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, held in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(held)
            archive.addfile(member, io.BytesIO(held))
    return {"cifar-10-python.tar.gz": gzip.compress(packed.getvalue(), mtime=0)}


def write(files, folder):
    """Write such files under `folder`; gives the folder in which the last of them lies."""
    for path, held in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(held)
    return (folder / path).parent


def expect(patch, name, published, *, address=None, files=None, sizes=(TRAIN, TEST)):
    """Have torchvision and the catalogue expect a small data set.

    Args:
        patch: a pytest.MonkeyPatch.
        name: of the data set.
        published: its compressed files by name.
        address: where they are served, with a slash at the end; as torchvision has it where None.
        files: its unpacked files, those of `files_of` unless they are others.
        sizes: numbers of images to train on and to test on.

    """
    from torchvision import datasets

    from bench.data.registry import ENTRIES

    patch.setitem(ENTRIES, name, replace(ENTRIES[name], train=sizes[0], test=sizes[1]))
    source = getattr(datasets, IDX.get(name, "CIFAR10"))
    sums = {file: md5(held) for file, held in published.items()}
    if name in IDX:
        patch.setattr(source, "resources", list(sums.items()))
        patch.setattr(source, "mirrors", [address] if address else source.mirrors)
        return
    own = {Path(path).name: md5(held) for path, held in (files or files_of(name)).items()}
    patch.setattr(source, "tgz_md5", sums[source.filename])
    patch.setattr(source, "url", f"{address}{source.filename}" if address else source.url)
    patch.setattr(source, "train_list", [[file, own[file]] for file in BATCHES])
    patch.setattr(source, "test_list", [["test_batch", own["test_batch"]]])
    patch.setattr(source, "meta", {**source.meta, "md5": own["batches.meta"]})


def md5(held):
    return hashlib.md5(held).hexdigest()


@contextmanager
def served(folder):
    """The address of a server of the files in a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
