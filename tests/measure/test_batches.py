from dataclasses import replace
from math import inf

import pytest
import torch

from bench import data
from bench.devices import CpuDevice
from bench.measure.batches import BYTES_A_PIXEL, RESIDENT_IMAGES, Sources, kept_as_bytes, load_for
from bench.plan.cell import Cell
from bench.training.train import train


@pytest.mark.parametrize(
    ("cell", "whole", "images"),
    [
        (Cell("debug"), False, RESIDENT_IMAGES),
        (Cell("debug", batch_size=5000), False, 5000),
        (Cell("debug"), True, 60_000),
        (Cell("debug", normalization="standard"), False, 60_000),  # its statistics are of all training images
    ],
)
def test_no_more_is_loaded_than_is_needed(cell, whole, images):
    assert len(load_for(cell, "", whole=whole).train_images) == images


IMAGES = 200


@pytest.fixture(scope="module")
def some():
    """A part of MNIST; its first images stand for test images."""
    torch.set_num_threads(1)
    mnist = data.load("mnist", None, IMAGES)
    images, labels = mnist.train_images[:IMAGES], mnist.train_labels[:IMAGES]
    return replace(mnist, train_images=images, train_labels=labels, test_images=images[:50], test_labels=labels[:50])


def learnt(dataset, cell, room):
    """Some batches, and what two epochs give: losses and scores of the test images."""
    sources = Sources(dataset, CpuDevice(), room)
    work = sources.workload(cell, sources.train(cell), loading=True)
    batches = [work.next_batch() for _ in range(9)]
    work.stop_loading()
    work = sources.workload(cell, sources.train(cell))
    record, scores = train(work, sources.test(cell), 2, lambda _: None)
    return (
        work.images,
        batches,
        [entry[key] for entry in record["epochs"] for key in ("train_loss", "train_accuracy")],
        scores,
    )


@pytest.mark.parametrize("normalization", sorted(data.NORMALIZATIONS))
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"memory_format": "channels_last"},
        {"loader": "dataloader"},
        {"architecture": "mlp_bn", "average": "swa"},  # whose averaged weights batch norm has to see images for
    ],
    ids=str,
)
def test_bytes_that_a_fetch_normalizes_train_as_float32_to_the_bit(some, normalization, changes):
    fields = {"architecture": "lenet5", "optimizer": "adam", "batch_size": 32, "normalization": normalization}
    cell = Cell(**{**fields, **changes})
    floats, batches, numbers, scores = learnt(some, cell, inf)
    kept, others, same, again = learnt(some, cell, 0)
    assert (floats.dtype, kept.dtype) == (torch.float32, torch.uint8)
    for one, other in zip(batches, others, strict=True):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
        assert one[0].stride() == other[0].stride()
    assert same == numbers
    assert torch.equal(again, scores)


def test_bytes_are_kept_where_they_and_their_float32_do_not_fit(some):
    pixels = 28 * 28
    for limit, images in ((100, 100), (None, IMAGES + 50)):
        enough = BYTES_A_PIXEL * images * pixels
        assert not Sources(some, CpuDevice(), enough).keep_bytes(limit)
        assert Sources(some, CpuDevice(), enough - 1).keep_bytes(limit)
    floats = replace(some, train_images=some.train_images.float())
    assert not Sources(floats, CpuDevice(), 0).keep_bytes()


def test_numbers_of_kept_bytes_are_marked(some):
    for room, kinds in ((inf, []), (0, ["kept as bytes"])):
        part = Sources(some, CpuDevice(), room).train(Cell("debug"))
        assert [warning.kind for warning in kept_as_bytes("training", part.images)] == kinds
