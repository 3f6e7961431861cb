"""Data of one's own, as a person runs on it: a folder of images, from the command to the page, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image

from bench import data
from tests.cli.conftest import TINY


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder in which PNGs of MNIST lie, one folder a class: 6,000 to train on, 1,000 to test on."""
    place = tmp_path_factory.mktemp("own")
    mnist = data.load("mnist", limit=6000)
    parts = {"train": (mnist.train_images, mnist.train_labels), "test": (mnist.test_images[:1000], mnist.test_labels)}
    for part, (images, labels) in parts.items():
        for at, (image, label) in enumerate(zip(images, labels, strict=False)):
            folder = place / "digits" / part / str(int(label))
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[0].numpy()).save(folder / f"{at:05}.png")
    return place / "digits"


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_from_a_folder_of_images_to_the_page(typed, tmp_path, digits):
    run = ("run", "--architectures", "lenet5", "--optimizers", "adam", "--batch-sizes", "32", "--threads", "1")
    short = ("--seeds", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--train-limit", "0", "--epochs", "1")
    done = typed(*run, *short, "--datasets", f"folder:{digits}", "--checkpoint", "--run", "own", "--concurrent")
    assert done.returncode == 0, done.stderr
    (line,) = (tmp_path / "results/own/results.jsonl").read_text().splitlines()
    result = json.loads(line)
    (accuracy,) = (found["value"] for found in result["measurements"] if found["metric"] == "accuracy")
    assert accuracy > 0.9
    assert result["cell"]["dataset"] == "digits"
    assert result["training"]["classes"] == list("0123456789")
    (origin,) = json.loads((tmp_path / "results/own/run.json").read_text())["origins"].values()
    assert origin["file"] == str(digits)
    page = (tmp_path / "reports/own.html").read_text()
    assert f"Data set folder:{digits}" in page
    assert origin["sha256"][:12] in page
    (weights,) = (tmp_path / "results/own/checkpoints").iterdir()
    again = typed("show", "checkpoint", weights)
    assert again.returncode == 0, again.stderr
    assert again.stdout.rstrip().endswith("now on 1,000 images: the same")
    changed = digits / "train" / "0" / "new.png"
    Image.new("L", (28, 28)).save(changed)
    refused = typed("run", "--resume", "own")
    changed.unlink()
    assert refused.returncode == 2
    assert f"{digits} has changed since run 'own' used it" in refused.stderr


def folder_without_test(place):
    (place / "own" / "train" / "a").mkdir(parents=True)
    Image.new("L", (4, 4)).save(place / "own" / "train" / "a" / "0.png")
    return "folder:own"


def file_with_nan(place):
    images = np.full((4, 8, 8), np.nan)
    np.savez(place / "own.npz", x_train=images, y_train=[0, 1, 0, 1], x_test=images, y_test=[0, 1, 0, 1])
    return "npz:own.npz"


def function_that_fails(place):
    (place / "own.py").write_text("def load():\n    raise ValueError('no luck')\n")
    return "own.py:load"


def three_images(place):
    images = np.zeros((3, 8, 8), np.uint8)
    np.savez(place / "own.npz", x_train=images, y_train=[0, 1, 2], x_test=images, y_test=[0, 1, 2])
    return "npz:own.npz"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (folder_without_test, "no test images"),
        (file_with_nan, "train images hold NaN or infinity (4 of them)"),
        (function_that_fails, "ValueError: no luck (own.py, line 2)"),
        (three_images, "a batch of 64 is more than the 3 training images of own: ask for 3 at most (--batch-sizes)"),
    ],
)
def test_what_cannot_be_measured_is_one_line_before_anything_is(typed, tmp_path, make, message):
    own = dict(zip(TINY[::2], TINY[1::2], strict=True)) | {"--datasets": make(tmp_path)}
    done = typed("run", "--architectures", "debug", *(word for pair in own.items() for word in pair))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()
