import gzip
import os
import pickle
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import check, load, mnist
from bench.errors import BenchError
from tests.data import small

IDX_FILES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"
CIFAR_FILES = ", ".join([*small.BATCHES, "test_batch", "batches.meta"])
EXPECTED = dict.fromkeys(small.IDX, IDX_FILES) | {"cifar10": CIFAR_FILES}


@pytest.fixture(params=small.IDX)
def idx_folder(request, tmp_path, monkeypatch):
    """A data set name, its folder, and the arrays that were written there."""
    name = request.param
    small.expect(monkeypatch, name, small.published_of(name))
    return name, small.write(small.files_of(name), tmp_path), small.arrays_of(name)


@pytest.fixture
def cifar_folder(tmp_path, monkeypatch):
    small.expect(monkeypatch, "cifar10", small.published_of("cifar10"))
    return small.write(small.files_of("cifar10"), tmp_path), small.arrays_of("cifar10")


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


@pytest.mark.parametrize("file", IDX_FILES.split(", "))
def test_an_absent_idx_file_is_named_with_all_that_are_expected(idx_folder, file):
    name, raw, _ = idx_folder
    (raw / file).unlink()
    message = message_of(name, raw.parent.parent)
    assert message.startswith(f"cannot load {name}: {file} not found in {raw}; expected {IDX_FILES}: add --download ")


def cut(raw):
    path = raw / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])


def empty(raw):
    (raw / "train-labels-idx1-ubyte").write_bytes(b"")


def put_html(raw):
    (raw / "t10k-images-idx3-ubyte").write_bytes(b"<html>moved permanently</html>")


def make_unreadable(raw):
    (raw / "t10k-images-idx3-ubyte").unlink()
    (raw / "t10k-images-idx3-ubyte").symlink_to("/proc/self/mem")  # opens, and fails to be read


NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="has no file that fails to be read")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "train-images-idx3-ubyte holds 501660 values where its header says 501760"),
        (empty, "train-labels-idx1-ubyte is not an IDX file of unsigned bytes"),
        (put_html, "t10k-images-idx3-ubyte is not an IDX file of unsigned bytes"),
        pytest.param(make_unreadable, "t10k-images-idx3-ubyte cannot be read (Input/output error)", marks=NEEDS_PROC),
    ],
)
def test_a_damaged_idx_file_is_named_with_what_is_wrong(idx_folder, spoil, words):
    name, raw, _ = idx_folder
    spoil(raw)
    message = message_of(name, raw.parent.parent)
    assert message.startswith(f"cannot load {name}: in {raw} {words}; expected {IDX_FILES}: ")
    assert f"remove {raw.parent}, then add --download to bench run, or do it by python -c" in message


def of_20_by_20(arrays):
    return {file: held[:, :20, :20] if held.ndim == 3 else held for file, held in arrays.items()}


def fewer(arrays):
    return {file: held[:-10] if file.startswith("train") else held for file, held in arrays.items()}


def fewer_labels(arrays):
    return {**arrays, "t10k-labels-idx1-ubyte": np.arange(30) % 10}


def a_label_without_class(arrays):
    return {**arrays, "t10k-labels-idx1-ubyte": np.arange(1, 101) % 11}


def one_label_changed(arrays):
    return {**arrays, "train-labels-idx1-ubyte": np.r_[1, arrays["train-labels-idx1-ubyte"][1:]]}


def one_class(arrays):
    return {**arrays, "train-labels-idx1-ubyte": np.zeros(640)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_20_by_20, "training images are 1x20x20, not 1x28x28"),
        (fewer, "630 training images with 630 labels, not 640"),
        (fewer_labels, "100 test images with 30 labels, not 100"),
        (a_label_without_class, "test labels outside 0 to 9"),
        (one_label_changed, "classes of 63 to 65 training images, not all the same"),
        (one_class, "classes of 0 to 640 training images, not all the same"),
    ],
)
def test_idx_files_that_were_not_published_are_refused(idx_folder, change, words):
    name, raw, arrays = idx_folder
    small.write(small.files_of(name, change(arrays)), raw.parent.parent)
    assert f"the files in {raw} are not the published ones ({words})" in message_of(name, raw.parent.parent)


def test_idx_files_of_too_few_dimensions_are_refused(idx_folder):
    name, raw, arrays = idx_folder
    small.write(small.files_of(name, {**arrays, "train-images-idx3-ubyte": np.zeros(640)}), raw.parent.parent)
    assert f"the files in {raw} are damaged" in message_of(name, raw.parent.parent)


def test_numbers_of_another_type_are_refused(idx_folder):
    name, raw, _ = idx_folder
    path = raw / "train-images-idx3-ubyte"
    held = bytearray(path.read_bytes())
    held[2] = 9  # signed bytes
    path.write_bytes(held)
    assert "train-images-idx3-ubyte is not an IDX file of unsigned bytes" in message_of(name, raw.parent.parent)


@pytest.mark.parametrize(
    ("name", "other", "words"),
    [
        ("fashion_mnist", "kmnist", "a mean pixel of 0.19, not 0.29"),
        ("kmnist", "fashion_mnist", "a mean pixel of 0.29, not 0.19"),
    ],
)
def test_one_set_in_the_place_of_another_is_refused_without_any_sum(tmp_path, monkeypatch, name, other, words):
    small.expect(monkeypatch, name, small.published_of(name))
    small.write(small.files_of(name, small.arrays_of(other)), tmp_path)
    assert f"{words}, as if of another data set" in message_of(name, tmp_path)


@pytest.mark.parametrize("name", small.IDX)
def test_the_files_of_mnist_are_refused_in_the_place_of_its_kin(tmp_path, name):
    unpacked = {path.stem: gzip.decompress(path.read_bytes()) for path in mnist.FOLDER.glob("*.gz")}
    small.write(unpacked, tmp_path / small.IDX[name] / "raw")
    assert "not the published ones (classes of 5421 to 6742 training images, not all" in message_of(name, tmp_path)


@pytest.fixture
def kept(idx_folder):
    """The folder of a data set beside whose files the compressed ones were kept, as a download leaves them."""
    name, raw, _ = idx_folder
    small.write(small.published_of(name), raw)
    return name, raw


def test_compressed_files_beside_the_others_are_compared_with_them(kept):
    name, raw = kept
    check(name, raw.parent.parent)
    path = raw / "t10k-images-idx3-ubyte"
    held = bytearray(path.read_bytes())
    held[1000] ^= 1
    path.write_bytes(held)
    message = message_of(name, raw.parent.parent)
    assert "not the published ones (t10k-images-idx3-ubyte differs from the content of t10k-images-idx3-ubyte.gz)" in (
        message
    )


def test_a_compressed_file_that_was_not_published_is_refused(kept):
    name, raw = kept
    path = raw / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    message = message_of(name, raw.parent.parent)
    assert "not the published ones (train-labels-idx1-ubyte.gz is not the published file)" in message


def test_cifar_batches_are_read_with_channels_first(cifar_folder):
    folder, arrays = cifar_folder
    dataset = load("cifar10", folder.parent)
    assert dataset.input_shape == (3, 32, 32)
    assert dataset.classes == tuple(f"class {label}" for label in range(10))
    assert np.array_equal(arrays["train-images-idx3-ubyte"], dataset.train_images)
    assert np.array_equal(arrays["t10k-images-idx3-ubyte"], dataset.test_images)
    assert dataset.train_images.is_contiguous()
    assert np.array_equal(arrays["train-labels-idx1-ubyte"], dataset.train_labels)
    assert np.array_equal(arrays["t10k-labels-idx1-ubyte"], dataset.test_labels)


def test_an_absent_cifar_batch_is_named(cifar_folder):
    folder, _ = cifar_folder
    (folder / "data_batch_3").unlink()
    message = message_of("cifar10", folder.parent)
    assert f"data_batch_3 not found in {folder}; expected {CIFAR_FILES}: add --download " in message


@pytest.mark.parametrize("file", ["data_batch_2", "test_batch", "batches.meta"])
def test_a_damaged_cifar_file_is_named_and_never_unpickled(cifar_folder, file):
    folder, _ = cifar_folder
    (folder / file).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    message = message_of("cifar10", folder.parent)
    assert f"in {folder} {file} is damaged; expected {CIFAR_FILES}: remove {folder}, then " in message


@NEEDS_PROC
def test_a_cifar_file_that_cannot_be_read_is_named_with_why(cifar_folder):
    folder, _ = cifar_folder
    (folder / "data_batch_2").unlink()
    (folder / "data_batch_2").symlink_to("/proc/self/mem")
    (folder / "data_batch_5").write_bytes(b"")
    message = message_of("cifar10", folder.parent)
    assert f"in {folder} data_batch_2 cannot be read (Input/output error), data_batch_5 is damaged; " in message


def test_cifar_batches_of_other_sizes_are_refused_though_their_sums_are_right(tmp_path, monkeypatch):
    files = small.files_of("cifar10")
    path = "cifar-10-batches-py/test_batch"
    batch = pickle.loads(files[path])
    files[path] = pickle.dumps({**batch, "data": batch["data"][:90], "labels": batch["labels"][:90]})
    small.expect(monkeypatch, "cifar10", small.published_of("cifar10"), files=files)
    small.write(files, tmp_path)
    assert "not the published ones (90 test images with 90 labels, not 100)" in message_of("cifar10", tmp_path)


@pytest.mark.parametrize("name", small.NAMES)
def test_an_empty_folder_gets_one_line(tmp_path, name):
    message = message_of(name, tmp_path)
    assert f"cannot load {name}: it is not in {tmp_path}" in message
    assert f"; expected {EXPECTED[name]}: add --download to bench run, or do it by python -c " in message


@pytest.mark.parametrize("data_dir", ["x" * 300, "a\0b"])
@pytest.mark.parametrize("name", small.NAMES)
def test_a_folder_that_cannot_be_gets_one_line(name, data_dir):
    shown = data_dir.replace("\0", r"\x00")
    assert f"cannot load {name}: it is not in {shown}/" in message_of(name, Path(data_dir))


@pytest.mark.parametrize("name", small.NAMES)
def test_a_fault_is_told_the_same_way_before_loading(tmp_path, monkeypatch, name):
    small.expect(monkeypatch, name, small.published_of(name))
    assert message_of(name, tmp_path, check) == message_of(name, tmp_path, load)
    folder = small.write(small.files_of(name), tmp_path)
    check(name, tmp_path)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
        assert message_of(name, tmp_path, check) == message_of(name, tmp_path, load)
        path.unlink()
        assert message_of(name, tmp_path, check) == message_of(name, tmp_path, load)


@pytest.mark.parametrize("place", ["data", "two words", "it's", 'a "quoted" one', "$HOME", "back\\slash", "`ü`"])
def test_the_command_that_fetches_is_one_that_a_shell_runs(tmp_path, place):
    message = message_of("kmnist", tmp_path / place)
    command = message.partition("do it by ")[2]
    python, flag, code = shlex.split(command)
    assert (python, flag) == ("python", "-c")
    compile(code, "the command", "exec")
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "datasets.py").write_text("def KMNIST(place, download): print(place, download)")
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True, env=environment)
    assert done.stdout.decode() == f"{tmp_path / place} True\n"


def test_a_tilde_is_home(idx_folder, monkeypatch):
    name, raw, _ = idx_folder
    monkeypatch.setenv("HOME", str(raw.parent.parent.parent))
    place = Path("~") / raw.parent.parent.name
    check(name, place)
    assert load(name, place).name == name
    (raw / "train-labels-idx1-ubyte").unlink()
    message = message_of(name, place)
    assert f"not found in {raw};" in message
    assert "~" not in message


def test_the_home_of_nobody_is_a_folder_like_any_other():
    assert "it is not in ~nobody-here/data/KMNIST/raw" in message_of("kmnist", Path("~nobody-here/data"))


@pytest.fixture(params=small.NAMES)
def mirror(request, tmp_path, monkeypatch):
    """A data set name, and the folder of a server of its small files, which torchvision takes for the real one."""
    published = small.published_of(request.param)
    folder = small.write(published, tmp_path / "published")
    with small.served(folder) as address:
        small.expect(monkeypatch, request.param, published, address=address)
        yield request.param, folder


def test_what_is_absent_is_fetched_where_that_is_wanted(mirror, tmp_path):
    name, published = mirror
    folder = tmp_path / "kept"
    with pytest.raises(BenchError, match="add --download to bench run"):
        check(name, folder)
    check(name, folder, download=True)
    dataset = load(name, folder)
    assert (len(dataset.train_images), len(dataset.test_images)) == (small.TRAIN, small.TEST)
    for path in published.iterdir():
        path.unlink()
    check(name, folder, download=True)  # what is there is not asked for again


def test_a_download_that_fails_gets_one_line(mirror, tmp_path):
    name, published = mirror
    next(published.iterdir()).write_bytes(b"<html>not found</html>")
    message = message_of(name, tmp_path / "kept", partial(check, download=True))
    assert f"cannot download {name} to {tmp_path / 'kept'}: " in message
    assert "File not found or corrupted" in message
    assert "check the connection, or put " in message


def test_packed_idx_files_are_read_as_they_are(idx_folder):
    name, raw, arrays = idx_folder
    for file in IDX_FILES.split(", "):
        (raw / f"{file}.gz").write_bytes(gzip.compress((raw / file).read_bytes(), mtime=0))
        (raw / file).unlink()
    dataset = load(name, raw.parent.parent)
    assert np.array_equal(arrays["train-images-idx3-ubyte"], dataset.train_images.squeeze(1))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_under_the_names_of_other_programs_or_in_another_folder_are_told(idx_folder, ending):
    name, raw, _ = idx_folder
    first, *others = IDX_FILES.split(", ")
    for file in (first, *others):
        (raw / file).rename(raw.parent.parent / f"{file.replace('-idx', '.idx')}{ending}")
    message = message_of(name, raw.parent.parent)
    lies, wanted = raw.parent.parent / f"train-images.idx3-ubyte{ending}", raw / f"{first}{ending}"
    assert message.startswith(f"cannot load {name}: {lies} has to be {wanted}: mkdir -p {raw} && mv {lies} {wanted}")


def test_a_file_that_is_packed_under_its_own_name_is_read(idx_folder):
    name, raw, arrays = idx_folder
    for file in IDX_FILES.split(", "):
        (raw / file).write_bytes(gzip.compress((raw / file).read_bytes(), mtime=0))
    assert np.array_equal(arrays["train-images-idx3-ubyte"], load(name, raw.parent.parent).train_images.squeeze(1))


def test_an_archive_that_was_not_unpacked_is_told_with_the_command(tmp_path, monkeypatch):
    small.expect(monkeypatch, "cifar10", small.published_of("cifar10"))
    folder = small.write(small.files_of("cifar10"), tmp_path)
    subprocess.run(["tar", "czf", "cifar-10-python.tar.gz", folder.name], cwd=tmp_path, check=True)
    shutil.rmtree(folder)
    message = message_of("cifar10", tmp_path)
    assert "cifar-10-python.tar.gz is not unpacked: tar xzf" in message
    subprocess.run(["sh", "-c", message.rpartition(": ")[2]], check=True)
    assert load("cifar10", tmp_path).name == "cifar10"
