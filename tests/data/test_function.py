"""Functions that give data sets: each form they may give, and each way in which it is none."""

import re
from itertools import count
from textwrap import dedent

import numpy as np
import pytest
import torch

from bench import data
from bench.errors import BenchError

HEAD = """
    import numpy as np
    import torch
    from PIL import Image

    images = np.arange(10 * 6 * 5, dtype=np.uint8).reshape(10, 6, 5)
    labels = np.arange(10) % 2
    arrays = {"train_images": images, "train_labels": labels, "test_images": images[:4], "test_labels": labels[:4]}

    class Items(torch.utils.data.Dataset):
        def __init__(self, count, make=lambda at: torch.from_numpy(images[at]).unsqueeze(0)):
            self.count, self.make = count, make

        def __len__(self):
            return self.count

        def __getitem__(self, at):
            return self.make(at), int(labels[at])
    """


NUMBERS = count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes my_data.py, whose function `load` has this body; gives the text that names it."""
    monkeypatch.chdir(tmp_path)

    def write(body, parameters="", arguments=""):
        name = f"my_data_{next(NUMBERS)}.py"  # a process reads a file once
        (tmp_path / name).write_text(dedent(HEAD) + f"\n\ndef load({parameters}):\n    {body}\n")
        return f"{name}:load{arguments}"

    return write


FORMS = [
    "return arrays",
    "return images, labels, images[:4], labels[:4]",
    "return [torch.from_numpy(images), torch.from_numpy(labels), torch.from_numpy(images[:4]), labels[:4]]",
    "return (images, labels), (images[:4], labels[:4])",
    "return {'x_train': images, 'y_train': labels, 'x_test': images[:4], 'y_test': labels[:4]}",
    "return Items(10), Items(4)",
    "make = lambda at: Image.fromarray(images[at]); return Items(10, make), Items(4, make)",
    (
        "from bench.data import Dataset; i = torch.from_numpy(images)[:, None]; l = torch.from_numpy(labels); "
        "return Dataset('x', i, l, i[:4], l[:4], ('0', '1'))"
    ),
    (
        "return tuple(torch.utils.data.TensorDataset(torch.from_numpy(images[:n, None]), torch.from_numpy(labels[:n])) "
        "for n in (10, 4))"
    ),
]


@pytest.mark.parametrize("body", FORMS, ids=range(len(FORMS)))
def test_a_function_may_give_any_usual_form(module, body):
    text = module(body)
    data.check(text)
    dataset = data.load(text)
    images = np.arange(10 * 6 * 5, dtype=np.uint8).reshape(10, 1, 6, 5)
    assert torch.equal(dataset.test_images, torch.from_numpy(images[:4]))
    assert dataset.test_labels.tolist() == [0, 1, 0, 1]
    assert sorted(image.numpy().tobytes() for image in dataset.train_images) == sorted(map(bytes, images))
    assert dataset.classes == ("0", "1")


def test_it_is_called_with_the_folder_of_data_sets_if_it_asks_for_it(module, tmp_path):
    for parameters in ("data_dir", "root", "where", "classes=2, *, data_dir=None"):
        name = re.split(r"[,=]", parameters.rpartition(" ")[2])[0]
        text = module(f"assert str({name}) == {str(tmp_path / 'own')!r}; return arrays", parameters)
        assert data.load(text, tmp_path / "own").num_classes == 2


def test_arguments_are_the_users(module):
    text = module("return images[:, :side], labels, images[:4, :side], labels[:4]", "side", "(side=3)")
    assert data.load(text).input_shape == (1, 3, 5)
    assert data.facts_of(text)["name"] == "load(side=3)"


def test_classes_of_torchs_data_sets_have_their_names(module):
    text = module("a, b = Items(10), Items(4); a.classes = ['no', 'yes']; return a, b")
    assert data.load(text).classes == ("no", "yes")


def test_colours_lie_first_whatever_the_item(module):
    body = "make = lambda at: {}; return Items(10, make), Items(4, make)"
    for item in (
        "Image.new('RGB', (5, 6), (1, 2, 3))",
        "np.broadcast_to(np.array([1, 2, 3], np.uint8), (6, 5, 3))",
        "torch.tensor([1, 2, 3], dtype=torch.uint8).view(3, 1, 1).expand(3, 6, 5)",
    ):
        assert data.load(module(body.format(item))).train_images[3, :, 2, 2].tolist() == [1, 2, 3]


def test_the_facts_tell_the_code(module, tmp_path):
    facts = data.facts_of(module("'Digits of my own.'; return arrays"))["origin"]
    assert facts["file"].endswith(".py")
    assert len(facts["sha256"]) == 64


REFUSED = [  # what the function does, and what the one line says
    ("return None", r"it gives NoneType: return a bench.data.Dataset, \(train images, train labels"),
    ("return images, labels", r"it gives tuple of 2 \(ndarray, ndarray\): return"),
    ("return images, labels, images", r"it gives tuple of 3 \(ndarray, ndarray, ndarray\): return"),
    ("return {'images': images}", r"no train images: add an array train_images or x_train \(there are images\)"),
    ("return Items(10)", r"no test images: it gives one data set \(Items\); return"),
    ("return Items(10), Items(0)", r"there are no test images"),
    ("return torch.utils.data.DataLoader(Items(10))", r"it gives DataLoader: return"),
    ("raise ValueError('no\\nluck')", r"cannot be called: ValueError: no luck \(my_data_[0-9]+.py, line 22\)"),
    ("return Items(11), Items(4)", r"cannot be read: IndexError: .* \(my_data_[0-9]+.py, line 11\)"),
    (
        "make = lambda at: torch.zeros(1, 4 + at % 2, 5); return Items(10, make), Items(4)",
        r"train images are not alike: item 0 is 1x4x5 float32 and item 1 is 1x5x5 float32",
    ),
    ("make = lambda at: 'x'; return Items(10, make), Items(4)", r"train images have 1 dimensions"),
    ("return [images] * 10, [images] * 4", r"train item 0 is ndarray: give \(image, label\)"),
    ("return Items(10, lambda at: torch.full((1, 6, 5), torch.inf)), Items(4)", r"train images hold NaN or infinity"),
    ("return images, ['a', 1] * 5, images, labels", r"test labels numbers"),
    ("return images, [None] * 10, images, labels", r"train labels are Python objects"),
    ("return torch.from_numpy(images).to_sparse(), labels, images, labels", r"cannot be read: TypeError"),
    ("return images, labels, [images[0], images[0][:2]], [0, 1]", r"test images are of unequal shapes"),
    ("return np.zeros((2001, 1, 2, 2)), np.arange(2001), np.zeros((1, 1, 2, 2)), [1]", r"there are 2,001 classes"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[body[:40] for body, _ in REFUSED])
def test_what_is_no_data_set_is_refused_in_one_line(module, body, message):
    text = module(body)
    with pytest.raises(BenchError) as caught:
        data.check(text)
    assert re.search(f"^'{text}':? .*{message}", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nowhere.py:load", "cannot read .*nowhere.py"),
        ("FILE:lod", "has no 'lod': did you mean 'load'"),
        ("FILE:arrays", "arrays' is dict: name a class or a function"),
        ("FILE:load(1, 2)", "cannot be called with .*TypeError"),
        ("no_such_module_of_mine:load", "there is no module 'no_such_module_of_mine'"),
    ],
)
def test_a_name_that_is_none(module, text, message):
    file = module("return arrays").partition(":")[0]
    with pytest.raises(BenchError, match=message):
        data.check(text.replace("FILE", file))
