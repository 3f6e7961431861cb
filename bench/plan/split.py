"""Split: how many training images are held out, as validation images."""


def held_out_of(images: int) -> int:
    """The last twelfth of so many training images, one at the least; of MNIST's 60,000 it is 5,000."""
    return max(1, images // 12)
