import pytest

from bench.data import about, check, describe, load, names
from bench.errors import BenchError


def test_every_name_is_described_with_the_same_facts():
    assert [entry["name"] for entry in describe()] == names()
    for entry in describe():
        assert set(entry) == {"name", "input_shape", "num_classes", "train", "test", "description"}


@pytest.mark.parametrize("name", ["mnist", "synthetic", "synthetic:3x32x32:100"])
def test_what_is_told_before_loading_is_what_is_loaded(name):
    dataset = load(name)
    told = about(name)
    assert dataset.name == told["name"]
    assert list(dataset.input_shape) == told["input_shape"]
    assert dataset.num_classes == told["num_classes"]
    assert (len(dataset.train_images), len(dataset.train_labels)) == (told["train"], told["train"])
    assert (len(dataset.test_images), len(dataset.test_labels)) == (told["test"], told["test"])


@pytest.mark.parametrize("call", [about, check, load])
def test_an_unknown_name_is_refused_with_the_nearest(call):
    with pytest.raises(BenchError, match="unknown data set 'fashion-mnist': did you mean 'fashion_mnist'"):
        call("fashion-mnist")


@pytest.mark.parametrize("call", [about, check, load])
def test_a_malformed_shape_is_refused(call):
    with pytest.raises(BenchError, match="malformed data set 'synthetic:28'"):
        call("synthetic:28")


def test_the_embedded_set_needs_no_folder(tmp_path):
    assert load("mnist", tmp_path).num_classes == 10


@pytest.mark.parametrize("name", ["mnist", "synthetic", "synthetic:3x32x32:100"])
def test_what_needs_no_folder_passes_the_check_before_loading(name, tmp_path):
    check(name, tmp_path)
