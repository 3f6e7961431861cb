"""Memory on a GPU: what is said where there is none left, whoever asked for it."""

import pytest
import torch

from bench.devices import is_out_of_memory
from tests.cuda.needed import GPU

pytestmark = GPU


def test_the_allocator_s_own_error_is_known(gpu):
    with pytest.raises(torch.OutOfMemoryError) as raised:
        torch.empty(1 << 44, dtype=torch.uint8, device=gpu.torch_device)
    assert is_out_of_memory(raised.value)


@pytest.fixture
def full(gpu):
    """Nearly all memory of the GPU, taken a piece at a time; the driver has none for the libraries' own handles."""
    torch.cuda.empty_cache()
    held, size = [], 1 << 30
    while size >= 1 << 20:
        try:
            held.append(torch.empty(size, dtype=torch.uint8, device=gpu.torch_device))
        except torch.OutOfMemoryError:
            size //= 4
    yield held
    held.clear()
    torch.cuda.empty_cache()


def product(held):
    first = held[0][: 64 * 64 * 4].view(torch.float32).view(64, 64)
    return torch.mm(first, first)


def convolution(held):
    images = held[0][: 16 * 64 * 64 * 4].view(torch.float32).view(1, 16, 64, 64)
    weights = held[1][: 16 * 16 * 9 * 4].view(torch.float32).view(16, 16, 3, 3)
    return torch.conv2d(images, weights)


@pytest.mark.parametrize("work", [product, convolution])
def test_a_library_without_room_is_known_for_want_of_memory(full, work, record_property):
    raised = None
    try:
        work(full)
        torch.cuda.synchronize()
    except RuntimeError as error:
        raised = error
    if raised is None:
        pytest.skip(f"{work.__name__}: it had room")
    record_property("figures", f"{work.__name__}: {type(raised).__name__}: {raised}"[:120])
    assert is_out_of_memory(raised)
