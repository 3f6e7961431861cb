"""Sketches: how far two of them lie apart is how far what they are of lies apart, whatever its layout."""

import math

import pytest
import torch

from bench.compare.trace_difference import distance
from bench.measure.sketch import digest, sketch


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [0.1, 1e-3, 1e-7])
def test_the_distance_of_sketches_is_that_of_their_tensors(size):
    estimates = []
    for seed in range(20):
        tensor = drawn(64, 3, 8, 8, seed=seed).double()
        change = size * drawn(64, 3, 8, 8, seed=100 + seed).double()
        estimates.append(distance(sketch([tensor]), sketch([tensor + change])) / size)
    assert 0.9 < sum(estimates) / 20 < 1.1
    assert 0.6 < min(estimates) < max(estimates) < 1.4


def test_the_layout_of_memory_plays_no_part():
    images = drawn(4, 3, 8, 8)
    last = images.contiguous(memory_format=torch.channels_last)
    assert sketch([images]) == sketch([last])
    assert digest([images]) == digest([last])


@pytest.mark.parametrize("other", [drawn(4, 6).T, drawn(4, 6).flip(0), -drawn(6, 4), torch.full((6, 4), math.nan)])
def test_equal_norms_do_not_make_equal_sketches(other):
    assert distance(sketch([drawn(6, 4)]), sketch([other])) > 0.1


def test_one_bit_is_another_digest_and_another_size_is_infinitely_far():
    tensor = drawn(10)
    changed = tensor.clone()
    changed[3] = torch.nextafter(changed[3], torch.tensor(9.0))
    assert digest([tensor]) != digest([changed])
    assert digest([tensor]) != digest([tensor.double()])
    assert distance(sketch([tensor]), sketch([tensor[1:]])) == math.inf
    assert distance(sketch([None]), sketch([])) == 0.0
