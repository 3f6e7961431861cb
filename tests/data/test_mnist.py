import gzip
import shutil

import pytest
import torch

from bench.data import mnist
from bench.errors import BenchError


@pytest.fixture(scope="module")
def loaded():
    return mnist.load()


def test_it_is_whole(loaded):
    assert loaded.train_images.shape == (60_000, 1, 28, 28)
    assert loaded.test_images.shape == (10_000, 1, 28, 28)
    assert loaded.train_labels.shape == (60_000,)
    assert loaded.test_labels.shape == (10_000,)
    assert loaded.input_shape == (1, 28, 28)
    assert loaded.num_classes == 10


def test_images_are_bytes_and_labels_are_class_numbers(loaded):
    assert loaded.train_images.dtype == loaded.test_images.dtype == torch.uint8
    assert loaded.train_labels.dtype == loaded.test_labels.dtype == torch.int64


def test_a_limit_gives_the_first_images_of_the_whole(loaded):
    part = mnist.load(limit=100)
    assert torch.equal(part.train_images, loaded.train_images[:100])
    assert torch.equal(part.train_labels, loaded.train_labels[:100])
    assert torch.equal(part.test_images, loaded.test_images[:100])


def test_the_digits_are_the_published_ones(loaded):
    assert loaded.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert loaded.test_labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def copy_without(tmp_path, name):
    """A copy of the embedded folder in which the file `name` is left for the test to spoil."""
    for path in mnist.FOLDER.glob("*.gz"):
        if path.name != name:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path / name


FAULTS_TOLD_BY = pytest.mark.parametrize("call", [mnist.load, mnist.check])


@FAULTS_TOLD_BY
@pytest.mark.parametrize("name", [f"{stem}.gz" for stem in mnist.SHA256])
def test_a_missing_file_is_named_with_its_folder_and_the_remedy(tmp_path, call, name):
    copy_without(tmp_path, name)
    with pytest.raises(BenchError) as error:
        call(tmp_path)
    message = str(error.value)
    assert "\n" not in message
    assert f"{name} in {tmp_path} is missing" in message
    assert f"expected {name.removesuffix('.gz')} with sha256" in message
    assert "git checkout -- bench/data/mnist" in message


@FAULTS_TOLD_BY
def test_a_truncated_file_is_refused(tmp_path, call):
    name = "t10k-images-idx3-ubyte.gz"
    path = copy_without(tmp_path, name)
    path.write_bytes((mnist.FOLDER / name).read_bytes()[:100_000])
    with pytest.raises(BenchError, match=f"{name} in .* is truncated"):
        call(tmp_path)


@FAULTS_TOLD_BY
def test_another_file_under_its_name_is_refused(tmp_path, call):
    path = copy_without(tmp_path, "t10k-labels-idx1-ubyte.gz")
    shutil.copy(mnist.FOLDER / "train-labels-idx1-ubyte.gz", path)
    with pytest.raises(BenchError, match="is not the original"):
        call(tmp_path)


def test_the_files_as_they_are_embedded_need_no_unpacking_to_be_checked(monkeypatch):
    monkeypatch.setattr(mnist, "load", pytest.fail)
    mnist.check()


def test_the_same_content_compressed_otherwise_passes_the_check(tmp_path):
    name = "t10k-labels-idx1-ubyte.gz"
    path = copy_without(tmp_path, name)
    path.write_bytes(gzip.compress(gzip.decompress((mnist.FOLDER / name).read_bytes()), 1))
    assert path.read_bytes() != (mnist.FOLDER / name).read_bytes()
    mnist.check(tmp_path)


def test_what_is_held_out_is_the_last_twelfth_of_the_training_images_and_no_test_image(loaded):
    whole = loaded
    parts = whole.held_out()
    assert (len(parts.train_images), len(parts.test_images)) == (55_000, 5_000)
    assert torch.equal(torch.cat([parts.train_images, parts.test_images]), whole.train_images)
    assert torch.equal(torch.cat([parts.train_labels, parts.test_labels]), whole.train_labels)
    assert parts.test_labels.bincount(minlength=10).min() > 400  # every digit is there
