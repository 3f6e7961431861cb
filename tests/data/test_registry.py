import numpy as np
import pytest

from bench.data import check, describe, facts_of, load, mnist, names
from bench.errors import BenchError
from tests.data import small


def test_every_name_is_described_with_the_same_facts():
    assert [entry["name"] for entry in describe()] == names()
    for entry in describe():
        assert set(entry) == {"name", "input_shape", "num_classes", "train", "test", "description"}


def check_what_is_told(name, data_dir=None):
    dataset = load(name, data_dir)
    facts = facts_of(name)
    assert dataset.name == facts["name"]
    assert list(dataset.input_shape) == facts["input_shape"]
    assert dataset.num_classes == facts["num_classes"]
    assert (len(dataset.train_images), len(dataset.train_labels)) == (facts["train"], facts["train"])
    assert (len(dataset.test_images), len(dataset.test_labels)) == (facts["test"], facts["test"])


@pytest.mark.parametrize("name", ["mnist", "synthetic", "synthetic:3x32x32:100"])
def test_what_is_told_before_loading_is_what_is_loaded(name):
    check_what_is_told(name)


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("fashion_mnist", 60_000, 10_000),
        ("kmnist", 60_000, 10_000),
        pytest.param("cifar10", 50_000, 10_000, marks=pytest.mark.slow),
    ],
)
def test_what_is_told_before_loading_is_what_is_loaded_of_files_of_the_published_sizes(
    name, train, test, tmp_path, monkeypatch
):
    few = small.arrays_of(name)
    arrays = {
        file: np.resize(held, (train if "train" in file else test, *held.shape[1:])) for file, held in few.items()
    }
    files = small.files_of(name, arrays)
    small.write(files, tmp_path)
    if name == "cifar10":
        small.expect(monkeypatch, name, small.published_of(name), files=files, sizes=(train, test))
    check_what_is_told(name, tmp_path)


@pytest.mark.parametrize("call", [facts_of, check, load])
def test_an_unknown_name_is_refused_with_the_nearest(call):
    with pytest.raises(BenchError, match="unknown data set 'fashion-mnist': did you mean 'fashion_mnist'"):
        call("fashion-mnist")


@pytest.mark.parametrize(("name", "remedy"), [("birds", "folder:birds"), ("digits.npz", "npz:digits.npz")])
def test_a_path_alone_is_refused_with_what_to_write(tmp_path, monkeypatch, name, remedy):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "birds").mkdir()
    with pytest.raises(BenchError, match=f"unknown data set '{name}': to read images from there write {remedy}"):
        check(name)


@pytest.mark.parametrize("call", [facts_of, check, load])
def test_a_malformed_shape_is_refused(call):
    with pytest.raises(BenchError, match="malformed data set 'synthetic:28'"):
        call("synthetic:28")


def test_the_embedded_set_needs_no_folder(tmp_path):
    assert load("mnist", tmp_path).num_classes == 10


@pytest.mark.parametrize("name", ["mnist", "synthetic", "synthetic:3x32x32:100"])
def test_what_needs_no_folder_passes_the_check_before_loading(name, tmp_path):
    check(name, tmp_path)


def test_a_fault_of_the_embedded_set_is_found_by_the_check_before_loading(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist.check, "__defaults__", (tmp_path,))
    monkeypatch.setattr(mnist.load, "__defaults__", (tmp_path, None))
    for call in (check, load):
        with pytest.raises(BenchError, match=r"train-images-idx3-ubyte.gz in .* is missing"):
            call("mnist")
