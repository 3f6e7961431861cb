"""Files of arrays: the forms in which images and labels come, and each way in which a file holds no data set."""

import hashlib
import pickle
import re

import numpy as np
import pytest
import torch

from bench import data
from bench.errors import BenchError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 6, 5), dtype=np.uint8)
LABELS = np.arange(12) % 3


def arrays(**others):
    held = {"train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES[:4], "test_labels": LABELS[:4]}
    return {name: value for name, value in {**held, **others}.items() if value is not None}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes arrays and gives the text that names them."""
    monkeypatch.chdir(tmp_path)
    data.named.facts_of.cache_clear()

    def write(**others):
        np.savez(tmp_path / "own.npz", **arrays(**others))
        return "npz:own.npz"

    return write


def read(text):
    data.check(text)
    return data.load(text)


def refused(text="npz:own.npz"):
    with pytest.raises(BenchError) as caught:
        data.check(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def pairs(images, labels):
    return sorted((int(label), image.numpy().tobytes()) for image, label in zip(images, labels, strict=True))


def test_the_training_images_are_all_there_in_an_order_of_their_own(written):
    dataset = read(written())
    assert pairs(dataset.train_images, dataset.train_labels) == sorted(
        (int(label), image.tobytes()) for image, label in zip(IMAGES, LABELS, strict=True)
    )
    assert torch.equal(dataset.test_images[:, 0], torch.from_numpy(IMAGES[:4]))
    assert dataset.test_labels.tolist() == LABELS[:4].tolist()
    assert dataset.classes == ("0", "1", "2")


def test_the_names_of_keras_are_known(written):
    names = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:4], "y_test": LABELS[:4]}
    none = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels"))
    assert read(written(**none, **names)).input_shape == (1, 6, 5)


@pytest.mark.parametrize(
    ("shape", "input_shape"),
    [
        ((12, 6, 5), (1, 6, 5)),
        ((12, 1, 6, 5), (1, 6, 5)),
        ((12, 6, 5, 1), (1, 6, 5)),
        ((12, 3, 8, 9), (3, 8, 9)),
        ((12, 8, 9, 3), (3, 8, 9)),
        ((12, 8, 9, 4), (4, 8, 9)),
        ((12, 4, 8, 9), (4, 8, 9)),
        ((12, 3, 8, 3), (3, 8, 3)),
    ],
)
def test_where_the_channels_are(written, shape, input_shape):
    images = RNG.integers(0, 256, shape, dtype=np.uint8)
    dataset = read(written(train_images=images, test_images=images[:4]))
    assert dataset.input_shape == input_shape
    if shape[-1] in (1, 3, 4) and len(shape) == 4 and shape[1] > 4:
        assert torch.equal(dataset.test_images[0, -1], torch.from_numpy(images[0, ..., -1]))


@pytest.mark.parametrize(
    ("given_type", "dtype", "factor"),
    [(bool, torch.uint8, 255), (np.int64, torch.uint8, 1), (np.float64, torch.float32, 1), (">f4", torch.float32, 1)],
)
def test_types_of_pixels(written, given_type, dtype, factor):
    images = (IMAGES > 127).astype(given_type)
    dataset = read(written(train_images=images, test_images=images[:4]))
    assert dataset.train_images.dtype == dtype
    assert torch.equal(dataset.test_images[:, 0], torch.from_numpy((IMAGES[:4] > 127) * factor).to(dtype))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (LABELS[:, None], ("0", "1", "2")),
        (LABELS + 1, ("1", "2", "3")),
        (np.array([7, 10**9, 20])[LABELS], ("7", "20", "1000000000")),
        (np.array(["cat", "dog", "ant"])[LABELS], ("ant", "cat", "dog")),
        (LABELS.astype(np.uint8), ("0", "1", "2")),
        (LABELS > 0, ("0", "1")),
    ],
)
def test_labels_are_numbered_and_named(written, labels, classes):
    dataset = read(written(train_labels=labels, test_labels=labels[:4]))
    assert dataset.classes == classes
    flat = np.asarray(labels).reshape(-1)[:4]
    assert [dataset.classes[label] for label in dataset.test_labels] == [
        str(int(value)) if flat.dtype == bool else str(value) for value in flat
    ]


def test_names_of_classes_may_be_told(written):
    assert read(written(classes=np.array(["a", "b", "c", "d"]))).classes == ("a", "b", "c", "d")


def test_labels_in_order_keep_all_classes_on_both_sides_of_the_held_out_images(written):
    labels = np.repeat(np.arange(4), 36)
    images = np.zeros((144, 6, 5), np.uint8)
    held_out = read(written(train_images=images, train_labels=labels)).held_out()
    assert held_out.test_labels.bincount().tolist() == [3, 3, 3, 3]
    assert held_out.train_labels.bincount().tolist() == [33, 33, 33, 33]


def test_a_class_of_one_image_is_never_held_out(written):
    labels = np.array([0] * 60 + [1] + [2] * 60)
    images = np.zeros((121, 6, 5), np.uint8)
    assert 1 in read(written(train_images=images, train_labels=labels)).held_out().train_labels


NAN = IMAGES.astype(np.float32)
NAN[3, 0, 0] = np.nan

REFUSED = [  # what is stored otherwise, and what the one line says
    (
        {"test_images": None},
        r"no test images: add an array test_images or x_test \(there are test_labels, ",
    ),
    ({"train_labels": None}, r"no train labels: add an array train_labels or y_train"),
    ({"train_images": NAN}, r"train images hold NaN or infinity \(1 of them\)"),
    ({"train_images": IMAGES.astype(np.float64) * 1e300}, r"train images hold NaN or infinity \(12 of them\)"),
    ({"train_images": IMAGES.astype(int) * 9}, r"train images are int64 from \d+ to \d+: bring them to uint8"),
    ({"train_images": IMAGES.astype(str)}, r"train images are <U\d+: give uint8 or floats"),
    ({"train_images": IMAGES.astype(complex)}, r"train images are complex128: give uint8 or floats"),
    ({"train_images": IMAGES.reshape(12, 30)}, r"train images have 2 dimensions \(12x30\): give \(N, H, W\)"),
    ({"train_images": IMAGES[:0]}, r"there are no train images \(0x6x5\)"),
    ({"test_images": IMAGES[:0], "test_labels": LABELS[:0]}, r"there are no test images \(0x6x5\)"),
    ({"train_images": IMAGES[None].repeat(12, 0).reshape(12, 12, 6, 5)}, r"images of 12x6x5 have no side of 1 to 4"),
    ({"test_images": IMAGES[:4, :4]}, r"train images are 1x6x5 and test images 1x4x5"),
    ({"test_images": IMAGES[:4, None]}, r"test images are 4x1x6x5, and not of the dimensions"),
    ({"test_images": IMAGES[:4] / 255}, r"train images are uint8 and test images float32"),
    ({"train_labels": LABELS[:11]}, r"12 train images have 11 labels"),
    ({"train_labels": LABELS - 1}, r"train labels go from -1 to 1: number them from 0"),
    ({"train_labels": LABELS / 1}, r"train labels are float64: give texts, or whole numbers"),
    ({"train_labels": np.eye(3)[LABELS]}, r"train labels are 12x3 and not \(N,\) or \(N, 1\): of one-hot rows"),
    ({"train_labels": np.zeros(12, int)}, r"all train labels are 0: give two classes"),
    ({"test_labels": LABELS[:4] + 7}, r"test labels that no train image has: 7, 8 and 9"),
    ({"test_labels": LABELS[:4].astype(str)}, r"train labels are numbers and test labels texts"),
    ({"classes": np.array(["a", "b"])}, r"a label is 2, and there are 2 classes"),
    (
        {"train_images": np.array([None] * 12)},
        r"cannot read .*: it holds Python objects, which are not unpickled",
    ),
]


@pytest.mark.parametrize(("others", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_is_no_data_set_is_refused_in_one_line(written, others, message):
    with np.errstate(over="ignore", invalid="ignore"):
        text = written(**others)
    assert re.search(f"^'npz:own.npz': .*{message}", refused(text))


class Evil:
    """Writes a file where it is unpickled."""

    def __reduce__(self):
        return (open, ("unpickled", "w"))


def _pickled(path):
    np.savez(path, **arrays(train_labels=np.array([Evil()] * 12)))


def _plain_pickle(path):
    path.write_bytes(pickle.dumps(Evil()))


def _cut_short(path):
    path.write_bytes(path.read_bytes()[:-200])


def _cut_long(path):
    path.write_bytes(path.read_bytes()[:100])


def _flipped(path):
    held = bytearray(path.read_bytes())
    held[200] ^= 255
    path.write_bytes(held)


def _flipped_head(path):
    held = bytearray(path.read_bytes())
    at = held.index(b"NUMPY")
    held[at : at + 5] = b"numpi"
    path.write_bytes(held)


def _one_array(path):
    np.save(path.with_suffix(".npy"), IMAGES)
    path.with_suffix(".npy").rename(path)


def _gone(path):
    path.unlink()


def _folder(path):
    path.unlink()
    path.mkdir()


DAMAGED = [
    (_pickled, "it holds Python objects, which are not unpickled"),
    (_plain_pickle, "is no .npz file, or is cut short"),
    (_cut_short, "is no .npz file, or is cut short"),
    (_cut_long, "is no .npz file, or is cut short"),
    (_flipped, "cannot read .*own.npz: Bad CRC-32"),
    (_flipped_head, "cannot read .*own.npz: "),
    (_one_array, "is no .npz file, or is cut short"),
    (_gone, "there is no file .*own.npz: check the path"),
    (_folder, "own.npz is a folder: name a file"),
]


@pytest.mark.parametrize(("spoil", "message"), DAMAGED, ids=[spoil.__name__[1:] for spoil, _ in DAMAGED])
def test_a_damaged_file_is_refused_in_one_line_and_nothing_is_unpickled(written, tmp_path, spoil, message):
    written()
    spoil(tmp_path / "own.npz")
    assert re.search(message, refused())
    assert not (tmp_path / "unpickled").exists()


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(written, monkeypatch):
    text = written()
    monkeypatch.setattr(data.npz, "LARGEST", 1000)
    assert re.search(r"its arrays take .* of memory, and 1.00 kB is the most", refused(text))


def test_the_facts_tell_the_file_and_its_content(written, tmp_path):

    facts = data.facts_of(written())
    path = tmp_path / "own.npz"
    assert facts["origin"]["file"] == str(path)
    assert facts["origin"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts["name"], facts["train"], facts["test"]) == ("own", 12, 4)
