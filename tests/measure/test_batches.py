import pytest

from bench.measure.batches import RESIDENT_IMAGES, load_for
from bench.plan.cell import Cell


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
