"""Rasters: pictures come back within half a level, and what is damaged is none."""

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.store.raster import LARGEST_SIDE, MOST_PICTURES, raster_of, signed_raster_of

PICTURES = arrays(np.float64, (2, 1, 3, 4), elements=st.floats(-1e6, 1e6))


def values(raster):
    return raster.low + raster.unpacked() / 255 * (raster.high - raster.low)


@given(PICTURES)
def test_values_come_back_within_half_a_level(pictures):
    raster = raster_of(pictures)
    level = (raster.high - raster.low) / 255
    assert np.abs(values(raster) - pictures).max() <= level / 2 + 1e-9 * abs(pictures).max()


@given(PICTURES)
def test_zero_is_the_middle_of_what_is_signed(pictures):
    raster = signed_raster_of(pictures)
    assert raster.low == -raster.high
    assert set(np.unique(raster.unpacked()[pictures == 0])) <= {127, 128}


def test_what_lies_outside_of_the_range_is_its_end():
    assert raster_of([[[[-1.0, 0.5, 2.0]]]], 0, 1).unpacked().tolist() == [[[[0, 128, 255]]]]


def test_equal_values_are_one_level():
    assert raster_of(np.full((1, 1, 2, 2), 3.0)).unpacked().tolist() == [[[[0, 0], [0, 0]]]]


def test_number_and_size_are_bounded():
    raster = raster_of(np.zeros((MOST_PICTURES + 9, 5, 200, 130)))
    assert (raster.count, raster.channels) == (MOST_PICTURES, 3)
    assert max(raster.height, raster.width) <= LARGEST_SIDE


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        raster_of([[[[0.0, np.nan]]]])


@pytest.mark.parametrize(
    "changes",
    [
        {"pixels": "no base64 !"},
        {"pixels": base64.b64encode(b"not deflated").decode()},
        {"pixels": base64.b64encode(zlib.compress(b"\0" * 10**6)).decode()},
        {"height": 4},
        {"channels": 2, "width": 1},
    ],
)
def test_what_is_damaged_is_no_picture(changes):
    raster = raster_of(np.zeros((1, 1, 2, 2)))
    assert raster.unpacked().shape == (1, 1, 2, 2)
    assert replace(raster, **changes).unpacked() is None
