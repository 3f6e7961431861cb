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


@pytest.mark.parametrize("work", ["product", "convolution"])
def test_a_library_without_room_is_known_for_want_of_memory(work, python_in, tmp_path, record_property):
    """In a process of its own, where no library has taken what it needs before."""
    done = python_in(tmp_path, "-m", "tests.cuda.full", work)
    record_property("figures", f"{work}: {done.stdout.strip()[:160]}")
    assert done.returncode == 0, done.stdout + done.stderr
