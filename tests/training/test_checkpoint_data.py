"""Checkpoints of nets that were trained on images of the user's: these are read again, and no code is run."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch

from bench import data
from bench.errors import BenchError
from bench.training.checkpoint import packed, unpacked
from bench.training.checkpoint_schema import digest_of
from tests.training.test_checkpoint import ENTRY


@pytest.fixture
def stored(workload, tmp_path, monkeypatch):
    """Gives the bytes of a checkpoint whose cell says that it was trained on a data set of this name and origins."""
    monkeypatch.chdir(tmp_path)
    data.named.facts_of.cache_clear()
    rng = np.random.default_rng(0)
    parts = {f"{part}_images": rng.integers(0, 256, (20, 28, 28), dtype=np.uint8) for part in ("train", "test")}
    labels = {f"{part}_labels": np.arange(20) % 10 for part in ("train", "test")}
    np.savez(tmp_path / "own.npz", **parts, **labels)
    (tmp_path / "evil.py").write_text("open('ran', 'w')\n")

    def write(name, *origins):
        work = workload("debug", images=64)
        work.cell = replace(work.cell, dataset=name, origins=origins)
        return packed(work, ENTRY)

    return write


def test_a_net_that_was_trained_on_a_file_of_ones_own_is_read_back(stored):
    restored = unpacked(stored("own", "dataset=npz:own.npz"), "x.pt")
    assert restored.cell.source("dataset") == "npz:own.npz"
    assert (restored.input_shape, restored.num_classes) == ((1, 28, 28), 10)


def test_other_images_than_the_net_was_built_for_are_told(stored, tmp_path):
    content = stored("own", "dataset=npz:own.npz")
    own = dict(np.load(tmp_path / "own.npz"))
    np.savez(tmp_path / "own.npz", **{name: held[:, :9] if "images" in name else held for name, held in own.items()})
    with pytest.raises(BenchError, match=r"input_shape is \[1, 28, 28\], and \[1, 9, 28\] in own"):
        unpacked(content, "x.pt")


def test_a_file_that_is_gone_is_told(stored, tmp_path):
    content = stored("own", "dataset=npz:own.npz")
    (tmp_path / "own.npz").unlink()
    with pytest.raises(BenchError, match=r"there is no file .*own.npz"):
        unpacked(content, "x.pt")


@pytest.mark.parametrize(
    ("name", "origins"),
    [
        ("own", ["dataset=evil.py:load"]),
        ("own", ["dataset=evil:load"]),
        ("own", ["architecture=evil.py:Net", "dataset=npz:own.npz"]),
        ("own", ["optimizer=npz:own.npz"]),
        ("evil.py:load", []),
        ("npz:own.npz", []),
        ("own", []),
        ("own", ["dataset"]),
    ],
)
def test_no_checkpoint_has_code_run_by_naming_it(stored, tmp_path, name, origins):
    held = torch.load(BytesIO(stored("own", "dataset=npz:own.npz")), weights_only=True)
    held["cell"] |= {"dataset": name, "origins": origins}
    content = BytesIO()
    torch.save({**held, "digest": digest_of(held)}, content)
    with pytest.raises(BenchError) as caught:
        unpacked(content.getvalue(), "x.pt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
