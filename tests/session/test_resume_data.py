"""Resuming a run whose images lie in files of the user's: only where they are what they were."""

import numpy as np
import pytest
from PIL import Image

from bench.errors import BenchError
from bench.plan.content import check_data, digest_of


@pytest.fixture
def origins(tmp_path):
    """What run.json says of a folder, of a file, and of code, which is none of data's business."""
    for part in ("train", "test"):
        for name in "ab":
            folder = tmp_path / "set" / part / name
            folder.mkdir(parents=True)
            Image.new("L", (2, 2), 3).save(folder / "0.png")
    np.savez(tmp_path / "own.npz", a=np.zeros(3))
    return {
        "dataset=folder:set": {
            "text": "folder:set:1x8x8",
            "file": str(tmp_path / "set"),
            "sha256": digest_of(tmp_path / "set"),
        },
        "dataset=npz:own.npz": {
            "text": "npz:own.npz",
            "file": str(tmp_path / "own.npz"),
            "sha256": digest_of(tmp_path / "own.npz"),
        },
        "dataset=my.py:load": {"text": "my.py:load", "file": "nowhere.py", "sha256": "0"},
    }


def test_what_is_as_it_was_may_go_on(origins, tmp_path):
    (tmp_path / "set" / "notes.txt").write_text("of no interest")
    check_data("last", origins)


def test_a_changed_image_is_told(origins, tmp_path):
    Image.new("L", (2, 2), 4).save(tmp_path / "set" / "test" / "b" / "0.png")
    with pytest.raises(BenchError, match=r"set has changed since run 'last' used it: start a new run, or put it back"):
        check_data("last", origins)


def test_a_changed_file_is_told(origins, tmp_path):
    np.savez(tmp_path / "own.npz", a=np.ones(3))
    with pytest.raises(BenchError, match=r"own.npz has changed since run 'last' used it"):
        check_data("last", origins)


@pytest.mark.parametrize("name", ["own.npz", "set"])
def test_what_is_gone_is_told(origins, tmp_path, name):
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(BenchError, match=rf"{name}: .*\(run 'last' used it\)"):
        check_data("last", origins)
