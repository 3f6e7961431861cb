"""Full: fill the first GPU, then have a library compute without room for its own handles: `python -m tests.cuda.full`.

Ends with 0 where it is known for want of memory, or where there was room all the same, which it says.
"""

import sys

import torch

from bench.devices import is_out_of_memory


def filled():
    """Nearly all memory of the GPU, taken a piece at a time."""
    held, size = [], 1 << 30
    while size >= 1 << 20:
        try:
            held.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
        except torch.OutOfMemoryError:
            size //= 4
    return held


def product(held):
    first = held[0][: 64 * 64 * 4].view(torch.float32).view(64, 64)
    return torch.mm(first, first)


def convolution(held):
    images = held[0][: 16 * 64 * 64 * 4].view(torch.float32).view(1, 16, 64, 64)
    weights = held[1][: 16 * 16 * 9 * 4].view(torch.float32).view(16, 16, 3, 3)
    return torch.conv2d(images, weights)


def main(work):
    held = filled()
    try:
        work(held)
        torch.cuda.synchronize()
    except RuntimeError as error:
        sys.stdout.write(f"{type(error).__name__}: {error}".splitlines()[0])
        return 0 if is_out_of_memory(error) else 1
    sys.stdout.write("it had room")
    return 0


if __name__ == "__main__":
    sys.exit(main({"product": product, "convolution": convolution}[sys.argv[1]]))
