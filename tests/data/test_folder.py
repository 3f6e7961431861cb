import gzip
import hashlib
import pickle
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10, FashionMNIST

from bench.data import check, load
from bench.errors import BenchError

IDX_CLASSES = {"fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
RANDOM = np.random.default_rng(0)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture(params=IDX_CLASSES)
def idx_folder(request, tmp_path):
    """A data set name, its folder, and the arrays of ten training and six test images written there."""
    raw = tmp_path / IDX_CLASSES[request.param] / "raw"
    raw.mkdir(parents=True)
    arrays = {}
    for part, count in (("train", 10), ("t10k", 6)):
        arrays[f"{part}-images-idx3-ubyte"] = RANDOM.integers(0, 256, (count, 28, 28))
        arrays[f"{part}-labels-idx1-ubyte"] = np.arange(count) % 10
    for name, array in arrays.items():
        write_idx(raw / name, array)
    return request.param, raw, arrays


@pytest.fixture
def cifar_folder(tmp_path, monkeypatch):
    """The folder of a small CIFAR-10 in the genuine format: five training batches of four images, one for testing.

    torchvision knows the MD5 sums of the published files, so the sums of the small ones take their place; the check
    itself stays in force.
    """
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    labels = [f"class {label}" for label in range(10)]
    contents = {"batches.meta": {"label_names": labels, "num_cases_per_batch": 4, "num_vis": 3072}}
    for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
        pixels = RANDOM.integers(0, 256, (4, 3072)).astype(np.uint8)
        contents[name] = {"data": pixels, "labels": [0, 3, 6, 9], "batch_label": name, "filenames": ["a.png"] * 4}
    sums = {}
    for name, content in contents.items():
        written = pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(written)
        sums[name] = hashlib.md5(written).hexdigest()
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", sums[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    return folder, contents


def message_of(name, data_dir, call=load):
    with pytest.raises(BenchError) as error:
        call(name, data_dir)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_idx_files_are_read(idx_folder):
    name, raw, arrays = idx_folder
    dataset = load(name, raw.parent.parent)
    assert dataset.name == name
    assert dataset.input_shape == (1, 28, 28)
    assert dataset.num_classes == 10
    assert np.array_equal(arrays["train-images-idx3-ubyte"], dataset.train_images.squeeze(1))
    assert np.array_equal(arrays["t10k-images-idx3-ubyte"], dataset.test_images.squeeze(1))
    assert np.array_equal(arrays["train-labels-idx1-ubyte"], dataset.train_labels)
    assert np.array_equal(arrays["t10k-labels-idx1-ubyte"], dataset.test_labels)
    assert (dataset.train_images.dtype, dataset.train_labels.dtype) == (torch.uint8, torch.int64)


def test_absent_idx_files_are_named_with_the_command_that_fetches_them(idx_folder):
    name, raw, _ = idx_folder
    (raw / "t10k-labels-idx1-ubyte").unlink()
    message = message_of(name, raw.parent.parent)
    assert f"t10k-labels-idx1-ubyte not found in {raw}" in message
    assert (
        f"expected {', '.join(sorted(path.name for path in raw.iterdir()))[:5]}" not in message
    )  # torchvision's order
    assert "expected train-images-idx3-ubyte, train-labels-idx1-ubyte" in message
    cls = IDX_CLASSES[name]
    assert f"from torchvision.datasets import {cls}; {cls}('{raw.parent.parent}', download=True)" in message


def spoil_by_cutting(raw):
    path = raw / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])


def spoil_by_emptying(raw):
    (raw / "train-labels-idx1-ubyte").write_bytes(b"")


def spoil_by_html(raw):
    (raw / "t10k-images-idx3-ubyte").write_bytes(b"<html>moved permanently</html>")


def spoil_by_fewer_labels(raw):
    write_idx(raw / "t10k-labels-idx1-ubyte", np.arange(3))


def spoil_by_a_label_without_class(raw):
    write_idx(raw / "t10k-labels-idx1-ubyte", np.full(6, 10))


@pytest.mark.parametrize(
    "spoil",
    [spoil_by_cutting, spoil_by_emptying, spoil_by_html, spoil_by_fewer_labels, spoil_by_a_label_without_class],
)
def test_damaged_idx_files_get_one_line(idx_folder, spoil):
    name, raw, _ = idx_folder
    spoil(raw)
    message = message_of(name, raw.parent.parent)
    assert f"the files in {raw} are damaged" in message
    assert f"remove {raw}, then add --download to bench run, or do it by python -c" in message


def test_cifar_batches_are_read_with_channels_first(cifar_folder):
    folder, contents = cifar_folder
    dataset = load("cifar10", folder.parent)
    assert dataset.input_shape == (3, 32, 32)
    assert dataset.classes == tuple(contents["batches.meta"]["label_names"])
    expected = np.concatenate([contents[f"data_batch_{number}"]["data"] for number in range(1, 6)])
    assert np.array_equal(expected.reshape(20, 3, 32, 32), dataset.train_images)
    assert np.array_equal(contents["test_batch"]["data"].reshape(4, 3, 32, 32), dataset.test_images)
    assert dataset.train_images.is_contiguous()
    assert dataset.train_labels.tolist() == [0, 3, 6, 9] * 5
    assert dataset.test_labels.tolist() == [0, 3, 6, 9]


def test_an_absent_cifar_batch_is_named(cifar_folder):
    folder, _ = cifar_folder
    (folder / "data_batch_3").unlink()
    message = message_of("cifar10", folder.parent)
    assert f"data_batch_3 not found in {folder}; expected data_batch_1, data_batch_2" in message


@pytest.mark.parametrize("file", ["data_batch_2", "test_batch", "batches.meta"])
def test_a_damaged_cifar_file_is_named_and_never_unpickled(cifar_folder, file):
    folder, _ = cifar_folder
    (folder / file).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    message = message_of("cifar10", folder.parent)
    assert f"{file} in {folder} is damaged" in message


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist", "cifar10"])
def test_an_empty_folder_gets_one_line(tmp_path, name):
    message = message_of(name, tmp_path)
    assert f"cannot load {name}: it is not in {tmp_path}" in message
    assert "expected " in message
    assert "download=True" in message


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist", "cifar10"])
def test_absent_files_are_told_the_same_way_before_loading(tmp_path, name):
    assert message_of(name, tmp_path, check) == message_of(name, tmp_path, load)


def test_files_that_are_there_pass_the_check_before_loading(idx_folder):
    name, raw, _ = idx_folder
    check(name, raw.parent.parent)
    (raw / "train-labels-idx1-ubyte").unlink()
    assert message_of(name, raw.parent.parent, check) == message_of(name, raw.parent.parent, load)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A server of a small Fashion-MNIST as it is published, which torchvision takes for the real one."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    files = tmp_path / "published"
    files.mkdir()
    resources = []
    for name, _ in FashionMNIST.resources:
        count = 10 if name.startswith("train") else 6
        array = RANDOM.integers(0, 256, (count, 28, 28)) if "images" in name else np.arange(count)
        write_idx(files / "plain", array)
        (files / name).write_bytes(gzip.compress((files / "plain").read_bytes()))
        resources.append((name, hashlib.md5((files / name).read_bytes()).hexdigest()))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=files)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(FashionMNIST, "resources", resources)
        yield files
        server.shutdown()


def test_what_is_absent_is_fetched_where_that_is_wanted(mirror, tmp_path):
    folder = tmp_path / "kept"
    with pytest.raises(BenchError, match="add --download to bench run"):
        check("fashion_mnist", folder)
    check("fashion_mnist", folder, download=True)
    dataset = load("fashion_mnist", folder)
    assert (len(dataset.train_images), len(dataset.test_images)) == (10, 6)
    for path in mirror.iterdir():
        path.unlink()
    check("fashion_mnist", folder, download=True)  # what is there is not asked for again


def test_a_download_that_fails_gets_one_line(mirror, tmp_path):
    (mirror / "t10k-labels-idx1-ubyte.gz").write_bytes(b"<html>not found</html>")
    message = message_of("fashion_mnist", tmp_path / "kept", partial(check, download=True))
    assert f"cannot download fashion_mnist to {tmp_path / 'kept'}: Error downloading t10k-labels" in message
    assert "File not found or corrupted" in message
    assert "mend the connection" in message
