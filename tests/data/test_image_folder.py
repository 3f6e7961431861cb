"""Folders of images: what is read of real small files, and each way in which a folder is none."""

import os
import re
import socket

import numpy as np
import pytest
import torch
from PIL import Image

from bench import data
from bench.errors import BenchError
from bench.plan.content import digest_of
from bench.plan.image_files import image_files
from bench.plan.origin import labels_of, parse


def picture(path, mode="L", size=(8, 6), seed=0, **options):
    """Write a small image; size is width, height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = len(Image.new(mode, (1, 1)).getbands())
    shape = (size[1], size[0], bands) if bands > 1 else (size[1], size[0])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels, mode).save(path, **options) if mode == "CMYK" else Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of two classes, three training images and one test image each."""
    monkeypatch.chdir(tmp_path)
    for label, name in enumerate(("cat", "dog")):
        for at in range(3):
            picture(tmp_path / "pets" / "train" / name / f"{at}.png", seed=10 * label + at)
        picture(tmp_path / "pets" / "test" / name / "0.png", seed=10 * label + 7)
    return tmp_path / "pets"


def read(text="folder:pets"):
    data.named.facts_of.cache_clear()
    data.check(text)
    return data.load(text), data.facts_of(text)


def refused(text="folder:pets"):
    data.named.facts_of.cache_clear()
    with pytest.raises(BenchError) as caught:
        data.check(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_image_is_there_with_its_label(folder):
    dataset, facts = read()
    assert dataset.classes == ("cat", "dog")
    assert (dataset.train_images.dtype, dataset.train_images.shape) == (torch.uint8, (6, 1, 6, 8))
    for images, labels, part in (
        (dataset.train_images, dataset.train_labels, "train"),
        (dataset.test_images, dataset.test_labels, "test"),
    ):
        held = sorted((int(label), image.numpy().tobytes()) for image, label in zip(images, labels, strict=True))
        files = image_files(folder)
        assert held == sorted((label, np.asarray(Image.open(path)).tobytes()) for path, label in getattr(files, part))
    assert facts["input_shape"] == [1, 6, 8]
    assert (facts["train"], facts["test"], facts["num_classes"], facts["name"]) == (6, 2, 2, "pets")
    assert facts["origin"]["file"] == str(folder)
    assert facts["origin"]["sha256"] == digest_of(folder)
    assert "as divided there" in facts["description"]


@pytest.mark.parametrize("name", ["val", "valid", "Test"])
def test_test_images_have_several_names(folder, name):
    (folder / "test").rename(folder / name)
    assert len(read()[0].test_images) == 2


def test_of_classes_alone_every_sixth_image_is_held_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        for at in range(13):
            picture(tmp_path / "set" / name / f"{at:02}.png", seed=at)
    dataset, facts = read("folder:set")
    assert [path.name for path, _ in image_files(tmp_path / "set").test] == ["05.png", "11.png"] * 2
    assert (len(dataset.train_images), len(dataset.test_images)) == (22, 4)
    assert "every sixth image of each class" in facts["description"]
    assert "every sixth image of each class" in facts["origin"]["description"]


def test_the_validation_images_have_all_classes_though_files_come_sorted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part, count in (("train", 24), ("test", 1)):
        for name in "abc":
            for at in range(count):
                picture(tmp_path / "set" / part / name / f"{at:02}.png", size=(2, 2))
    held_out = read("folder:set")[0].held_out()
    assert held_out.test_labels.bincount(minlength=3).tolist() == [2, 2, 2]
    assert held_out.train_labels.bincount(minlength=3).tolist() == [22, 22, 22]


def test_reading_is_the_same_each_time_and_a_part_of_it_is_its_beginning(folder):
    whole, again, part = data.load("folder:pets"), data.load("folder:pets"), data.load("folder:pets", limit=4)
    assert torch.equal(whole.train_images, again.train_images)
    assert torch.equal(whole.train_images[:4], part.train_images)
    assert torch.equal(whole.train_labels[:4], part.train_labels)


MODES = {  # what a pixel of a mode becomes, in a folder where all are like it
    "1": (Image.new("1", (4, 4), 1), [255]),
    "L": (Image.new("L", (4, 4), 7), [7]),
    "LA": (Image.new("LA", (4, 4), (7, 0)), [7]),
    "RGB": (Image.new("RGB", (4, 4), (1, 2, 3)), [1, 2, 3]),
    "RGBA": (Image.new("RGBA", (4, 4), (1, 2, 3, 0)), [1, 2, 3]),
    "P": (Image.new("RGB", (4, 4), (255, 0, 0)).quantize(), [255, 0, 0]),
    "I;16": (Image.fromarray(np.full((4, 4), 0x1234, np.uint16)), [0x12]),
    "CMYK": (Image.new("CMYK", (4, 4), (0, 255, 255, 0)), [255, 0, 0]),
}


@pytest.mark.parametrize("mode", MODES)
def test_the_rule_for_each_kind_of_image(folder, mode):
    image, pixel = MODES[mode]
    assert image.mode == mode
    for path in folder.rglob("*.png"):
        path.unlink()
        image.save(path.with_suffix(".tif" if mode == "CMYK" else ".png"))
    dataset, _ = read()
    assert dataset.train_images[0, :, 0, 0].tolist() == pixel


def test_one_coloured_image_makes_all_of_them_rgb(folder):
    grey = picture(folder / "train" / "cat" / "0.png", "L")
    picture(folder / "train" / "dog" / "0.png", "RGB")
    dataset, _ = read()
    assert dataset.input_shape == (3, 6, 8)
    assert any(torch.equal(image, torch.from_numpy(grey).expand(3, -1, -1)) for image in dataset.train_images)


def test_what_is_no_image_is_passed_over_and_endings_may_be_in_capitals(folder):
    (folder / "train" / "cat" / "0.png").rename(folder / "train" / "cat" / "0.PNG")
    for name in (".DS_Store", "._0.png", ".hidden.png", "notes.txt", "Thumbs.db"):
        (folder / "train" / "cat" / name).write_bytes(b"no image")
    (folder / "train" / ".git").mkdir()
    (folder / "__MACOSX").mkdir()
    before = digest_of(folder)
    assert len(read()[0].train_images) == 6
    (folder / "train" / "cat" / ".DS_Store").unlink()
    assert digest_of(folder) == before


def test_links_are_followed_and_circles_are_not(folder, tmp_path):
    picture(tmp_path / "elsewhere" / "x.png", seed=50)
    (folder / "train" / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "train" / "dog" / "one.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (folder / "train" / "dog" / "circle").symlink_to(folder / "train")
    (folder / "train" / "cat" / "self").symlink_to(folder / "train" / "cat")
    names = [path.name for path, label in image_files(folder).train if label == 0]
    assert names == ["0.png", "1.png", "2.png", "x.png"]
    assert data.load("folder:pets").input_shape == (1, 6, 8)


def test_a_link_that_nobody_may_follow_is_told(folder):
    (folder / "train" / "dog" / "lost").symlink_to("x" * 300)
    assert re.search(r"cannot read .*/dog/lost: File name too long; remove it", refused())


def test_a_name_that_no_file_can_have(folder):
    message = refused("folder:pe\0ts")
    assert "embedded null " in message  # a byte, or from Python 3.13 on a character
    assert message.endswith("check its name")
    assert "\0" not in message


def test_images_are_brought_to_a_shape(folder):
    picture(folder / "train" / "cat" / "0.png", "RGB", (20, 30))
    dataset, facts = read("folder:pets:3x5x4")
    assert dataset.input_shape == (3, 5, 4)
    assert facts["name"] == "pets:3x5x4"
    assert "resized" in facts["description"]
    assert read("folder:pets:1x28x28")[0].input_shape == (1, 28, 28)


def test_an_average_colour_survives_resizing(folder):
    for path in folder.rglob("*.png"):
        Image.new("RGB", (40, 30), (200, 100, 50)).save(path)
    assert read("folder:pets:3x8x8")[0].train_images[0, :, 4, 4].tolist() == [200, 100, 50]


def _broken(folder):
    (folder / "train" / "cat" / "1.png").write_bytes(b"not an image")


def _truncated(folder):
    for path in folder.rglob("*.png"):
        picture(path, size=(60, 60))
    path = folder / "train" / "cat" / "1.png"
    path.write_bytes(path.read_bytes()[:2000])


def _truncated_everywhere(folder):
    for path in folder.rglob("*.png"):
        picture(path, size=(60, 60))
        path.write_bytes(path.read_bytes()[:2000])


def _empty(folder):
    (folder / "train" / "dog" / "2.png").write_bytes(b"")


def _dangling(folder):
    (folder / "train" / "cat" / "9.png").symlink_to("nowhere.png")


def _pipe(folder):
    os.mkfifo(folder / "train" / "cat" / "9.png")


def _socket(folder):
    os.chdir(folder / "train" / "cat")  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("9.png")
    os.chdir(folder.parent)


def _no_test(folder):
    (folder / "test").rename(folder / "later")


def _no_train(folder):
    (folder / "train").rename(folder / "later")


def _no_images(folder):
    for path in (folder / "train").rglob("*.png"):
        path.rename(path.with_suffix(".npy"))


def _no_classes(folder):
    for path in [*(folder / "train").rglob("*.png")]:
        path.rename(folder / "train" / f"{path.parent.name}{path.name}")
    for name in ("cat", "dog"):
        (folder / "train" / name).rmdir()


def _no_images_of_one_class(folder):
    (folder / "test" / "dog" / "0.png").unlink()


def _one_class(folder):
    for part in ("train", "test"):
        (folder / part / "dog").rename(folder.parent / part)


def _other_classes(folder):
    (folder / "test" / "dog").rename(folder / "test" / "Dog")


def _fewer_classes(folder):
    (folder / "train" / "dog").rename(folder / "dog")


def _floats(folder):
    path = folder / "train" / "cat" / "9.tif"
    Image.fromarray(np.zeros((6, 8), np.float32)).save(path)


REFUSED = [  # what is done to a good folder, and what the one line says
    (_broken, r"'folder:pets': cannot read .*train/cat/1.png: cannot identify it as an image; mend or remove it"),
    (_truncated, r"cannot read .*train/cat/1.png: .*truncated; mend or remove it"),
    (_truncated_everywhere, r"cannot read .*train/cat/0.png \(and 5 images more\): "),
    (_empty, r"cannot read .*train/dog/2.png: cannot identify"),
    (_dangling, r"cannot read .*train/cat/9.png: .*No such file"),
    (_pipe, r"cannot read .*train/cat/9.png: it is no regular file"),
    (_socket, r"cannot read .*train/cat/9.png: it is no regular file"),
    (_no_test, r"no test images: .*pets has a folder 'train' .*test or val or valid"),
    (_no_train, r"has a folder 'test' and none to train on: put one folder a class"),
    (_no_images, r"no images in .*train: put one folder a class .* an image ends in .jpg"),
    (_no_classes, r"no images in .*train: there is no folder of a class; put one folder a class"),
    (_no_images_of_one_class, r"no images in .*test/dog: add some, or remove that folder"),
    (_one_class, r"pets has one class, 'cat', and nothing to tell it from"),
    (_other_classes, r"classes differ between train and test: .*test has no dog; give both"),
    (_fewer_classes, r"classes differ between train and test: .*train has no dog; give both"),
    (_floats, r"cannot read .*9.tif: its pixels are floats"),
]


@pytest.mark.parametrize(("spoil", "message"), REFUSED, ids=[spoil.__name__[1:] for spoil, _ in REFUSED])
def test_what_is_no_data_set_is_refused_in_one_line(folder, spoil, message):
    read()
    spoil(folder)
    assert re.search(message, refused())


def test_sizes_that_differ_are_told_with_two_files_and_the_remedy(folder):
    picture(folder / "train" / "dog" / "1.png", "RGB", (9, 6))
    assert refused() == (
        f"'folder:pets': images differ in size (height x width): {folder}/train/cat/0.png is 6x8 and "
        f"{folder}/train/dog/1.png is 6x9: bring all to one, such as folder:PATH:3x64x64"
    )
    assert read("folder:pets:3x64x64")[0].input_shape == (3, 64, 64)


def test_too_few_images_to_hold_any_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for at in range(3):
        picture(tmp_path / "set" / "ab"[at % 2] / f"{at}.png")
    assert "no test images: no class of" in refused("folder:set")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("folder:nowhere", "there is no folder"),
        (f"folder:{'x' * 10_000}", "cannot read .*: File name too long"),
        (f"npz:{'x' * 10_000}", "cannot read .*: .*File name too long"),
        ("x" * 10_000, "unknown data set"),
        ("folder:pets:64x64", "there is no folder .*pets:64x64: check the path"),
        ("folder:pets/train/cat/0.png", "0.png is a file: name the folder"),
        ("folder:pets:2x64x64", "'folder:pets:2x64x64': images are brought to 1 channel .grey. or 3 .RGB., not 2"),
        ("folder:pets:3x20000x20000", "its 8 images of 3x20000x20000 take 9.60 GB of memory, and 2.00 GB is the most"),
    ],
)
def test_a_path_or_shape_that_cannot_be(folder, text, message):
    assert re.search(message, refused(text))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(folder):
    (folder / "train" / "cat").chmod(0)
    assert "Permission denied" in refused()


def test_a_change_of_any_image_changes_the_digest_and_nothing_else_does(folder):
    before = digest_of(folder)
    (folder / "notes.txt").write_text("x")
    assert digest_of(folder) == before
    path = folder / "test" / "dog" / "0.png"
    held = path.read_bytes()
    path.write_bytes(held + b"\0")
    assert digest_of(folder) != before
    path.write_bytes(held)
    path.rename(path.with_name("1.png"))
    assert digest_of(folder) != before


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("folder:pets", "pets"),
        ("folder:./pets/", "pets"),
        ("folder:a/birds.v2", "birds.v2"),
        ("folder:pets:3x64x64", "pets:3x64x64"),
        ("npz:data/digits.npz", "digits"),
        ("npz:digits.v2.npz", "digits.v2"),
    ],
)
def test_labels(text, label):

    assert parse(text).label == label


def test_the_working_directory_has_a_label_too(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert read("folder:.")[1]["name"] == "pets"
    monkeypatch.chdir(folder / "train")
    assert read("folder:..")[1]["name"] == "pets"


def test_two_sets_of_one_name_have_their_folders_before_it():

    assert labels_of(["folder:a/birds", "folder:b/birds", "npz:x/mnist.npz"], taken=["mnist"]) == {
        "folder:a/birds": "a.birds",
        "folder:b/birds": "b.birds",
        "npz:x/mnist.npz": "x.mnist",
    }
